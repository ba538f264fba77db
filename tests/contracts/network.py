"""A deployed Switchyard and those who act on it, for the fixtures in conftest.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.conversions import to_bytes
from eth_utils.crypto import keccak

from tests.vectors import reference as ref

ETHER = 10**18
EQUIVOCATION = 1
DATA = 2


@dataclass(frozen=True)
class BondParameters:
    """In the order of the contract's struct."""

    minBond: int = ETHER  # noqa: N815 - the names are the struct's
    genesis: int = 0
    epochSeconds: int = 1_000  # noqa: N815
    unbondingSeconds: int = 2_800  # noqa: N815
    commitGraceSeconds: int = 300  # noqa: N815
    evidenceSeconds: int = 500  # noqa: N815
    slashBps: int = 1_000  # noqa: N815
    rewardBps: int = 2_500  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def start_of(self, epoch: int) -> int:
        """TIME-2."""
        return self.genesis + epoch * self.epochSeconds

    def end_of(self, epoch: int) -> int:
        return self.start_of(epoch + 1)


@dataclass(frozen=True)
class InboxParameters:
    """In the order of the contract's struct."""

    forceWindowSeconds: int = 600  # noqa: N815 - the names are the struct's
    maxBytes: int = 1_024  # noqa: N815
    maxGas: int = 1_000_000  # noqa: N815
    baseFeeWei: int = 1_000_000  # noqa: N815
    weiPerByte: int = 1_000  # noqa: N815
    weiPerGas: int = 3  # noqa: N815
    congestionTarget: int = 8  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def fee(self, length: int, gas_limit: int, pending: int) -> int:
        """INBOX-2."""
        plain = self.baseFeeWei + length * self.weiPerByte + gas_limit * self.weiPerGas
        return -(-plain * (self.congestionTarget + pending) ** 2 // self.congestionTarget**2)


@dataclass(frozen=True)
class FallbackParameters:
    """In the order of the contract's struct."""

    livenessSeconds: int = 400  # noqa: N815 - the names are the struct's
    overdueSeconds: int = 200  # noqa: N815
    tailSeconds: int = 100  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())


@dataclass(frozen=True)
class FloorParameters:
    """In the order of the contract's struct."""

    floorWei: int = 1_000_000  # noqa: N815 - the names are the struct's
    floorWeiPerByte: int = 1_000  # noqa: N815
    floorWeiPerBlobByte: int = 10  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def price(self, length: int, blobs: int = 0) -> int:
        """POST-2."""
        blob_bytes = blobs * 131_072
        return self.floorWei + length * self.floorWeiPerByte + blob_bytes * self.floorWeiPerBlobByte


@dataclass(frozen=True)
class DataParameters:
    """In the order of the contract's struct."""

    windowSeconds: int = 200  # noqa: N815 - the names are the struct's
    answerSeconds: int = 60  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())


@dataclass(frozen=True)
class Actor:
    """An operator: a cold account of the L1 and a hot signing key."""

    account: Any
    key: LocalAccount
    transport_key: bytes = bytes.fromhex("cc" * 32)
    endpoint: str = "tcp://127.0.0.1:9000"


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

    registry: Any
    committee: Any
    rollups: Any
    inbox: Any
    chain: Any
    slasher: Any
    posts: Any
    data: Any
    domain: ref.Domain
    bonds: BondParameters
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

    def bond_arguments(self, actor: Actor) -> tuple[Any, ...]:
        possession = self.possession(actor)
        return (actor.key.address, actor.transport_key, actor.endpoint, possession)

    def bond(self, actor: Actor, amount_wei: int = 10 * ETHER) -> Any:
        arguments = self.bond_arguments(actor)
        return self.registry.bond(*arguments, value=amount_wei, sender=actor.account)

    def id_of(self, actor: Actor) -> int:
        return int(self.registry.operatorIdOfSigner(actor.key.address))

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
        self.rollups.register(43, vault, False, sender=sender)
        return int(self.rollups.rollupCount())

    # --- the fallback ----------------------------------------------------------------------

    def enter_based(self, clock: Clock, sender: Any) -> Any:
        """FALLBACK-2, as soon as the committee has been silent for long enough."""
        health = self.chain.health()
        clock.set_next((health.committedAt or self.bonds.genesis) + self.fallback.livenessSeconds)
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


STATEMENT_KINDS = ["Notarize", "Nullify", "Finalize", "BatchAttestation"]


def create_address(sender: str, nonce: int) -> str:
    """The address of the contract that ``sender`` creates with this nonce."""
    return str(to_checksum_address(keccak(rlp.encode([to_bytes(hexstr=sender), nonce]))[12:]))


def deploy(
    project: Any,
    account: Any,
    bonds: BondParameters,
    queue: InboxParameters = InboxParameters(),
    *,
    fallback: FallbackParameters = FallbackParameters(),
    floor: FloorParameters = FloorParameters(),
    held: DataParameters = DataParameters(),
    exit_delay: int = 300,
    min_size: int = 4,
    max_size: int = 64,
    extra_slashers: Sequence[str] = (),
) -> Network:
    """All contracts, closing the two circles with predicted addresses."""
    nonce = account.nonce
    chain_address = create_address(account.address, nonce + 4)
    slasher_address = create_address(account.address, nonce + 5)
    data_address = create_address(account.address, nonce + 7)

    rollups = account.deploy(project.RollupRegistry, exit_delay)
    registry = account.deploy(
        project.BondRegistry, bonds.as_tuple(), [slasher_address, data_address, *extra_slashers]
    )
    committee = account.deploy(project.Committee, registry, min_size, max_size)
    inbox = account.deploy(project.ForcedInbox, rollups, chain_address, queue.as_tuple())
    chain = account.deploy(project.CommitmentChain, registry, committee, inbox, fallback.as_tuple())
    slasher = account.deploy(project.EquivocationSlasher, registry, committee)
    posts = account.deploy(project.RollupInbox, rollups, chain, floor.as_tuple())
    data = account.deploy(project.DataAvailabilityChallenge, registry, chain, held.as_tuple())
    return Network(
        registry=registry,
        committee=committee,
        rollups=rollups,
        inbox=inbox,
        chain=chain,
        slasher=slasher,
        posts=posts,
        data=data,
        domain=ref.Domain(account.provider.chain_id, registry.address),
        bonds=bonds,
        queue=queue,
        fallback=fallback,
        floor=floor,
        held=held,
        exit_delay=exit_delay,
    )
