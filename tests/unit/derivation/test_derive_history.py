"""Random L1 histories with reorgs, against a plain reading of DERIVE-3 to DERIVE-9."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.blocks.header import Header
from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.derivation.entries import Entry
from sequencer.l1.events import BatchCommitted, Event, L1Block
from sequencer.types import ZERO_HASH, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import GARBAGE, Committee, message, transaction
from tests.unit.l1.chains import block, branch_on, forced, registered

ONE, TWO = RollupId(1), RollupId(2)
REGISTERED = (registered(1, 7001), registered(2, 7002))
A, B = transaction(0), transaction(1)
OTHER = transaction(0, chain_id=7002)

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("enqueue"), st.sampled_from([A, B, GARBAGE, OTHER]), st.integers(1, 2)),
        st.tuples(st.just("force"), st.integers(1, 3)),
        st.tuples(st.just("batch"), st.integers(0, 3), st.booleans(), st.integers(1, 2)),
        st.tuples(st.just("mine")),
        st.tuples(st.just("reorg"), st.integers(0, 4)),
    ),
    max_size=30,
)


class World:
    """A random L1 history: blocks of events on a branch that changes."""

    def __init__(self) -> None:
        self.blocks = [block(0, *REGISTERED)]
        self.pending: list[Event] = []
        self.branch = 0

    def history(self) -> list[Event]:
        return [event for known in self.blocks for event in known.events] + self.pending

    def play(self, move: tuple[object, ...]) -> None:
        queue = [event for event in self.history() if type(event).__name__ == "MessageEnqueued"]
        taken = plain_reading(self.history())[1]
        match move:
            case ("enqueue", bytes(raw), int(rollup)):
                self.pending.append(message(len(queue), raw, rollup))
            case ("force", int(count)) if taken < len(queue):
                self.pending.append(forced(taken, min(len(queue), taken + count)))
            case ("batch", int(count), bool(is_void), int(blocks)):
                self.pending.append(self._batch(len(queue), count, is_void, blocks))
            case ("mine",):
                parent = self.blocks[-1].header
                self.blocks += branch_on(parent, str(self.branch), [tuple(self.pending)])
                self.pending = []
            case ("reorg", int(depth)):
                self.blocks = self.blocks[: max(1, len(self.blocks) - depth)]
                self.pending = []
                self.branch += 1

    def _batch(self, queue: int, count: int, is_void: bool, blocks: int) -> BatchCommitted:
        committee = Committee()
        for event in self.history():
            if isinstance(event, BatchCommitted):
                assert event.call is not None
                committee.index = event.index
                committee.batch_hash = event.batch_hash
                committee.last = HEADERS[event.call.batch.last_block_hash]
        made = []
        for number in range(blocks):
            more = min(count, queue - committee.last.forced_count) if number == 0 else 0
            made.append(committee.block((1, [A, GARBAGE]), (2, [OTHER]), forced=max(0, more)))
            HEADERS[committee.last.hash] = committee.last
        return committee.commit(*made, data=b"" if is_void else None)


HEADERS: dict[bytes, Header] = {}


def plain_reading(history: list[Event]) -> tuple[list[tuple[int, bytes]], int]:
    """(rollup, raw) of every entry in order, and how many messages are consumed, read off the
    rules without a state machine: DERIVE-3 to DERIVE-5."""
    listed: list[tuple[int, bytes]] = []
    messages: list[tuple[int, bytes]] = []
    taken = 0
    for event in history:
        match type(event).__name__:
            case "MessageEnqueued":
                messages.append((event.rollup_id, event.content))  # type: ignore[union-attr]
            case "ForceIncluded":
                listed += messages[taken : event.up_to]  # type: ignore[union-attr]
                taken = max(taken, event.up_to)  # type: ignore[union-attr]
            case "BatchCommitted":
                batch = event.call.batch  # type: ignore[union-attr]
                listed += messages[taken : batch.forced_count]
                taken = max(taken, batch.forced_count)
                if event.call.data:  # type: ignore[union-attr]
                    blocks = batch.last_height - batch.first_height + 1
                    listed += [(1, A), (1, GARBAGE), (2, OTHER)] * blocks
    return listed, taken


@settings(max_examples=150, deadline=None)
@given(MOVES)
def test_deriver__any_history_with_reorgs__is_the_plain_reading_of_the_last_branch(
    moves: list[tuple[object, ...]],
) -> None:
    world, deriver = World(), Deriver(SEPARATOR)
    listed: list[Entry] = []
    seen: list[L1Block] = []
    for move in [*moves, ("mine",)]:
        world.play(move)
        common = 0
        while common < min(len(seen), len(world.blocks)) and seen[common] == world.blocks[common]:
            common += 1
        if common < len(seen):
            number = seen[common - 1].header.number if common else -1
            deriver.rollback_to(number)
            listed = [entry for entry in listed if entry.l1_block <= number]
        for added in world.blocks[common:]:
            listed += [o for o in deriver.extend(added) if isinstance(o, Entry)]
        seen = list(world.blocks)
    expected, _ = plain_reading([event for known in seen for event in known.events])
    assert [(entry.rollup_id, entry.transaction) for entry in listed] == expected
    for rollup, chain_raws in ((ONE, (A, B)), (TWO, (OTHER,))):
        running = ZERO_HASH
        mine = [entry for entry in listed if entry.rollup_id == rollup]
        for entry in mine:
            assert (entry.skipped is None) == (entry.transaction in chain_raws)
            if entry.skipped is None:
                running = keccak(running, keccak(entry.transaction))
            assert entry.running_hash == running
        assert [entry.index for entry in mine] == list(range(len(mine)))
        assert deriver.rollup(rollup) == RollupState(len(mine), running)
