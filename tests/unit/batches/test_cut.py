"""BATCH-1 to BATCH-3: where batches end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.codec import BLOCK_OVERHEAD_BYTES, decode_batch_data
from sequencer.batches.cut import BatchCutter, BatchParameters, CutBatch, genesis_cut
from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from tests.unit.batches.builders import SEPARATOR, Step, chain

PARAMETERS = BatchParameters(batch_bytes=2_000, batch_age_ms=1_000)


def cut_all(blocks: list[Block], terminal: frozenset[int] = frozenset()) -> list[CutBatch]:
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    found = (cutter.push(block, block.header.height in terminal) for block in blocks)
    return [batch for batch in found if batch is not None]


def ends(*steps: Step, terminal: frozenset[int] = frozenset()) -> list[int]:
    """The last heights of the batches."""
    return [cut.batch.last_height for cut in cut_all(chain(*steps), terminal)]


def test_push__nothing_ends_the_batch__none() -> None:
    assert ends(*[Step(elapsed_ms=10)] * 5) == []


def test_push__terminal_block__ends_it() -> None:
    assert ends(*[Step()] * 5, terminal=frozenset({2, 5})) == [2, 5]


def test_push__forced_message_consumed__ends_it() -> None:
    assert ends(Step(), Step(forced=1), Step(), Step(forced=2)) == [2, 4]


def test_push__forced_message_in_the_first_block_of_a_batch__ends_it() -> None:
    assert ends(Step(forced=1), Step(forced=1), Step()) == [1, 2]


@pytest.mark.parametrize(("elapsed", "expected"), [(499, []), (500, [3]), (501, [3])])
def test_push__age_of_the_first_block__ends_it_from_the_limit_on(
    elapsed: int, expected: list[int]
) -> None:
    assert ends(Step(elapsed_ms=9_000), Step(elapsed_ms=500), Step(elapsed_ms=elapsed)) == expected


def test_push__age__counts_from_the_first_block_of_each_batch() -> None:
    assert ends(*[Step(elapsed_ms=600)] * 9) == [3, 6, 9]


@pytest.mark.parametrize(("short_of", "expected"), [(1, []), (0, [2])])
def test_push__bytes__end_it_from_the_limit_on(short_of: int, expected: list[int]) -> None:
    framing = len(chain(Step(transactions=(b"x",)))[0].payload) - 1
    half = PARAMETERS.batch_bytes // 2 - BLOCK_OVERHEAD_BYTES - framing
    first, second = (
        Step(transactions=(b"x" * half,)),
        Step(transactions=(b"x" * (half - short_of),)),
    )
    assert ends(first, second) == expected


def test_s3_push__many_empty_blocks__are_cut_by_their_headers_bytes() -> None:
    """Without it a batch of tiny blocks could outgrow what L1 takes in one transaction."""
    assert ends(*[Step()] * 40) == [16, 32]


def test_push__block_with_a_gap__is_refused() -> None:
    blocks = chain(*[Step(elapsed_ms=1)] * 3)
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    cutter.push(blocks[0], is_terminal=False)
    with pytest.raises(LocalFault, match="does not follow"):
        cutter.push(blocks[2], is_terminal=False)


def test_push__block_on_another_parent__is_refused() -> None:
    blocks = chain(Step(elapsed_ms=1), Step())
    other = chain(Step(elapsed_ms=2), Step())
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    cutter.push(blocks[0], is_terminal=False)
    with pytest.raises(LocalFault, match="does not follow"):
        cutter.push(other[1], is_terminal=False)


def test_push__new_epoch_without_a_terminal_block__is_refused() -> None:
    blocks = chain(Step(epoch=1), Step(epoch=2))
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    cutter.push(blocks[0], is_terminal=False)
    with pytest.raises(LocalFault, match="terminal"):
        cutter.push(blocks[1], is_terminal=False)


STEPS = st.lists(
    st.builds(
        Step,
        transactions=st.lists(st.binary(min_size=1, max_size=900), max_size=2).map(tuple),
        elapsed_ms=st.integers(0, 700),
        origin_advance=st.integers(0, 1),
        forced=st.sampled_from([0, 0, 0, 1]),
    ),
    min_size=1,
    max_size=30,
)


@given(STEPS, st.sets(st.integers(1, 30)), st.integers(0, 30))
def test_cutter__restarted_at_its_tip__cuts_the_same(
    steps: list[Step], terminal: set[int], stop: int
) -> None:
    blocks = chain(*steps)
    expected = cut_all(blocks, frozenset(terminal))
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    cuts = [cutter.push(block, block.header.height in terminal) for block in blocks[:stop]]
    again = BatchCutter(cutter.tip, PARAMETERS)
    rest = blocks[cutter.tip.header.height :]
    cuts += [again.push(block, block.header.height in terminal) for block in rest]
    assert [cut for cut in cuts if cut is not None] == expected


@given(STEPS)
def test_batches__link_and_hold_what_their_data_says(steps: list[Step]) -> None:
    blocks = chain(*steps)
    parent_hash, parent_block, forced = SEPARATOR, SEPARATOR, 0
    height = 0
    for index, cut in enumerate(cut_all(blocks), start=1):
        batch, data = cut.batch, decode_batch_data(cut.data)
        assert (batch.index, batch.parent_hash) == (index, parent_hash)
        assert batch.first_height == data.first_height == height + 1
        assert data.parent_hash == parent_block
        last = data.blocks[-1].header
        assert (last.hash, last.height) == (batch.last_block_hash, batch.last_height)
        assert batch.forced_count == last.forced_count >= forced
        assert batch.data_hash == keccak(cut.data)
        assert len(cut.data) < PARAMETERS.batch_bytes + len(data.blocks[-1].payload) + 192
        parent_hash, parent_block = batch.hash, batch.last_block_hash
        height, forced = batch.last_height, batch.forced_count
