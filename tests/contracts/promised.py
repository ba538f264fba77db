"""Promises of inclusion, and the blocks that keep them or do not (PROMISE-1 to PROMISE-7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Self

from tests.contracts.network import ZERO, Actor, Clock, Network
from tests.contracts.ordered import OrderedBlock, batch_of
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

ANSWER_GAS, TIP_WEI = 1_500_000, 10**9
SALT = b"\x05" * 32


def price(base_fee: int) -> int:
    """PROMISE-5."""
    return ANSWER_GAS * (2 * base_fee + TIP_WEI)


@dataclass(frozen=True)
class Promise:
    """`InclusionPromise`, in the order of the contract's struct."""

    epoch: int
    rollupId: int  # noqa: N815 - the names are the type's
    transactionHash: bytes  # noqa: N815
    lastHeight: int  # noqa: N815
    beneficiary: str
    valueWei: int  # noqa: N815

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def as_tuple(self) -> tuple[Any, ...]:
        return astuple(self)


def digest_of(network: Network, promise: Promise, **changes: Any) -> bytes:
    """ENC-2."""
    committee = bytes(network.committee.committeeHash(promise.epoch))
    fields = {**vars(promise), "committee": committee, **changes}
    return network.domain.digest("InclusionPromise", **fields)


def id_of(network: Network, actor: Actor, promise: Promise) -> bytes:
    return bytes(network.promises.promiseId(network.id_of(actor), promise.as_tuple()))


def commit_ordered(network: Network, blocks: Sequence[OrderedBlock], sender: Any) -> ref.Batch:
    """The next batch on L1, of these blocks."""
    batch = batch_of(network, blocks)
    network.commit(batch, sender=sender)
    return batch


def challenge_promise(
    network: Network,
    actor: Actor,
    promise: Promise,
    batch: ref.Batch,
    sender: Any,
    *,
    signature: bytes | None = None,
    wei: int = ETHER,
    salt: bytes = SALT,
) -> Any:
    """PROMISE-5: what `actor` promised."""
    signature = signature or ref.sign(actor.key, digest_of(network, promise))
    arguments = (promise.as_tuple(), signature, batch.as_tuple(), salt)
    return network.promises.challenge(*arguments, value=wei, sender=sender)


def asked_of(network: Network, promise: Promise, operator_id: int = 1) -> tuple[Any, ...]:
    """The `PromiseChallenge`, as its event states it; of what was not challenged all zero."""
    promises = network.promises
    id_ = promises.promiseId(operator_id, promise.as_tuple())
    for log in promises.PromiseChallenged.range(promises.chain_manager.blocks.height + 1):
        if log.event_arguments["id"] == id_:
            return tuple(log.event_arguments["asked"])
    return ZERO, 0, 0, False, bytes(32)


def other_challenges(
    asked: tuple[Any, ...], challenger: Any, batch_hash: bytes
) -> list[tuple[Any, ...]]:
    """Each with one part changed."""
    _, deadline, price_wei, is_rewarded, _ = asked
    changes = (challenger.address, deadline + 1, price_wei + 1, not is_rewarded, batch_hash)
    return [(*asked[:at], change, *asked[at + 1 :]) for at, change in enumerate(changes)]


def settle_promise(network: Network, promise: Promise, sender: Any, operator_id: int = 1) -> Any:
    """PROMISE-7."""
    asked = asked_of(network, promise, operator_id)
    return network.promises.settle(operator_id, promise.as_tuple(), asked, sender=sender)


def reclaim_price(network: Network, promise: Promise, sender: Any, to: Any = None) -> Any:
    """PROMISE-7: of a promise of the first operator."""
    id_ = network.promises.promiseId(1, promise.as_tuple())
    asked = asked_of(network, promise)
    return network.promises.reclaim(id_, asked, to or sender, sender=sender)


def commit_challenge(network: Network, actor: Actor, promise: Promise, sender: Any) -> None:
    """REPORT-1."""
    id_ = id_of(network, actor, promise)
    commitment = network.promises.reportCommitment(sender, SALT, id_)
    network.promises.commitReport(commitment, sender=sender)


def break_promise(
    network: Network, clock: Clock, actor: Actor, promise: Promise, batch: ref.Batch, sender: Any
) -> Any:
    """It is challenged, nobody answers, and it is settled."""
    challenge_promise(network, actor, promise, batch, sender)
    clock.jump_to(clock.now + int(network.promises.answerSeconds()))
    return settle_promise(network, promise, sender, network.id_of(actor))
