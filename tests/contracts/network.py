"""A deployed Switchyard and those who act on it, for the fixtures in conftest.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from tests.contracts.settings import (
    ETHER,
    DataParameters,
    FallbackParameters,
    FloorParameters,
    InboxParameters,
    Parameter,
    Times,
)
from tests.vectors import reference as ref

ZERO = "0x" + "00" * 20


class Offence(IntEnum):
    """In the order of the contract's enum."""

    NONE = 0
    EQUIVOCATION = auto()
    DATA = auto()
    INACTIVITY = auto()
    ORDERING = auto()
    PROMISE = auto()
    NEGLECT = auto()


class Consequence(IntEnum):
    """In the order of the contract's enum."""

    NONE = 0
    JAIL = auto()
    EJECT = auto()


class Status(IntEnum):
    """Of an operator, in the order of the contract's enum."""

    NONE = 0
    ACTIVE = auto()
    JAILED = auto()
    EXITING = auto()
    EJECTED = auto()
    RELEASED = auto()


@dataclass(frozen=True)
class Actor:
    """An operator: a cold account of the L1 and a hot signing key."""

    account: Any
    key: LocalAccount
    transport_key: bytes = bytes.fromhex("cc" * 32)
    endpoint: str = "tcp://127.0.0.1:9000"
    commission_bps: int = 0


@dataclass
class Clock:
    """The time of L1. Nothing here waits."""

    chain: Any

    @property
    def now(self) -> int:
        """Time of the last block."""
        return int(self.chain.provider.get_block("latest").timestamp)

    def set_next(self, timestamp: int) -> None:
        """The next block, and so the next transaction, has this time."""
        self.chain.provider.set_timestamp(timestamp)

    def jump_to(self, timestamp: int) -> None:
        """Mine a block of this time: calls see it, transactions come after it."""
        self.chain.provider.set_timestamp(timestamp)
        self.chain.mine()


@dataclass(frozen=True)
class Certificate:
    """ENC-7."""

    epoch: int
    signers: int
    signatures: bytes


