"""What a post holds: a batch of one rollup that no committee has signed (DERIVE-10)."""

from sequencer.blocks.payload import decode_payload
from sequencer.errors import DecodeError
from sequencer.types import RollupId


def read_post(rollup_id: RollupId, data: bytes) -> tuple[bytes, ...]:
    """Its raw transactions, in order. Raises `DecodeError` for a post that is void."""
    segments = decode_payload(data).segments
    if [segment.rollup for segment in segments] != [rollup_id]:
        found = ", ".join(str(segment.rollup) for segment in segments[:8]) or "none"
        raise DecodeError(f"post of rollup {rollup_id} holds rollups {found}")
    return segments[0].transactions
