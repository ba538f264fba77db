"""Bounded queues of what peers sent, taken in turn (NET-5).

several peers: one message of each in turn, each peer's own in order
a full queue, by messages and by bytes: the message is dropped and counted, others' are not
a peer whose queue was emptied: nothing is kept of it
"""

from sequencer.node.inbox import QUEUE_BYTES, QUEUE_MESSAGES, Inbox
from sequencer.types import Address

A, B = Address(b"a" * 20), Address(b"b" * 20)


def drain(inbox: Inbox) -> list[tuple[Address, bytes]]:
    found = []
    while (one := inbox.take()) is not None:
        found.append(one)
    return found


def test_take__of_two_peers__takes_turns() -> None:
    inbox = Inbox()
    for data in (b"1", b"2", b"3"):
        inbox.put(A, data)
    inbox.put(B, b"4")
    assert drain(inbox) == [(A, b"1"), (B, b"4"), (A, b"2"), (A, b"3")]


def test_put__more_messages_than_fit__drops_and_counts() -> None:
    inbox = Inbox()
    for _ in range(QUEUE_MESSAGES + 5):
        inbox.put(A, b"x")
    inbox.put(B, b"y")
    assert inbox.dropped == 5
    assert len(inbox) == QUEUE_MESSAGES + 1


def test_put__more_bytes_than_fit__drops_and_counts() -> None:
    inbox = Inbox()
    part = bytes(QUEUE_BYTES // 4)
    for _ in range(5):
        inbox.put(A, part)
    assert (len(inbox), inbox.dropped) == (4, 1)
    inbox.take()
    inbox.put(A, part)
    assert (len(inbox), inbox.dropped) == (4, 1)


def test_take__the_last_of_a_peer__forgets_the_peer() -> None:
    inbox = Inbox()
    inbox.put(A, b"x")
    assert drain(inbox) == [(A, b"x")]
    assert not inbox
    assert not inbox._queues


def test_take_of__a_peer__is_its_oldest_whoever_s_turn_it_is() -> None:
    inbox = Inbox()
    for peer, data in ((A, b"1"), (B, b"2"), (B, b"3"), (A, b"4")):
        inbox.put(peer, data)
    assert [inbox.take_of(B), inbox.take_of(B), inbox.take_of(B)] == [b"2", b"3", None]
    assert drain(inbox) == [(A, b"1"), (A, b"4")]
    assert not inbox