@dataclass
class Network:
    """The contracts, wired, and helpers that fill in valid arguments."""

    rollups: Any
    timelock: Any
    parameters: Any
    registry: Any
    committee: Any
    insurance: Any
    ledger: Any
    inbox: Any
    chain: Any
    slasher: Any
    posts: Any
    data: Any
    participation: Any
    inactivity: Any
    splitter: Any
    fees: Any
    ordering: Any
    neglect: Any
    promises: Any
    proofs: Any
    domain: ref.Domain
    times: Times
    values: dict[Parameter, int]
    queue: InboxParameters
    fallback: FallbackParameters
    floor: FloorParameters
    held: DataParameters
    exit_delay: int
    members: list[Actor] = field(default_factory=list)

    # --- operators -------------------------------------------------------------------------

    def possession(self, actor: Actor, **changes: Any) -> bytes:
        """ENC-2 KeyPossession, signed by the hot key."""
        message = {
            "operator": actor.account.address,
            "signer": actor.key.address,
            "transportKey": actor.transport_key,
        }
        return ref.sign(actor.key, self.domain.digest("KeyPossession", **{**message, **changes}))

    def application(self, actor: Actor) -> tuple[Any, ...]:
        """An Application as the contract takes it."""
        return (
            actor.key.address,
            actor.transport_key,
            actor.commission_bps,
            actor.endpoint,
            self.possession(actor),
        )

    def bond(self, actor: Actor, amount_wei: int = 10 * ETHER) -> Any:
        application = self.application(actor)
        return self.registry.bond(application, value=amount_wei, sender=actor.account)

    def delegate(self, id_: int, amount_wei: int, *, sender: Any) -> Any:
        """STAKE-2. ape has a ``delegate`` of its own on every address."""
        return self.registry.invoke_transaction("delegate", id_, value=amount_wei, sender=sender)

    def id_of(self, actor: Actor) -> int:
        return int(self.registry.operatorIdOfSigner(actor.key.address))

    def release(self, actor: Actor, clock: Clock, sender: Any) -> int:
        """BOND-5 and BOND-6; the epoch of then, whose committee is recorded."""
        id_ = self.id_of(actor)
        self.registry.initiateExit(sender=actor.account)
        clock.jump_to(self.registry.operator(id_).releaseAt)
        self.registry.release(id_, sender=sender)
        current = (clock.now - self.times.genesis) // self.times.epochSeconds
        self.committee.snapshot(current, sender=sender)
        return int(current)

    # --- slashes ---------------------------------------------------------------------------

    def slash(
        self,
        operator: Actor | int,
        *,
        sender: Any,
        epoch: int = 0,
        offence: Offence = Offence.EQUIVOCATION,
        consequence: Consequence = Consequence.EJECT,
        severity: int = 1,
        reporter: Any = ZERO,
        victim: Any = ZERO,
        loss_wei: int = 0,
        signer: Any = ZERO,
    ) -> Any:
        """LEDGER-1, by a slasher."""
        id_ = operator if isinstance(operator, int) else self.id_of(operator)
        parties = (reporter, victim, loss_wei)
        arguments = (id_, signer, epoch, offence, consequence, severity, *parties)
        return self.ledger.slash(arguments, sender=sender)

    # --- batches ---------------------------------------------------------------------------

    def next_batch(self, data: bytes = b"\x01data", **changes: Any) -> ref.Batch:
        """The batch that follows the last one on L1, with ``changes``."""
        last = int(self.chain.lastIndex())
        batch = ref.Batch(
            index=last + 1,
            parentHash=bytes(self.chain.batchHashAt(last)),
            firstHeight=last + 1,
            lastHeight=last + 1,
            lastBlockHash=keccak(b"block"),
            forcedCount=0,
            dataHash=keccak(data),
        )
        return batch.but(**changes)

    def attestation_digest(self, batch: ref.Batch, epoch: int) -> bytes:
        return self.domain.digest(
            "BatchAttestation",
            epoch=epoch,
            committee=bytes(self.committee.committeeHash(epoch)),
            index=batch.index,
            batchHash=batch.hash(),
        )

    def certify(
        self, batch: ref.Batch, epoch: int = 0, signers: Sequence[int] = (0, 1, 2)
    ) -> Certificate:
        """Signed by the members at these indices of ``members``."""
        digest = self.attestation_digest(batch, epoch)
        signatures = [ref.sign(self.members[index].key, digest) for index in sorted(signers)]
        return Certificate(epoch, ref.bitmap(signers), b"".join(signatures))

    def commit(
        self,
        batch: ref.Batch | None = None,
        *,
        sender: Any,
        data: bytes = b"\x01data",
        certificate: Certificate | None = None,
        epoch: int = 0,
        signers: Sequence[int] = (0, 1, 2),
    ) -> Any:
        batch = batch or self.next_batch(data)
        certificate = certificate or self.certify(batch, epoch, signers)
        return self.chain.commit(
            batch.as_tuple(),
            certificate.epoch,
            certificate.signers,
            certificate.signatures,
            data,
            sender=sender,
        )

    # --- the forced queue ------------------------------------------------------------------

    def enqueue(
        self, sender: Any, transaction: bytes = b"\x02" * 112, gas_limit: int = 21_000
    ) -> Any:
        """Into rollup 1, for the exact fee."""
        fee = self.inbox.fee(len(transaction), gas_limit)
        return self.inbox.enqueue(1, gas_limit, transaction, value=fee, sender=sender)

    def register(self, vault: Any, *, sender: Any) -> int:
        """A further rollup with this vault; its id. The sender owns it."""
        self.rollups.register(43, vault, False, (0, 0), sender=sender)
        return int(self.rollups.rollupCount())

    # --- the fallback ----------------------------------------------------------------------

    def enter_based(self, clock: Clock, sender: Any) -> Any:
        """FALLBACK-2, as soon as the committee has been silent for long enough."""
        health = self.chain.health()
        clock.set_next((health.committedAt or self.times.genesis) + self.fallback.livenessSeconds)
        return self.chain.enterBased(sender=sender)

    # --- evidence --------------------------------------------------------------------------

    def statement(
        self,
        kind: str,
        position: int,
        content: bytes = ref.ZERO_HASH,
        epoch: int = 0,
        committee: bytes | None = None,
    ) -> tuple[Any, ...]:
        """A Statement as the contract takes it; ``kind`` is an ENC-2 type."""
        committee = committee or bytes(self.committee.committeeHash(epoch))
        return (STATEMENT_KINDS.index(kind), epoch, committee, position, content)

    def statement_digest(self, statement: tuple[Any, ...]) -> bytes:
        kind, epoch, committee, position, content = statement
        message = {"epoch": epoch, "committee": committee}
        if kind == STATEMENT_KINDS.index("BatchAttestation"):
            message |= {"index": position, "batchHash": content}
        else:
            message |= {"view": position}
            if kind != STATEMENT_KINDS.index("Nullify"):
                message |= {"blockHash": content}
        return self.domain.digest(STATEMENT_KINDS[kind], **message)

    def signed(self, actor: Actor, statement: tuple[Any, ...]) -> tuple[Any, ...]:
        return (statement, ref.sign(actor.key, self.statement_digest(statement)))


def events(receipt: Any, name: str) -> list[dict[str, Any]]:
    """Arguments of each event of this name, in order."""
    return [dict(log.event_arguments) for log in receipt.events if log.event_name == name]


def delegate_call(operator_id: int) -> HexBytes:
    """The input of `delegate`, for those who send it themselves."""
    return HexBytes(keccak(text="delegate(uint32)")[:4] + operator_id.to_bytes(32, "big"))


STATEMENT_KINDS = ["Notarize", "Nullify", "Finalize", "BatchAttestation"]
