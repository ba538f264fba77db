"""An executor that follows its rollup through voids and reorgs ends where one that starts
afterwards does (DERIVE-16, DERIVE-17)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.derivation import follower_client
from sequencer.derivation.execution import Execution
from sequencer.derivation.held import HeldMissing
from sequencer.derivation.rollup_reader import RollupReader, Step
from sequencer.errors import LocalFault
from sequencer.l1.events import DataAnswered, DataVoided
from sequencer.types import Hash32
from tests.unit.derivation.test_rollup_reader import ONE, Served, served, serving
from tests.unit.derivation.worlds import Committee, held, transaction

__all__ = ["served"]
A, B, C, D, E = (transaction(nonce) for nonce in range(5))


@dataclass
class Listing:
    """A rollup whose state is what it has executed."""

    steps: list[Step] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    after: dict[int, Callable[[], Coroutine[None, None, None]]] = field(default_factory=dict)
    """What happens on L1 right after an entry was executed."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def execute(self, step: Step) -> None:
        assert step.entry.index == len(self.steps)
        self.steps.append(step)
        if step.entry.index in self.after:
            self.tasks.append(asyncio.create_task(self.after.pop(step.entry.index)()))

    def go_back(self, index: int) -> None:
        assert index < len(self.steps)
        del self.steps[index:]
        self.undone.append(index)

    @property
    def state(self) -> list[bytes]:
        done = [found for step in self.steps for found in step.transactions]
        return [found.raw for found in done if found.skipped is None]


class Executor:
    """With its own reader, closed by `close`."""

    def __init__(self, served: Served) -> None:
        self.reader = RollupReader(served.follower, ONE, [served.node])
        self.rollup = Listing()
        self.execution = Execution(self.reader, self.rollup)

    async def state(self) -> list[bytes]:
        await self.execution.catch_up()
        return self.rollup.state


async def fresh(served: Served) -> list[bytes]:
    executor = Executor(served)
    try:
        return await executor.state()
    finally:
        await executor.reader.close()


@pytest.fixture
async def executor(served: Served) -> AsyncIterator[Executor]:
    made = Executor(served)
    yield made
    await made.reader.close()


async def test_void_after_execution__is_as_if_it_had_been_empty(
    served: Served, executor: Executor
) -> None:
    segment, data = held(1, B, C)
    served.hold(data)
    await served.commit(A)
    id_ = await served.commit(segment=segment)
    await served.commit(D)
    assert await executor.state() == [A, B, C, D]
    await served.world.see(DataVoided(id_, ONE))
    await served.commit(E)
    assert await executor.state() == await fresh(served) == [A, D, E]
    assert executor.rollup.undone == [1]


async def test_mark_gone_with_a_reorg__the_segment_is_executed(
    served: Served, executor: Executor
) -> None:
    """The mark was read, and the other branch has the answer."""
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(segment=segment)
    await served.world.see(DataVoided(id_, ONE))
    assert await executor.state() == []
    await served.world.following.rollback_to(served.world.number - 1)
    assert await executor.state() == await fresh(served) == [B]
    await served.world.see(DataAnswered(id_, data))
    await served.commit(C)
    assert await executor.state() == await fresh(served) == [B, C]


async def test_mark_gone_before_it_was_read__the_segment_is_executed(
    served: Served, executor: Executor
) -> None:
    """Data of an entry in between is missing, so the mark ahead was seen, and not read."""
    (segment, data), (missing, later) = held(1, B), held(1, D)
    id_ = await served.commit(segment=segment)
    await served.commit(segment=missing)
    await served.world.see(DataVoided(id_, ONE))
    with pytest.raises(HeldMissing, match="entry 1 "):
        await executor.state()
    assert len(executor.rollup.steps) == 1
    await served.world.following.rollback_to(served.world.number - 1)
    served.hold(data)
    with pytest.raises(HeldMissing, match="entry 1 "):
        await executor.state()
    assert executor.rollup.state == [B]
    served.hold(later)
    assert await executor.state() == [B, D]


async def test_another_entry_in_the_place_of_the_mark__the_segment_is_executed(
    served: Served, executor: Executor
) -> None:
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(segment=segment)
    await served.world.see(DataVoided(id_, ONE))
    assert await executor.state() == []
    await served.world.following.rollback_to(served.world.number - 1)
    await served.commit(C)
    assert await executor.state() == await fresh(served) == [B, C]


