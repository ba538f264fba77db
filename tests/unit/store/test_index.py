"""The index of transactions: equal to a plain dict of first places, whatever happened between.

add
├── in a run that grows, in a run on disk, in merged ones → found where it was first
├── undone with its transaction → not there
└── the process ends, or the file is opened again → as before, from rows and blocks
ordered_lately
├── in one of the newest runs → known
├── older → not known here; `locate` finds it
└── a filter that says "may have" of everything → the same answers
"""

import random
import subprocess
import sys
import textwrap
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from sequencer.blocks.contents import transaction_keys
from sequencer.blocks.header import genesis
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.store import filter as filter_module
from sequencer.store import index as index_module
from sequencer.store.blocks import BlockStore, FinalizedBlock, Location
from sequencer.store.filter import CLEARING_STEPS
from sequencer.store.index import RECENT_RUNS, Key
from sequencer.types import Height, RollupId
from tests.unit.batches.builders import SEPARATOR, Step, next_block


def shrink_filter(set_attribute: Callable[[object, str, int], None] = setattr) -> None:
    """To about as many words for each transaction of a run as a real run has."""
    words = 1 << 9
    set_attribute(filter_module, "_WORDS", words)
    set_attribute(filter_module, "_MASK", words - 1)
    set_attribute(filter_module, "_SLICE_BYTES", 2 * words // CLEARING_STEPS)


@pytest.fixture(autouse=True)
def small_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink_filter(monkeypatch.setattr)


LENGTH = 16
"""Of a run here: a merge takes a step at each transaction."""
UNKNOWN = [(RollupId(1), keccak(b"unknown %d" % number)) for number in range(50)]


class Chain:
    """Blocks of transactions that are drawn from a few, and where each of them was first."""

    def __init__(self, seed: int, kinds: int = 1 << 30) -> None:
        self._random = random.Random(seed)
        self._kinds = kinds
        self._tip = genesis(SEPARATOR)
        self.first: dict[Key, Location] = {}

    @property
    def height(self) -> Height:
        return self._tip.height

    def next(self, most: int = 12) -> FinalizedBlock:
        segments = []
        for rollup in (1, 7):
            count = self._random.randrange(most)
            drawn = [b"%d" % self._random.randrange(self._kinds) for _ in range(count)]
            if drawn:
                segments.append((RollupId(rollup), drawn))
        block = next_block(self._tip, Step(payload=encode_payload(segments), elapsed_ms=1))
        self._tip = block.header
        keys = transaction_keys(block)
        for position, key in enumerate(keys):
            self.first.setdefault(key, Location(block.header.height, position))
        return FinalizedBlock(block, None, keys)


def check(store: BlockStore, first: dict[Key, Location], sample: int = 300) -> None:
    keys = random.Random(1).sample(sorted(first), min(sample, len(first)))
    for key in keys:
        assert store.locate(*key) == first[key]
    for rollup, tx_hash in keys[:20]:
        assert store.locate(RollupId(rollup + 1), tx_hash) is None
    assert [store.locate(*key) for key in UNKNOWN] == [None] * len(UNKNOWN)


def put_some(store: BlockStore, chain: Chain, count: int) -> None:
    """That many blocks, a few at once."""
    while count > 0:
        store.put_finalized([chain.next() for _ in range(min(3, count))])
        count -= 3


@pytest.mark.parametrize("kinds", [1 << 30, 400], ids=["all new", "many again"])
def test_locate__through_runs_and_merges__is_where_it_was_first(path: Path, kinds: int) -> None:
    chain, store = Chain(1, kinds), BlockStore(path, LENGTH)
    for _ in range(10):
        put_some(store, chain, 30)
        check(store, chain.first)
    index = store._index
    assert index._firsts[0] >= 16, "a merge is done"
    assert index._merged[0], "and another under way"
    assert index._run - index._firsts[0] >= RECENT_RUNS
    check(store, chain.first, len(chain.first))
    store.close()


def test_locate__merged_twice__is_found(path: Path) -> None:
    chain, store = Chain(2), BlockStore(path, LENGTH)
    while not (store._index._firsts[1] and store._index._merged[1]):
        store.put_finalized([chain.next(100) for _ in range(20)])
    check(store, chain.first, 2_000)
    store.close()
    store = BlockStore(path, LENGTH)
    check(store, chain.first, 2_000)
    rows = store._db.execute("SELECT count(*), sum(length(entries)) FROM transaction_runs")
    assert rows.fetchone()[0] < 256 * 48 + 4_096 * 32 + 65_536, "what was merged is deleted"
    store.close()


def test_merge__row_that_is_gone__is_a_fault_of_the_file(path: Path) -> None:
    chain, store = Chain(3), BlockStore(path, LENGTH)
    put_some(store, chain, 30)
    store._db.execute("DELETE FROM transaction_runs")
    with pytest.raises(LocalFault, match="of the runs of transactions is gone"):
        put_some(store, chain, 300)
    store.close()


@pytest.mark.parametrize("seed", range(3))
def test_locate__after_opening_again__is_as_before(path: Path, seed: int) -> None:
    chain, chance = Chain(seed, 900), random.Random(seed)
    for _ in range(12):
        store = BlockStore(path, LENGTH)
        check(store, chain.first)
        put_some(store, chain, chance.randrange(40))
        store.close()


def test_ordered_lately__knows_the_newest_runs(path: Path) -> None:
    chain, store = Chain(3), BlockStore(path, LENGTH)
    put_some(store, chain, 120)
    for _ in range(2):
        keys = sorted(chain.first, key=lambda key: chain.first[key])
        newest = keys[-LENGTH * RECENT_RUNS :]
        assert store.ordered_lately([*UNKNOWN, *newest, *UNKNOWN]) == set(newest)
        assert store.ordered_lately(keys[:100]) == set()
        assert store.ordered_lately([]) == set()
        elsewhere = [(RollupId(rollup + 1), tx_hash) for rollup, tx_hash in newest]
        assert store.ordered_lately(elsewhere) == set()
        store.close()
        store = BlockStore(path, LENGTH)
    store.close()


def test_filter__that_says_may_have_of_everything__changes_no_answer(path: Path) -> None:
    chain, store = Chain(4), BlockStore(path, LENGTH)
    put_some(store, chain, 100)
    keys = [*UNKNOWN, *chain.first]
    before = store.ordered_lately(keys)
    words = store._index._filter._words
    words[:] = array("H", [0xFFFF]) * len(words)
    assert before <= store.ordered_lately(keys) <= set(chain.first)
    check(store, chain.first)
    store.close()


def test_questions__of_rollups_that_no_block_can_name__have_no_answer(path: Path) -> None:
    chain, store = Chain(5), BlockStore(path, LENGTH)
    put_some(store, chain, 10)
    for most in (2**32, 2**64):
        keys = [(RollupId(most + rollup), tx_hash) for rollup, tx_hash in chain.first]
        assert store.ordered_lately(keys) == set()
        assert store.locate(*keys[0]) is None
    store.close()


def test_put__undone__leaves_nothing_in_the_index(path: Path) -> None:
    """Runs are written, and rows merged, in the transaction that is undone."""
    chain, store = Chain(6), BlockStore(path, LENGTH)
    put_some(store, chain, 90)
    kept = dict(chain.first)
    undone = [chain.next() for _ in range(90)]
    with pytest.raises(LocalFault, match="was finalized"):
        store.put_finalized([*undone, Chain(7).next()])
    check(store, kept)
    for key in set(chain.first) - set(kept):
        assert store.locate(*key) is None
    store.put_finalized(undone)
    check(store, chain.first)
    store.close()


def test_blocks__with_few_transactions__are_not_read_again_and_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unfinished run is written after so many blocks, and once more when it is full."""
    monkeypatch.setattr(index_module, "MOST_BLOCKS", 20)
    chain = Chain(7)
    for _ in range(15):
        store = BlockStore(path, 100)
        written = store._db.execute("SELECT height FROM indexed").fetchone()
        assert chain.height - (written[0] if written else 0) < 20
        check(store, chain.first)
        store.put_finalized([chain.next(2) for _ in range(17)])
        check(store, chain.first)
        store.close()


CHECKOUT = Path(__file__).parents[3]
CRASH = """
    import os, sys
    from pathlib import Path
    from sequencer.store.blocks import BlockStore
    from tests.unit.store.test_index import LENGTH, Chain, put_some, shrink_filter
    shrink_filter()
    chain, store = Chain(8, 500), BlockStore(Path(sys.argv[1]), LENGTH)
    count = int(sys.argv[2])
    put_some(store, chain, count)
    store._db.execute("BEGIN")
    store._index.add(count + 1, chain.next(200).transactions)
    os._exit(9)
"""


@pytest.mark.parametrize("count", [3, 60, 120])
def test_crash__of_the_process__loses_nothing_that_was_put(path: Path, count: int) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CRASH), str(path), str(count)]
    assert subprocess.run(command, check=False, cwd=CHECKOUT).returncode == 9
    chain = Chain(8, 500)
    blocks = [chain.next() for _ in range(count)]
    store = BlockStore(path, LENGTH)
    assert store.tip() == blocks[-1].block.header
    check(store, chain.first, len(chain.first))
    put_some(store, chain, 30)
    check(store, chain.first, len(chain.first))
    store.close()


def test_memory__of_a_long_chain__is_that_of_one_run(path: Path) -> None:
    chain, store = Chain(9), BlockStore(path, LENGTH)
    most = 0
    for _ in range(100):
        put_some(store, chain, 3)
        most = max(most, sum(map(len, store._index._buckets)))
    assert most < 44 * (LENGTH + 22)
    store.close()
