"""Random L1 histories with reorgs, against a plain reading of DERIVE-3 to DERIVE-11, DERIVE-15 and
DERIVE-16."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.blocks.header import Header
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.derivation.entries import Entry
from sequencer.l1.events import (
    BatchCommitted,
    BatchPosted,
    DataVoided,
    Event,
    ForceIncluded,
    L1Block,
    MessageEnqueued,
    ModeAnnounced,
    RollupMode,
)
from sequencer.types import ZERO_HASH, Hash32, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import (
    GARBAGE,
    Committee,
    held,
    held_id,
    message,
    transaction,
)
from tests.unit.l1.chains import (
    SECONDS,
    announced,
    block,
    branch_on,
    forced,
    posted,
    registered,
)

ONE, TWO = RollupId(1), RollupId(2)
REGISTERED = (registered(1, 7001, holds_data=True), registered(2, 7002))
A, B = transaction(0), transaction(1)
OTHER = transaction(0, chain_id=7002)
POST, OTHER_POST = (encode_payload([(rollup, [A, OTHER])]) for rollup in (ONE, TWO))
DELAYS = (1, SECONDS - 1, SECONDS, SECONDS + 1, 2 * SECONDS)
HELD = held(1, B)[0], held(2, OTHER)[0]
"""Of a rollup that holds its data, and of one that does not. In every block, after its three
transactions."""
VOID_AT_TIMES = st.sampled_from([False, False, False, True])
Timed = tuple[int, Event]
"""An event with the time of its L1 block."""
Listed = tuple[int, bytes, bytes]
"""Rollup, raw transaction, and hash in the list."""

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("enqueue"), st.sampled_from([A, B, GARBAGE, OTHER]), st.integers(1, 2)),
        st.tuples(st.just("force"), st.integers(1, 3)),
        st.tuples(st.just("batch"), st.integers(0, 3), VOID_AT_TIMES, st.integers(1, 2)),
        st.tuples(st.just("post"), st.sampled_from([b"", POST, OTHER_POST]), st.integers(1, 2)),
        st.tuples(st.just("announce"), st.sampled_from(RollupMode), st.sampled_from(DELAYS)),
        st.tuples(st.just("void"), st.integers(0, 9)),
        st.tuples(st.just("mine")),
        st.tuples(st.just("mine")),
        st.tuples(st.just("reorg"), st.integers(0, 4)),
    ),
    min_size=8,
    max_size=40,
)


class World:
    """A random L1 history: blocks of events on a branch that changes."""

    def __init__(self) -> None:
        self.blocks = [block(0, *REGISTERED)]
        self.pending: list[Event] = []
        self.branch = 0

    def history(self) -> list[Timed]:
        next_time = self.blocks[-1].header.timestamp + SECONDS
        return timed(self.blocks) + [(next_time, event) for event in self.pending]

    def play(self, move: tuple[object, ...]) -> None:
        events = [event for _, event in self.history()]
        queue = [event for event in events if isinstance(event, MessageEnqueued)]
        taken = plain_reading(self.history())[1]
        match move:
            case ("enqueue", bytes(raw), int(rollup)):
                self.pending.append(message(len(queue), raw, rollup))
            case ("force", int(count)) if taken < len(queue):
                self.pending.append(forced(taken, min(len(queue), taken + count)))
            case ("batch", int(count), bool(is_void), int(blocks)):
                self.pending.append(self._batch(len(queue), count, is_void, blocks))
            case ("post", bytes(data), int(rollup)):
                posts = [e for e in events if isinstance(e, BatchPosted) and e.rollup_id == rollup]
                self.pending.append(posted(rollup, len(posts), data))
            case ("announce", RollupMode() as mode, int(delay)):
                now = self.blocks[-1].header.timestamp + SECONDS
                self.pending.append(announced(1, mode, now + delay))
            case ("void", int(choice)):
                waiting = challengeable(events)
                if waiting:
                    rollup, _, id_ = waiting[choice % len(waiting)]
                    self.pending.append(DataVoided(Hash32(id_), RollupId(rollup)))
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
        for _, event in self.history():
            if isinstance(event, BatchCommitted):
                assert event.call is not None
                committee.index = event.index
                committee.batch_hash = event.batch_hash
                committee.last = HEADERS[event.call.batch.last_block_hash]
        made = []
        for number in range(blocks):
            more = min(count, queue - committee.last.forced_count) if number == 0 else 0
            segments = (1, [A, GARBAGE]), (2, [OTHER])
            made.append(committee.block(*segments, held=HELD, forced=max(0, more)))
            HEADERS[committee.last.hash] = committee.last
        batch = committee.commit(*made, data=b"" if is_void else None)
        SEGMENTS[batch.batch_hash] = [
            [
                (one.rollup, b"", held_id(block, at, one, batch.index))
                for at, one in enumerate(HELD, 3)
            ]
            for block in made
        ]
        return batch


HEADERS: dict[bytes, Header] = {}
SEGMENTS: dict[bytes, list[list[Listed]]] = {}
"""The held segments of each block of a batch, by its hash."""


def challengeable(events: list[Event]) -> list[Listed]:
    """The held segments of committed batches that are not void yet. L1 cannot tell whether the
    batch is."""
    voids = {event.id for event in events if isinstance(event, DataVoided)}
    batches = [event.batch_hash for event in events if isinstance(event, BatchCommitted)]
    segments = [one for batch in batches for block in SEGMENTS[batch] for one in block]
    return [one for one in segments if one[2] not in voids]


def timed(blocks: list[L1Block]) -> list[Timed]:
    return [(known.header.timestamp, event) for known in blocks for event in known.events]


def is_away(history: list[Timed], now: int) -> bool:
    """Whether the committee does not order rollup 1 at a time: the last announcement counts that
    was in effect by then, and was not replaced before it was."""
    made = [(time, event) for time, event in history if isinstance(event, ModeAnnounced)]
    replaced = [*(time for time, _ in made[1:]), now]
    counting = [
        event.mode
        for (_, event), until in zip(made, replaced, strict=False)
        if event.effective_at <= min(now, until)
    ]
    return bool(counting) and counting[-1] is not RollupMode.SHARED


def plain_reading(history: list[Timed]) -> tuple[list[Listed], int]:
    """Every entry in order, and how many messages are consumed, read off the rules without a state
    machine: DERIVE-3 to DERIVE-5, DERIVE-10, DERIVE-11, DERIVE-15 and DERIVE-16."""
    listed: list[Listed] = []
    messages: list[Listed] = []
    taken = 0
    for at, (now, event) in enumerate(history):
        match event:
            case MessageEnqueued():
                messages.append(plain(event.rollup_id, event.content))
            case ForceIncluded():
                listed += messages[taken : event.up_to]
                taken = max(taken, event.up_to)
            case BatchPosted() if event.data in (POST, OTHER_POST):
                if event.data == (POST if event.rollup_id == 1 else OTHER_POST):
                    listed += [plain(event.rollup_id, A), plain(event.rollup_id, OTHER)]
            case DataVoided():
                listed.append((event.rollup_id, b"", keccak(b"\x03", event.id)))
            case BatchCommitted():
                assert event.call is not None
                batch = event.call.batch
                listed += messages[taken : batch.forced_count]
                taken = max(taken, batch.forced_count)
                for segments in SEGMENTS[event.batch_hash] if event.call.data else ():
                    found = [plain(1, A), plain(1, GARBAGE), plain(2, OTHER), *segments]
                    is_out = is_away(history[:at], now)
                    listed += [one for one in found if not (is_out and one[0] == 1)]
    return listed, taken


def plain(rollup: int, raw: bytes) -> Listed:
    return rollup, raw, keccak(raw)


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
    expected, _ = plain_reading(timed(seen))
    assert [(e.rollup_id, e.transaction, e.transaction_hash) for e in listed] == expected
    for rollup, chain_raws in ((ONE, (A, B)), (TWO, (OTHER,))):
        running = ZERO_HASH
        mine = [entry for entry in listed if entry.rollup_id == rollup]
        for entry in mine:
            is_held_here = entry.held is not None and rollup == ONE
            is_included = is_held_here or entry.voids is not None or entry.transaction in chain_raws
            assert (entry.skipped is None) == is_included
            if entry.skipped is None:
                running = keccak(running, entry.transaction_hash)
            assert entry.running_hash == running
        assert [entry.index for entry in mine] == list(range(len(mine)))
        posts = [event for _, event in timed(seen) if isinstance(event, BatchPosted)]
        count = sum(1 for event in posts if event.rollup_id == rollup)
        assert deriver.rollup(rollup) == RollupState(len(mine), running, count)