async def test_mark_gone_while_it_was_on_the_way_there__the_segment_is_executed(
    served: Served, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L1 goes back between two pages, of which the first says that its segment is void."""
    monkeypatch.setattr(follower_client, "PAGE", 2)
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(segment=segment)
    await served.commit(A)
    await served.world.see(DataVoided(id_, ONE))

    async def go_back() -> None:
        await served.world.following.rollback_to(served.world.number - 1)
        await served.commit(C)

    executor.rollup.after = {1: go_back}
    assert await executor.state() == await fresh(served) == [B, A, C]
    assert executor.rollup.undone == [0]


async def test_missing_data__waits_and_goes_on_with_the_answer(
    served: Served, executor: Executor
) -> None:
    segment, data = held(1, B)
    await served.commit(A)
    id_ = await served.commit(segment=segment)
    await served.commit(C)
    for _ in range(2):
        with pytest.raises(HeldMissing, match=f"entry 1 of rollup 1, id 0x{id_.hex()}, waits"):
            await executor.state()
        assert executor.rollup.state == [A]
    await served.world.see(DataAnswered(id_, data))
    assert await executor.state() == await fresh(served) == [A, B, C]


async def test_settled_entries__are_forgotten_and_must_not_change(
    served: Served, executor: Executor
) -> None:
    """DATA-6."""
    segment, data = held(1, B)
    served.hold(data)
    id_ = await served.commit(A, segment=segment)
    await served.commit(C)
    await executor.state()
    executor.execution.settle(2)
    assert len(executor.execution._done) == 1
    await served.commit(D)
    assert await executor.state() == [A, B, C, D]
    await served.world.see(DataVoided(id_, ONE))
    with pytest.raises(LocalFault, match="entry 1 has changed"):
        await executor.state()


async def test_settled_as_void_before_the_mark_was_read__stays_so(
    served: Served, executor: Executor
) -> None:
    (segment, _), (missing, later) = held(1, B), held(1, D)
    id_ = await served.commit(segment=segment)
    await served.commit(segment=missing)
    await served.world.see(DataVoided(id_, ONE))
    with pytest.raises(HeldMissing, match="entry 1 "):
        await executor.state()
    executor.execution.settle(1)
    served.hold(later)
    assert await executor.state() == [D]


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("batch")),
        st.tuples(st.just("held")),
        st.tuples(st.just("void"), st.integers(0, 5)),
        st.tuples(st.just("show"), st.integers(0, 5)),
        st.tuples(st.just("back"), st.integers(1, 3)),
        st.tuples(st.just("run")),
    ),
    min_size=4,
    max_size=20,
)


@dataclass
class History:
    """L1 blocks that hold one thing each, and go away again."""

    served: Served
    segments: dict[Hash32, tuple[bytes, bytes]] = field(default_factory=dict)
    """Raw transaction and data, by id."""
    blocks: list[tuple[Committee, bytes | Hash32, str]] = field(default_factory=list)
    """The committee before it; a raw transaction or an id; and what happened."""

    async def play(self, move: tuple[object, ...]) -> None:
        world = self.served.world
        before = replace(world.committee)
        raw = transaction(len(self.blocks))
        ids = [found for _, found, kind in self.blocks if kind == "held"]
        voids = [found for _, found, kind in self.blocks if kind == "void"]
        waiting = [found for found in ids if found not in voids]
        match move:
            case ("batch",):
                await self.served.commit(raw)
                self.blocks.append((before, raw, "batch"))
            case ("held",):
                segment, data = held(1, raw)
                id_ = await self.served.commit(segment=segment)
                self.segments[id_] = raw, data
                self.blocks.append((before, id_, "held"))
            case ("void", int(choice)) if waiting:
                id_ = Hash32(waiting[choice % len(waiting)])
                await world.see(DataVoided(id_, ONE))
                self.blocks.append((before, id_, "void"))
            case ("show", int(choice)) if waiting:
                self.served.hold(self.segments[Hash32(waiting[choice % len(waiting)])][1])
            case ("back", int(depth)) if depth <= len(self.blocks):
                await world.following.rollback_to(world.number - depth)
                world.number -= depth
                world.committee = self.blocks[-depth][0]
                del self.blocks[-depth:]

    def expected(self) -> list[bytes]:
        voids = [found for _, found, kind in self.blocks if kind == "void"]
        return [
            found if kind == "batch" else self.segments[Hash32(found)][0]
            for _, found, kind in self.blocks
            if kind != "void" and found not in voids
        ]


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_any_history__ends_as_a_fresh_start_does(moves: list[tuple[object, ...]]) -> None:
    async def play(folder: Path) -> None:
        async with serving(folder) as served:
            history, executor = History(served), Executor(served)
            for move in moves:
                await history.play(move)
                if move == ("run",):
                    with suppress(HeldMissing):
                        await executor.execution.catch_up()
            for _, data in history.segments.values():
                served.hold(data)
            assert await executor.state() == await fresh(served) == history.expected()
            await executor.reader.close()

    with TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))
