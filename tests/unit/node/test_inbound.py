"""What peers send on its way to an instance.

consensus message of a later epoch: to the running instance, and again to the one of its epoch
proposal: after what waits of its sender, if it is news (NET-11)
transactions of several peers: paid by each for what its own cost (NET-8)
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from sequencer.consensus.messages import ConsensusMessage, Proposal
from sequencer.node.budget import BURST_SECONDS, PeerBudget
from sequencer.node.clock import Clock
from sequencer.node.gossip import PeerFaults
from sequencer.node.inbound import Inbound
from sequencer.node.wire import GossipedTransaction, encode_consensus, encode_transactions
from sequencer.types import Address, Committee, Epoch, RollupId
from tests.unit.consensus.builders import COMMITTEE, NOTARIZE, block, certificate, proposal, signed

PEER, OTHER = COMMITTEE.members[1].signer, COMMITTEE.members[2].signer


class Listener:
    """An instance that only notes what it is given."""

    def __init__(self, epoch: int) -> None:
        self.committee = Committee(Epoch(epoch), COMMITTEE.members, COMMITTEE.hash)
        self.heard: list[tuple[Address, ConsensusMessage]] = []

    def is_news(self, message: Proposal) -> bool:
        return message not in [heard for _, heard in self.heard]

    def on_message(self, peer: Address, message: ConsensusMessage) -> None:
        self.heard.append((peer, message))


def failed(error: Exception) -> None:
    raise error


def inbound_of(
    epochs: SimpleNamespace,
    hasten: Callable[[Address], None] = lambda _: None,
    backend: SimpleNamespace | None = None,
    budget: PeerBudget | None = None,
) -> Inbound:
    parts = cast(Any, None)
    return Inbound(
        cast(Any, epochs),
        *(parts, cast(Any, backend), parts),
        *(PeerFaults(), budget or PeerBudget(), Clock()),
        on_failure=failed,
        hasten=hasten,
    )


def later(message: Any) -> Any:
    """The same of the next epoch."""
    vote = msgspec.structs.replace(message.vote, epoch=Epoch(COMMITTEE.epoch + 1))
    return msgspec.structs.replace(message, vote=vote)


def later_proposal() -> Any:
    known = proposal(block(1))
    return msgspec.structs.replace(known, notarize=later(known.notarize))


@pytest.mark.parametrize(
    "message",
    [later(signed(1, NOTARIZE, 1)), later(certificate(NOTARIZE, 1, block(1))), later_proposal()],
    ids=["vote", "certificate", "proposal"],
)
def test_later_epoch__once_more_when_it_starts(message: ConsensusMessage) -> None:
    now, then = Listener(COMMITTEE.epoch), Listener(COMMITTEE.epoch + 1)
    epochs = SimpleNamespace(instance=now)
    inbound = inbound_of(epochs)
    inbound.receive(PEER, encode_consensus(message))
    inbound.replay()
    assert now.heard == [(PEER, message)]
    epochs.instance = then
    inbound.replay()
    inbound.replay()
    assert then.heard == [(PEER, message)]


def test_same_epoch__once() -> None:
    now = Listener(COMMITTEE.epoch)
    inbound = inbound_of(SimpleNamespace(instance=now))
    inbound.receive(PEER, encode_consensus(signed(1, NOTARIZE, 1)))
    inbound.replay()
    assert len(now.heard) == 1


def test_proposal__of_a_peer__is_handed_over_after_what_waits_of_it() -> None:
    now = Listener(COMMITTEE.epoch)
    hastened: list[tuple[Address, int]] = []
    inbound = inbound_of(
        SimpleNamespace(instance=now), lambda peer: hastened.append((peer, len(now.heard)))
    )
    known = proposal(block(1))
    for message in (signed(1, NOTARIZE, 1), known, signed(1, NOTARIZE, 2), known):
        inbound.receive(PEER, encode_consensus(message))
    assert len(now.heard) == 4
    assert hastened == [(PEER, 1)]


@pytest.mark.parametrize("hint", [b"", b"\1"], ids=["no hint", "a hint of another length"])
def test_transactions__of_several_peers__are_paid_by_each_for_what_its_own_cost(
    hint: bytes,
) -> None:
    """NET-8: not by bytes, which many small ones have few of, and signatures without hints cost
    most."""
    used = 0.0

    def admit(messages: list[object], _now_ms: int) -> list[None]:
        nonlocal used
        used += 2 * BURST_SECONDS
        return [None] * len(messages)

    budget = PeerBudget(lambda: used, lambda: 0.0)
    inbound = inbound_of(
        SimpleNamespace(instance=None),
        backend=SimpleNamespace(admit_passed_on=admit),
        budget=budget,
    )
    large = encode_transactions([GossipedTransaction(RollupId(1), bytes(8_000), bytes(96))])
    many = encode_transactions([GossipedTransaction(RollupId(1), bytes(50), hint)] * 128)
    looked_at = inbound.receive_transactions([(PEER, large), (OTHER, many)])
    assert looked_at == len(large) + len(many)
    assert budget.has_room(PEER)
    assert not budget.has_room(OTHER)
    assert inbound.receive_transactions([(OTHER, many)]) == 0
