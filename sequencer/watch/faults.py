"""What a watchtower looks for in statements and blocks (SLASH-1, ORDER-6, NEGLECT-1). Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block, Header
from sequencer.blocks.merkle import leaf_hashes, prove, sides_of, transaction_root
from sequencer.blocks.order import Ordering, value_of
from sequencer.blocks.payload import Payload, decode_payload
from sequencer.crypto.digests import Domain
from sequencer.errors import DecodeError
from sequencer.evidence.attested import AttestedBlock
from sequencer.evidence.disorder import DisorderEvidence, OrderFault, ProvedEntry
from sequencer.evidence.equivocation import SignedStatement, is_conflict
from sequencer.evidence.neglect import NeglectEvidence
from sequencer.ingress.transaction import Transaction, read_fees, read_transaction
from sequencer.ordering.order import payload_entries
from sequencer.types import Address, Epoch, Hash32, RollupId

ProvableOrdering = Callable[[RollupId, Header], Ordering | None]
"""The ordering of a rollup by L1, if a block with this header can convict for it (ORDER-7)."""
DeadlineOf = Callable[[int], int | None]
"""When a forced message is due, in seconds; None for one that L1 does not have."""


@dataclass(frozen=True, slots=True)
class Disorder:
    """A fault in one block."""

    fault: OrderFault
    ordering: Ordering
    entries: tuple[ProvedEntry, ...]


@dataclass(frozen=True, slots=True)
class Attester:
    """Who attested a batch, in the name of which committee."""

    signer: Address
    epoch: Epoch
    committee: Hash32
    signature: bytes


@dataclass(frozen=True, slots=True)
class AttestedBatch:
    """A batch with its blocks, ascending, and who attested it."""

    batch: Batch
    blocks: tuple[Block, ...]
    attesters: Sequence[Attester]


def find_conflict(
    new: SignedStatement, known: Iterable[SignedStatement]
) -> tuple[SignedStatement, SignedStatement] | None:
    """What one key said before, and what contradicts it now."""
    for before in known:
        if is_conflict(before.statement, new.statement):
            return before, new
    return None


def find_faults(
    domain: Domain, attested: AttestedBatch, ordering_of: ProvableOrdering, deadline_of: DeadlineOf
) -> Iterator[DisorderEvidence | NeglectEvidence]:
    """Evidence against everyone who attested the batch: one fault of each kind, in the last block
    that has one, as each block after it costs gas to show."""
    headers = [block.header for block in attested.blocks]
    disorder = neglect = False
    for at in range(len(headers) - 1, -1, -1):
        path = tuple(reversed(headers[at:]))
        if not neglect and (deadline := find_neglect(headers[at], deadline_of)) is not None:
            neglect = True
            for signer, shown in _against(attested, path):
                yield NeglectEvidence(domain, signer, shown, deadline)
        if not disorder and (found := find_disorder(attested.blocks[at], ordering_of)) is not None:
            disorder = True
            for signer, shown in _against(attested, path):
                how = found.fault, found.ordering, found.entries
                yield DisorderEvidence(domain, signer, shown, *how)


def find_neglect(header: Header, deadline_of: DeadlineOf) -> int | None:
    """The deadline of the first forced message that a block left over, if it was due at the
    block's own origin."""
    deadline = deadline_of(header.forced_count)
    return deadline if deadline is not None and deadline <= header.origin_timestamp else None


def find_disorder(block: Block, ordering_of: ProvableOrdering) -> Disorder | None:
    """The first fault of order in a block. None as well where its leaves are not known: of a
    payload that does not decode, or that gives another transaction root."""
    header = block.header
    try:
        payload = decode_payload(block.payload)
    except DecodeError:
        return None
    places = _places(payload, header.parent_hash)
    named = [(place.rollup_id, place.tx_hash, place.key) for place in places]
    leaves = leaf_hashes(named, payload.held)
    if transaction_root(leaves) != header.transaction_root:
        return None
    highest: dict[tuple[RollupId, Address], tuple[int, int]] = {}
    for at, here in enumerate(places):
        ordering = ordering_of(here.rollup_id, header)
        if ordering is None or here.tx is None:
            continue
        lane = here.rollup_id, here.tx.sender
        nonce, before = highest.get(lane, (-1, at))
        found = _key_fault(places, at, ordering, header.parent_hash)
        if found is None and here.tx.nonce <= nonce:
            found = OrderFault.NONCES, (before, at)
        if found is not None:
            fault, shown = found
            entries = tuple(_proved(places, leaves, place) for place in shown)
            return Disorder(fault, ordering, entries)
        highest[lane] = here.tx.nonce, at
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    """A leaf, and the transaction in it; None where its bytes are none that L1 would read."""

    rollup_id: RollupId
    tx_hash: Hash32
    key: int
    raw: bytes
    tx: Transaction | None


def _places(payload: Payload, parent_hash: Hash32) -> list[_Place]:
    """The leaves of a payload's transactions, with the keys that it gives them."""
    raws = [raw for segment in payload.segments for raw in segment.transactions]
    entries = payload_entries(payload, parent_hash)
    return [_Place(*entry, raw, _read(raw)) for entry, raw in zip(entries, raws, strict=True)]


def _key_fault(
    places: Sequence[_Place], at: int, ordering: Ordering, parent_hash: Hash32
) -> tuple[OrderFault, tuple[int, ...]] | None:
    """What is wrong with the key of one leaf, and the leaves that show it."""
    here = places[at]
    value = value_of(ordering, read_fees(here.raw), here.tx_hash, parent_hash)
    if here.key > value:
        return OrderFault.OVERSTATED, (at,)
    if here.key < value and not _is_earned(places, at):
        return OrderFault.UNEARNED, (at - 1, at) if at else (at,)
    return None


def _is_earned(places: Sequence[_Place], at: int) -> bool:
    """Whether a low key comes from the transaction before, or L1 could not tell."""
    if at == 0:
        return False
    here, before = places[at], places[at - 1]
    if (before.rollup_id, before.key) != (here.rollup_id, here.key):
        return False
    return before.tx is None or here.tx is None or before.tx.sender == here.tx.sender


def _read(raw: bytes) -> Transaction | None:
    try:
        return read_transaction(raw)
    except DecodeError:
        return None


def _proved(places: Sequence[_Place], leaves: Sequence[Hash32], at: int) -> ProvedEntry:
    place = places[at]
    return ProvedEntry(
        rollup_id=place.rollup_id,
        position=at,
        tx_hash=place.tx_hash,
        order_key=place.key,
        siblings=prove(leaves, at),
        sides=sides_of(len(leaves), at),
        transaction=place.raw,
    )


def _against(
    attested: AttestedBatch, path: tuple[Header, ...]
) -> Iterator[tuple[Address, AttestedBlock]]:
    for one in attested.attesters:
        if one.epoch != path[-1].epoch:
            continue  # who attests it in a later epoch only goes on from it
        whose = one.epoch, one.committee, one.signature
        yield one.signer, AttestedBlock(*whose, attested.batch, path)
