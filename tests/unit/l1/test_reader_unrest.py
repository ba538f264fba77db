"""Whatever happens to L1 between the calls of its reader, the final chain is handed on (L1-1)."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.l1.events import ReorgTooDeep
from sequencer.l1.rpc import L1Error, L1Unavailable
from tests.unit.l1.fake_l1 import FakeL1
from tests.unit.l1.recorder import START, Recorder, reader_of
from tests.unit.l1.test_view import Counters, count_event

HAPPENINGS = st.lists(
    st.tuples(
        st.integers(0, 12),  # calls before it happens
        st.one_of(
            st.lists(st.integers(0, 5), max_size=3),  # a block with these events
            st.tuples(st.integers(1, 6), st.integers(0, 7)),  # a reorg: depth, new blocks
            st.just("fault"),
        ),
    ),
    max_size=25,
)


class Unrest:
    """Makes things happen to an L1 between the calls of its reader."""

    def __init__(self, l1: FakeL1, happenings: list[tuple[int, object]]) -> None:
        self.l1 = l1
        self.happenings = list(happenings)
        self.wait = self.happenings[0][0] if happenings else 0

    def __call__(self, method: str) -> None:
        if not self.happenings:
            return
        if self.wait > 0:
            self.wait -= 1
            return
        happening = self.happenings.pop(0)[1]
        self.wait = self.happenings[0][0] if self.happenings else 0
        if happening == "fault":
            raise L1Unavailable("down")
        if isinstance(happening, tuple):
            depth, fresh = happening
            self.l1.reorg(depth)
            for number in range(fresh):
                self.mine([number % 6])
        else:
            self.mine(happening)

    def mine(self, kinds: object) -> None:
        counters = Counters()
        for block in self.l1.blocks:
            for event in block.events:
                count_event(counters, event)
        made = (counters.event(kind) for kind in kinds)  # type: ignore[attr-defined]
        self.l1.mine(*(event for event in made if event is not None))


@settings(max_examples=300, deadline=None)
@given(HAPPENINGS, st.sampled_from([8, 256]), st.integers(0, 40))
def test_reader__whatever_happens_between_its_calls__hands_on_the_final_chain(
    happenings: list[tuple[int, object]], window: int, before: int
) -> None:
    l1 = FakeL1()
    unrest = Unrest(l1, happenings)
    for number in range(before):
        unrest.mine([number % 6])
    l1.on_call = unrest
    sink = asyncio.run(follow(l1, unrest, window))
    expected = l1.blocks[START:]
    assert [b for b in sink.blocks if b.events] == [b for b in expected if b.events]
    recent = len(l1.blocks) - window - 1
    assert [b for b in sink.blocks if b.header.number >= recent] == [
        b for b in expected if b.header.number >= recent
    ]


async def follow(l1: FakeL1, unrest: Unrest, window: int) -> Recorder:
    """Advance until everything has happened and L1 has grown above all that was seen."""
    sink = Recorder()
    reader = reader_of(l1, sink, window=window, range_blocks=7)
    highest = 0
    while True:
        is_calm = not unrest.happenings
        highest = max(highest, len(l1.blocks))
        while is_calm and len(l1.blocks) <= highest:
            unrest.mine([0])
        try:
            await reader.advance()
        except ReorgTooDeep:  # several reorgs between two looks: start again, as a node does
            assert window == 8
            sink = Recorder()
            reader = reader_of(l1, sink, window=window, range_blocks=7)
        except L1Error:
            continue
        else:
            if is_calm:
                return sink
