"""What the contract is shown to challenge a held segment (DATA-1), from its batch's data. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import astuple

from sequencer.batches.batch import Batch
from sequencer.batches.codec import decode_batch_data
from sequencer.blocks.header import Header
from sequencer.blocks.held import HeldEntry
from sequencer.blocks.merkle import prove, sides_of
from sequencer.blocks.payload import decode_payload
from sequencer.derivation.found import held_segment
from sequencer.ordering.order import payload_leaves
from sequencer.types import BatchIndex, Hash32


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """Where a held segment is in the data of its batch."""

    entry: HeldEntry
    position: int
    """Of its leaf, within the block."""
    headers: tuple[Header, ...]
    """From the batch's last block down to the segment's."""
    siblings: tuple[Hash32, ...]
    sides: int


def find_held(index: BatchIndex, data: bytes, wanted: Hash32) -> HeldPlace | None:
    """The held segment of that id in the data of batch `index` (ENC-13); None if it is not there.
    Raises `DecodeError`."""
    blocks = decode_batch_data(data).blocks
    for at, block in enumerate(blocks):
        payload = decode_payload(block.payload)
        if not payload.held:
            continue
        for position, entry in enumerate(payload.held, start=len(payload)):
            if held_segment(index, block.header.hash, position, entry).id == wanted:
                leaves = payload_leaves(payload, block.header.parent_hash)
                headers = tuple(later.header for later in reversed(blocks[at:]))
                sides = sides_of(len(leaves), position)
                return HeldPlace(entry, position, headers, prove(leaves, position), sides)
    return None


def challenge_arguments(place: HeldPlace, batches: Sequence[Batch]) -> tuple[Any, Any]:
    """What `challenge` is called with. `batches` go down from one in L1's ring."""
    entry = place.entry
    proof = (
        [astuple(batch) for batch in batches],
        [astuple(header) for header in place.headers],
        list(place.siblings),
        place.sides,
    )
    return (entry.rollup, place.position, entry.length, entry.hash), proof
