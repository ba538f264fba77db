"""Evidence of a fault of order (ORDER-6): a member attested a block whose leaves show it. sans-IO.

The twin of `contracts/slashers/OrderingSlasher.sol`, but for the rollup's policy and since when it
can be judged (ORDER-7): L1 has both, and the file only says by which policy it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from sequencer.blocks.merkle import leaf_hash, root_above
from sequencer.blocks.order import KEY_BYTES, Ordering, OrderingPolicy, value_of
from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.attested import (
    AttestedBlock,
    JsonAttested,
    attested_from_json,
    attested_to_json,
    check_attested,
)
from sequencer.evidence.fields import (
    U32,
    Decimal,
    HexBytes,
    HexWord,
    JsonEvidence,
    about,
    from_decimal,
    from_hex,
    from_json,
    to_hex,
    to_json,
    word_of,
)
from sequencer.evidence.offence import Offence
from sequencer.ingress.transaction import Transaction, read_transaction
from sequencer.types import Address, Epoch, Hash32, RollupId

MAX_DEPTH = 32
"""Of a leaf: positions have so many bits."""
_BASE_FEE_BITS = 96


class OrderFault(IntEnum):
    """The numbers of `OrderFault` in `IOrderingSlasher`."""

    RISING = 0
    OVERSTATED = 1
    UNEARNED = 2
    NONCES = 3


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """A leaf of a block (ENC-11) with its way up. `transaction` is as it was signed, empty where
    the fault does not depend on it; bit i of `sides` is set if sibling i stands on the left."""

    rollup_id: RollupId
    position: int
    tx_hash: Hash32
    order_key: int
    siblings: tuple[Hash32, ...]
    sides: int
    transaction: bytes = b""

    def for_contract(self) -> tuple[Any, ...]:
        entry = self.rollup_id, self.position, self.tx_hash, self.order_key
        return entry, self.siblings, self.sides, self.transaction

    def root(self) -> Hash32:
        """The transaction root that the siblings lead to."""
        leaf = leaf_hash(self.rollup_id, self.position, self.tx_hash, self.order_key)
        return root_above(leaf, self.siblings, self.sides)


@dataclass(frozen=True, slots=True)
class DisorderEvidence:
    """`ordering` is the policy by which the fault was found."""

    domain: Domain
    signer: Address
    attested: AttestedBlock
    fault: OrderFault
    ordering: Ordering
    entries: tuple[ProvedEntry, ...]

    offence: ClassVar[Offence] = Offence.ORDERING
    contract: ClassVar[str] = "OrderingSlasher"

    @property
    def epoch(self) -> Epoch:
        """Under which the slash is recorded."""
        return self.attested.epoch

    @property
    def rollup_id(self) -> RollupId:
        """Whose order it is."""
        return self.entries[-1].rollup_id

    def for_contract(self) -> tuple[Any, ...]:
        """The arguments of `report` before the salt."""
        entries = [entry.for_contract() for entry in self.entries]
        return int(self.fault), self.attested.for_contract(), entries

    def hash(self) -> Hash32:
        """`OrderingSlasher.evidenceHash`."""
        return self.attested.evidence_hash()


def check_disorder(evidence: DisorderEvidence) -> None:
    """Raises `PeerFault` unless `signer` attested the block, the entries are leaves of it, and by
    the policy in the file they show the fault."""
    header = check_attested(evidence.attested, evidence.domain, evidence.signer)
    if not evidence.entries:
        raise PeerFault("evidence: no entries show the fault")
    for entry in evidence.entries:
        found = entry.root()
        if found != header.transaction_root:
            raise PeerFault(
                f"evidence: entry {entry.position} leads to the root 0x{found.hex()},"
                f" the block has 0x{header.transaction_root.hex()}"
            )
    if not is_fault(evidence.fault, evidence.ordering, evidence.entries, header.parent_hash):
        raise PeerFault(
            f"evidence: the entries are in order: no {evidence.fault.name} fault (ORDER-6)"
        )


def is_fault(
    fault: OrderFault, ordering: Ordering, entries: Sequence[ProvedEntry], parent_hash: Hash32
) -> bool:
    """ORDER-6, of entries that are leaves of one block on the block of that hash. Raises
    `PeerFault` for entries that do not fit the fault."""
    match fault:
        case OrderFault.RISING:
            _require_later(entries)
            return entries[1].order_key > entries[0].order_key
        case OrderFault.NONCES:
            _require_later(entries)
            first, second = _read(entries[0]), _read(entries[1])
            return first.sender == second.sender and second.nonce <= first.nonce
        case OrderFault.OVERSTATED:
            _require_count(entries, 1)
            return entries[0].order_key > _value(_read(entries[0]), ordering, parent_hash)
        case OrderFault.UNEARNED:
            return _is_unearned(ordering, entries, parent_hash)


def _is_unearned(ordering: Ordering, entries: Sequence[ProvedEntry], parent_hash: Hash32) -> bool:
    """A key below its value that does not come from the transaction before it."""
    last = entries[-1]
    tx = _read(last)
    if last.order_key >= _value(tx, ordering, parent_hash):
        return False
    if last.position == 0:
        _require_count(entries, 1)
        return True
    _require_count(entries, 2)
    before = entries[0]
    if before.position + 1 != last.position:
        raise PeerFault(f"evidence: entries {before.position} and {last.position} are apart")
    if (before.rollup_id, before.order_key) != (last.rollup_id, last.order_key):
        return True
    return _read(before).sender != tx.sender


def _require_later(entries: Sequence[ProvedEntry]) -> None:
    """Two entries of one rollup, in the order of their positions."""
    _require_count(entries, 2)
    first, second = entries
    if first.rollup_id != second.rollup_id:
        raise PeerFault(f"evidence: rollups {first.rollup_id} and {second.rollup_id} differ")
    if first.position >= second.position:
        raise PeerFault(f"evidence: entry {second.position} does not stand after {first.position}")


def _require_count(entries: Sequence[ProvedEntry], count: int) -> None:
    if len(entries) != count:
        raise PeerFault(f"evidence: {len(entries)} entries, expected {count}")


def _read(entry: ProvedEntry) -> Transaction:
    """Raises `PeerFault` for bytes that are another transaction, or none."""
    found = keccak(entry.transaction)
    if found != entry.tx_hash:
        raise PeerFault(
            f"evidence: the transaction of entry {entry.position} has the hash"
            f" 0x{found.hex()}, expected 0x{entry.tx_hash.hex()}"
        )
    return read_transaction(entry.transaction)


def _value(tx: Transaction, ordering: Ordering, parent_hash: Hash32) -> int:
    fees = tx.max_fee_per_gas, tx.max_priority_fee_per_gas
    return value_of(ordering, fees, tx.hash, parent_hash)


# --- as JSON --------------------------------------------------------------------------------


class _JsonEntry(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    rollup: U32
    position: U32
    transaction_hash: HexWord
    order_key: Decimal
    siblings: Annotated[list[HexWord], msgspec.Meta(max_length=MAX_DEPTH)]
    sides: U32
    transaction: HexBytes


class _JsonDisorder(JsonEvidence, kw_only=True):
    type: Literal["disorder"]
    version: Literal[1]
    fault: Literal["rising", "overstated", "unearned", "nonces"]
    policy: Literal["priority", "shuffled", "arrival"]
    base_fee_wei: Decimal
    attested: JsonAttested
    entries: Annotated[list[_JsonEntry], msgspec.Meta(min_length=1, max_length=2)]


def dump_disorder(evidence: DisorderEvidence) -> bytes:
    """The evidence as JSON text."""
    return to_json(
        _JsonDisorder(
            type="disorder",
            version=1,
            # The literals of these fields are the names of the members.
            fault=evidence.fault.name.lower(),  # type: ignore[arg-type]
            policy=evidence.ordering.policy.name.lower(),  # type: ignore[arg-type]
            base_fee_wei=str(evidence.ordering.base_fee_wei),
            attested=attested_to_json(evidence.attested),
            entries=[_entry_to_json(entry) for entry in evidence.entries],
            **about(evidence.domain, evidence.signer),
        )
    )


def load_disorder(data: bytes) -> DisorderEvidence:
    """The evidence in JSON text, checked. Raises `DecodeError` naming the entry that is malformed,
    `PeerFault` where it convicts nobody."""
    plain = from_json(data, _JsonDisorder)
    evidence = DisorderEvidence(
        domain=plain.domain(),
        signer=plain.offender(),
        attested=attested_from_json(plain.attested),
        fault=OrderFault[plain.fault.upper()],
        ordering=Ordering(
            OrderingPolicy[plain.policy.upper()],
            from_decimal(plain.base_fee_wei, _BASE_FEE_BITS, "baseFeeWei"),
        ),
        entries=tuple(map(_entry_from_json, plain.entries)),
    )
    try:
        check_disorder(evidence)
    except DecodeError as error:
        raise PeerFault(f"evidence: a transaction that L1 cannot read: {error}") from error
    return evidence


def _entry_to_json(entry: ProvedEntry) -> _JsonEntry:
    return _JsonEntry(
        rollup=entry.rollup_id,
        position=entry.position,
        transaction_hash=to_hex(entry.tx_hash),
        order_key=str(entry.order_key),
        siblings=list(map(to_hex, entry.siblings)),
        sides=entry.sides,
        transaction=to_hex(entry.transaction),
    )


def _entry_from_json(plain: _JsonEntry) -> ProvedEntry:
    return ProvedEntry(
        rollup_id=RollupId(plain.rollup),
        position=plain.position,
        tx_hash=word_of(plain.transaction_hash),
        order_key=from_decimal(plain.order_key, 8 * KEY_BYTES, "orderKey"),
        siblings=tuple(map(word_of, plain.siblings)),
        sides=plain.sides,
        transaction=from_hex(plain.transaction),
    )
