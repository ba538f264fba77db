"""Who is a peer, and under which transport key (NET-2).

a key that several name: the first claim keeps it, whichever id it has
announcing the same key again keeps the claim; another one is a new claim
ejected or released: the key is free for the next
a jailed operator is a peer without weight, and may come back
a rotated key is the operator's signer from there on; nothing else changes
"""

from dataclasses import replace

from sequencer.l1.events import (
    ExitInitiated,
    OperatorBonded,
    OperatorEjected,
    OperatorJailed,
    OperatorReleased,
    OperatorUnjailed,
    PeerAnnounced,
    SignerRotated,
)
from sequencer.l1.operators import (
    MAX_FORMER,
    Operator,
    OperatorEvent,
    OperatorStatus,
    apply_operator_event,
    peers_of,
)
from sequencer.types import Address

ENDPOINT = "tcp://127.0.0.1:1"
KEYS = {number: bytes([number]) * 32 for number in range(10)}


def bonded(number: int, key: int) -> OperatorBonded:
    address = Address(bytes([number]) * 20)
    return OperatorBonded(number, address, address, KEYS[key], ENDPOINT)


def announced(number: int, key: int) -> PeerAnnounced:
    return PeerAnnounced(number, KEYS[key], ENDPOINT)


def after(*events: OperatorEvent) -> tuple[Operator, ...]:
    operators: tuple[Operator, ...] = ()
    for event in events:
        operators = apply_operator_event(operators, event)
    return operators


def holders(*events: OperatorEvent) -> dict[int, int]:
    """Operator id by key number, of those that are peers."""
    return {peer.transport_key[0]: peer.id for peer in peers_of(after(*events))}


def test_peers_of__keys_of_their_own__are_all_peers() -> None:
    assert holders(bonded(1, 1), bonded(2, 2)) == {1: 1, 2: 2}


def test_peers_of__a_key_named_later_by_another__stays_with_the_first() -> None:
    assert holders(bonded(1, 1), bonded(2, 2), announced(2, 1)) == {1: 1}
    assert holders(bonded(1, 1), bonded(2, 2), announced(1, 2)) == {2: 2}
    assert holders(bonded(1, 1), bonded(2, 1)) == {1: 1}


def test_peers_of__the_same_key_announced_again__keeps_its_claim() -> None:
    events = (bonded(1, 1), bonded(2, 2), announced(2, 1), announced(1, 1))
    assert holders(*events) == {1: 1}


def test_peers_of__the_holder_gone__the_next_claim_holds() -> None:
    claims = (bonded(1, 1), bonded(2, 1))
    assert holders(*claims, OperatorEjected(1)) == {1: 2}
    assert holders(*claims, OperatorReleased(1)) == {1: 2}


def test_apply__jailed_and_back__is_a_peer_all_the_time() -> None:
    (jailed,) = after(bonded(1, 1), OperatorJailed(1))
    assert (jailed.status, jailed.is_active, jailed.is_peer) == (OperatorStatus.JAILED, False, True)
    (back,) = after(bonded(1, 1), OperatorJailed(1), OperatorUnjailed(1))
    assert back.is_active


def test_apply__signer_rotated__all_else_stays() -> None:
    signer = Address(b"\x77" * 20)
    (before,) = after(bonded(1, 1), ExitInitiated(1))
    (rotated,) = after(bonded(1, 1), ExitInitiated(1), SignerRotated(1, signer))
    assert rotated == replace(before, signer=signer, former=(before.signer,))


def test_apply__signer_rotated_often__the_last_are_known() -> None:
    signers = [Address(bytes([number]) * 20) for number in range(100, 120)]
    (rotated,) = after(bonded(1, 1), *(SignerRotated(1, signer) for signer in signers))
    assert rotated.signer == signers[-1]
    assert rotated.former == tuple(reversed(signers[:-1]))[:MAX_FORMER]
