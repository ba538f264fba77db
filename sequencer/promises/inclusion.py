"""What shows L1 that a transaction is in the committee's chain (PROOF-1). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import asdict, astuple

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block, Header
from sequencer.blocks.merkle import leaf_hashes, prove, sides_of
from sequencer.blocks.payload import decode_payload
from sequencer.errors import PeerFault
from sequencer.ordering.order import payload_entries
from sequencer.types import Hash32, RollupId


@dataclass(frozen=True, slots=True)
class Entry:
    """`TransactionEntry` of `MerkleLib`."""

    rollup: RollupId
    position: int
    tx_hash: Hash32
    order_key: int


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """`InclusionProof` of `InclusionLib`."""

    batches: tuple[Batch, ...]
    """From one that L1 knows down to that of the transaction."""
    headers: tuple[Header, ...]
    """From the last block of that batch down to that of the transaction."""
    entry: Entry
    siblings: tuple[Hash32, ...]
    sides: int

    def for_contract(self) -> tuple[Any, ...]:
        """As ABI encoders take it."""
        entry = self.entry
        return (
            [astuple(batch) for batch in self.batches],
            [astuple(header) for header in self.headers],
            (entry.rollup, entry.position, entry.tx_hash, entry.order_key),
            list(self.siblings),
            self.sides,
        )

    def to_json(self) -> dict[str, object]:
        """With the names of the contracts; what is longer than a u64 as hex."""
        entry = self.entry
        return {
            "batches": [_view(batch) for batch in self.batches],
            "headers": [_view(header) for header in self.headers],
            "entry": {
                "rollupId": entry.rollup,
                "position": entry.position,
                "transactionHash": "0x" + entry.tx_hash.hex(),
                "orderKey": hex(entry.order_key),
            },
            "siblings": ["0x" + sibling.hex() for sibling in self.siblings],
            "sides": hex(self.sides),
        }


def prove_inclusion(
    batches: Sequence[Batch], later: Sequence[Header], block: Block, position: int
) -> InclusionProof:
    """That the transaction at `position` is in `block`. `batches` go down to that of the block,
    `later` are the headers after the block up to the batch's last one, ascending.

    Raises `PeerFault` for one of a held segment, which has no leaf of its own (ENC-11), and
    `DecodeError` for a payload that is none.
    """
    header = block.header
    payload = decode_payload(block.payload)
    entries = payload_entries(payload, header.parent_hash)
    if position >= len(entries):
        raise PeerFault("the committee holds the data of this rollup: L1 can prove whole segments")
    leaves = leaf_hashes(entries, payload.held)
    rollup, tx_hash, order_key = entries[position]
    return InclusionProof(
        batches=tuple(batches),
        headers=(*reversed(later), header),
        entry=Entry(rollup, position, tx_hash, order_key),
        siblings=prove(leaves, position),
        sides=sides_of(len(leaves), position),
    )


def _view(struct: Batch | Header) -> dict[str, object]:
    return {_camel(name): _plain(value) for name, value in asdict(struct).items()}


def _plain(value: int | bytes) -> object:
    return value if isinstance(value, int) else "0x" + value.hex()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
