"""What comes before its epoch (EPOCH-5).

take
├── the epoch that begins: in order of arrival over all peers, once
├── a later epoch: kept
└── an earlier one: forgotten
keep
├── more messages or bytes than a peer may: its oldest go
└── another peer's: untouched
"""

from sequencer.node.early import MAX_BYTES, MAX_MESSAGES, EarlyMessages
from sequencer.types import Address, Epoch

A, B = Address(b"a" * 20), Address(b"b" * 20)
ONE, TWO, THREE = Epoch(1), Epoch(2), Epoch(3)


def test_take__in_order_of_arrival_once() -> None:
    early = EarlyMessages()
    early.keep(B, TWO, b"1")
    early.keep(A, TWO, b"2")
    early.keep(B, TWO, b"3")
    assert early.take(TWO) == [(B, b"1"), (A, b"2"), (B, b"3")]
    assert early.take(TWO) == []


def test_take__later_epochs_stay_and_earlier_ones_go() -> None:
    early = EarlyMessages()
    for epoch in (ONE, TWO, THREE):
        early.keep(A, epoch, bytes([epoch]))
    assert early.take(TWO) == [(A, b"\x02")]
    assert early.take(ONE) == []
    assert early.take(THREE) == [(A, b"\x03")]


def test_keep__too_many__the_peer_s_oldest_go() -> None:
    early = EarlyMessages()
    early.keep(B, TWO, b"other")
    sent = [bytes([number]) for number in range(MAX_MESSAGES + 3)]
    for data in sent:
        early.keep(A, TWO, data)
    assert early.take(TWO) == [(B, b"other"), *((A, data) for data in sent[3:])]


def test_keep__too_many_bytes__the_peer_s_oldest_go() -> None:
    early = EarlyMessages()
    early.keep(A, TWO, b"first")
    early.keep(A, TWO, b"second")
    early.keep(A, TWO, bytes(MAX_BYTES - len(b"second")))
    assert [len(data) for _, data in early.take(TWO)] == [len(b"second"), MAX_BYTES - 6]
    early.keep(A, TWO, bytes(MAX_BYTES + 1))
    assert early.take(TWO) == []
