"""BATCH-1 to BATCH-3: where batches end; BATCH-6: how they are linked.

push (cutter)
├── ends a batch by bytes, age, a forced message, a terminal block; else goes on
└── a block that does not follow: refused
link (chain)
├── no blob form: linked at once, unless a batch before waits
├── a blob form: waits for its versioned hashes, and all after it wait
└── in whatever order hashes come and cuts come, the batches are the same
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash
from sequencer.batches.codec import BLOCK_OVERHEAD_BYTES, decode_batch_data, encode_batch_data
from sequencer.batches.cut import (
    MAX_BLOCKS,
    BatchChain,
    BatchCutter,
    BatchParameters,
    Cut,
    genesis_cut,
)
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import LocalFault
from sequencer.types import ZERO_HASH, Hash32
from tests.unit.batches.builders import SEPARATOR, Step, chain

PARAMETERS = BatchParameters(batch_bytes=2_000, batch_age_ms=1_000, blob_bytes_min=700)


def cut_all(blocks: list[Block], terminal: frozenset[int] = frozenset()) -> list[Cut]:
    cutter = BatchCutter(genesis_cut(SEPARATOR), PARAMETERS)
    found = (cutter.push(block, block.header.height in terminal) for block in blocks)
    return [batch for batch in found if batch is not None]


def hashes_of(cut: Cut) -> list[Hash32]:
    """Versioned hashes of the batch, as good as any for linking."""
    return [keccak(b"blob", word(cut.index))]


def link_all(cuts: list[Cut]) -> list[Batch]:
    chain_ = BatchChain(SEPARATOR)
    found = []
    for cut in cuts:
        found += chain_.push(cut)
        if cut.has_blobs:
            found += chain_.seal(hashes_of(cut))
    return found


def ends(*steps: Step, terminal: frozenset[int] = frozenset()) -> list[int]:
    """The last heights of the batches."""
    return [cut.last.height for cut in cut_all(chain(*steps), terminal)]


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


def test_push__as_many_blocks_as_l1_takes_headers__end_it() -> None:
    """Without it nobody could show L1 what stands in the first ones."""
    cutter = BatchCutter(genesis_cut(SEPARATOR), BatchParameters(1 << 20, 1_000_000, 1 << 20))
    blocks = chain(*[Step()] * (2 * MAX_BLOCKS + 1))
    found = [cut for block in blocks if (cut := cutter.push(block, is_terminal=False)) is not None]
    assert [cut.last.height for cut in found] == [MAX_BLOCKS, 2 * MAX_BLOCKS]


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
    for index, batch in enumerate(link_all(cut_all(blocks)), start=1):
        raw = encode_batch_data(blocks[height : batch.last_height])
        data = decode_batch_data(raw)
        assert (batch.index, batch.parent_hash) == (index, parent_hash)
        assert batch.first_height == data.first_height == height + 1
        assert data.parent_hash == parent_block
        last = data.blocks[-1].header
        assert (last.hash, last.height) == (batch.last_block_hash, batch.last_height)
        assert batch.forced_count == last.forced_count >= forced
        assert batch.data_hash == keccak(raw)
        assert batch.usage_hash == keccak(usage_of(data.blocks))
        assert (batch.blobs_hash != ZERO_HASH) == (len(raw) >= PARAMETERS.blob_bytes_min)
        assert len(raw) < PARAMETERS.batch_bytes + len(data.blocks[-1].payload) + 192
        parent_hash, parent_block = batch.hash, batch.last_block_hash
        height, forced = batch.last_height, batch.forced_count


BIG, SMALL = Step(transactions=(b"x" * 2_000,)), Step(transactions=(b"x" * 100,), forced=1)


def test_link__batch_with_blobs__waits_and_those_after_it_wait() -> None:
    small, big, after = cut_all(chain(SMALL, BIG, SMALL))
    assert [cut.has_blobs for cut in (small, big, after)] == [False, True, False]
    linked = BatchChain(SEPARATOR)
    assert [batch.index for batch in linked.push(small)] == [1]
    assert linked.push(big) == linked.push(after) == []
    assert linked.waiting == big
    second, third = linked.seal(hashes_of(big))
    assert linked.waiting is None
    assert second.blobs_hash == blobs_hash(hashes_of(big))
    assert (third.parent_hash, third.blobs_hash) == (second.hash, ZERO_HASH)


@given(STEPS, st.lists(st.booleans(), max_size=60))
def test_link__whenever_hashes_come__the_batches_are_the_same(
    steps: list[Step], is_sealed: list[bool]
) -> None:
    cuts = cut_all(chain(*steps))
    linked, late = BatchChain(SEPARATOR), []
    for cut, seal in zip(cuts, is_sealed + [False] * len(cuts), strict=False):
        late += linked.push(cut)
        if seal and linked.waiting is not None:
            late += linked.seal(hashes_of(linked.waiting))
    while linked.waiting is not None:
        late += linked.seal(hashes_of(linked.waiting))
    assert late == link_all(cuts)
