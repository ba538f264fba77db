"""ENC-11: roots by the C helper, held to the plain tree."""

import random

import pytest

from sequencer import native
from sequencer.blocks import roots
from sequencer.blocks.held import HeldEntry, held_entry
from sequencer.blocks.merkle import leaf_hashes, transaction_root
from sequencer.blocks.roots import root_of_entries
from sequencer.types import Hash32, RollupId

Entry = tuple[RollupId, Hash32, int]

needs_helper = pytest.mark.skipif(native.bulk is None, reason="the C helper is not built")


def entries_of(draw: random.Random, count: int) -> list[Entry]:
    return [
        (RollupId(draw.getrandbits(32)), Hash32(draw.randbytes(32)), draw.getrandbits(128))
        for _ in range(count)
    ]


def held_of(draw: random.Random, count: int) -> list[HeldEntry]:
    return [held_entry(RollupId(rollup), draw.randbytes(9)) for rollup in range(1, count + 1)]


@pytest.mark.parametrize("count", [*range(36), 255, 256, 257, 1_000])
@pytest.mark.parametrize("is_native", [True, False])
def test_root__of_any_count__is_that_of_the_tree(
    count: int, is_native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_native:
        monkeypatch.setattr(roots, "bulk", None)
    draw = random.Random(count)
    entries = entries_of(draw, count)
    for held in ([], held_of(draw, 1), held_of(draw, 3)):
        expected = transaction_root(leaf_hashes(entries, held))
        assert root_of_entries(entries, held) == expected


@needs_helper
def test_helper__bytes_of_another_length__are_an_error() -> None:
    assert native.bulk is not None
    with pytest.raises(ValueError, match="no whole number of 52"):
        native.bulk.leaves(bytes(53))
    with pytest.raises(ValueError, match="no whole number of 32"):
        native.bulk.root(bytes(33))
    with pytest.raises(TypeError):
        native.bulk.root("text")
