"""From L1 to the canonical list of each rollup (DERIVE-1 to DERIVE-16), a pure function.

The deriver takes L1 blocks in order, hands out the entries they add and keeps none of them. It
remembers how to undo each of the last blocks, so that it can go back through a reorg.

Bounds: the messages not consumed before the window; for each rollup two counts, a hash and its last
mode; for each block of the window what it changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sequencer.blocks.header import Block
from sequencer.blocks.payload import decode_payload, decode_segment
from sequencer.crypto.hashing import keccak
from sequencer.derivation.committed import linked_blocks
from sequencer.derivation.entries import (
    DerivedBatch,
    DerivedPost,
    Entry,
    Output,
    QueuedMessage,
    Source,
)
from sequencer.derivation.found import Found, VoidMark, hash_of, held_segment, judge
from sequencer.errors import DecodeError, PeerFault
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchCommitted,
    BatchPosted,
    DataVoided,
    Event,
    ForceIncluded,
    L1Block,
    MessageEnqueued,
    ModeAnnounced,
    ModeCancelled,
    ReorgTooDeep,
    RollupMode,
    RollupRegistered,
)
from sequencer.l1.modes import ModeHistory, Modes, based_after
from sequencer.types import ZERO_HASH, BatchIndex, Hash32, Height, RollupId

WINDOW = 256
"""DERIVE-9: blocks that can be undone."""


@dataclass(frozen=True, slots=True)
class _Tip:
    """DERIVE-2, but for the rollups and the messages themselves."""

    number: int
    timestamp: int
    """Of L1 block `number`, in seconds."""
    last_hash: Hash32
    height: Height
    last_index: BatchIndex
    queue_length: int = 0
    consumed: int = 0
    based_until: int = 0


@dataclass(frozen=True, slots=True)
class RollupState:
    """How far a rollup's list has come."""

    entries: int = 0
    running_hash: Hash32 = ZERO_HASH
    posts: int = 0


@dataclass(slots=True)
class _Undo:
    """What was before the block that follows `tip`."""

    tip: _Tip
    rollups: dict[RollupId, RollupState | None] = field(default_factory=dict)
    registered: list[RollupId] = field(default_factory=list)


class Deriver:
    """Derives every rollup, or `only` one: the lists do not depend on each other."""

    def __init__(
        self, separator: Hash32, only: RollupId | None = None, window: int = WINDOW
    ) -> None:
        # ENC-9: the separator is the hash of block 0.
        self._tip = _Tip(-1, 0, separator, Height(0), BatchIndex(0))
        self._only = only
        self._window = window
        self._undo: list[_Undo] = []
        self._messages: dict[int, MessageEnqueued] = {}
        self._registered: dict[RollupId, RollupRegistered] = {}
        self._rollups: dict[RollupId, RollupState] = {}
        self._modes = ModeHistory()

    @property
    def number(self) -> int:
        """The last L1 block taken; -1 before the first."""
        return self._tip.number

    @property
    def timestamp(self) -> int:
        """Of that block, in seconds."""
        return self._tip.timestamp

    @property
    def based_until(self) -> int:
        """FALLBACK-1, in seconds."""
        return self._tip.based_until

    @property
    def chain_ids(self) -> dict[RollupId, int]:
        """The rollups that are derived and registered, with their chain ids."""
        return {
            known: found.chain_id
            for known, found in self._registered.items()
            if self._is_wanted(known)
        }

    def rollup(self, rollup_id: RollupId) -> RollupState:
        return self._rollups.get(rollup_id, RollupState())

    def modes(self, rollup_id: RollupId) -> Modes:
        return self._modes.at(rollup_id, self._tip.number)

    def extend(self, block: L1Block) -> list[Output]:
        """Take the next L1 block (gaps hold nothing of the deployment); what it adds, in order.

        Raises `PeerFault`, and changes nothing, if the events do not follow the ones before:
        then the endpoint left some out.
        """
        number = block.header.number
        if number <= self._tip.number:
            raise PeerFault(f"L1 block {number} does not follow {self._tip.number}")
        self._undo.append(_Undo(self._tip))
        self._tip = replace(self._tip, number=number, timestamp=block.header.timestamp)
        try:
            outputs = [output for event in block.events for output in self._apply(event)]
        except PeerFault:
            self._undo_last()
            raise
        self._prune()
        return outputs

    def rollback_to(self, number: int) -> None:
        """Return to the state after block `number` (DERIVE-9); raises `ReorgTooDeep`."""
        if self._undo and number < self._undo[0].tip.number:
            raise ReorgTooDeep(
                f"L1 reorg to block {number} is below block {self._undo[0].tip.number},"
                f" the oldest of {self._window} that are kept (DERIVE-9)"
            )
        while self._tip.number > number:
            self._undo_last()

    # --- events ---

    def _apply(self, event: Event) -> Iterator[Output]:
        """DERIVE-1: every other event is nothing to derivation."""
        match event:
            case RollupRegistered():
                _expect("rollup", event.rollup_id, len(self._registered) + 1)
                self._registered[event.rollup_id] = event
                self._undo[-1].registered.append(event.rollup_id)
            case ModeAnnounced() | ModeCancelled():
                self._modes.note(event, self._tip.number, self._tip.timestamp)
            case BasedEntered() | BasedEnding():
                until = based_after(self._tip.based_until, event)
                self._tip = replace(self._tip, based_until=until)
            case MessageEnqueued():
                yield from self._enqueue(event)
            case ForceIncluded():  # DERIVE-3
                _expect("forced message", event.first, self._tip.consumed)
                yield from self._consume(event.up_to, None)
            case BatchCommitted():
                yield from self._batch(event)
            case BatchPosted():
                yield from self._post(event)
            case DataVoided() if self._is_wanted(event.rollup_id):  # DERIVE-16
                mark = VoidMark(event.id)
                yield self._append(
                    Found(event.rollup_id, mark, Source.VOID, self._tip.number, None)
                )

    def _batch(self, event: BatchCommitted) -> Iterator[Output]:
        """DERIVE-4 and DERIVE-5."""
        _expect("batch", event.index, self._tip.last_index + 1)
        if event.call is None or event.call.batch.hash != event.batch_hash:
            raise PeerFault(f"L1 shows batch {event.index} without the calldata it was made of")
        batch, void = event.call.batch, None
        try:
            blocks = linked_blocks(batch, event.call.data, self._tip.last_hash, self._tip.height)
        except DecodeError as error:
            blocks, void = (), str(error)
        for block in blocks:
            yield from self._consume(block.header.forced_count, batch.index)
            yield from self._contents(block, batch.index)
        yield from self._consume(batch.forced_count, batch.index)
        self._tip = replace(
            self._tip,
            last_hash=batch.last_block_hash,
            height=batch.last_height,
            last_index=batch.index,
        )
        yield DerivedBatch(
            batch.index, batch.first_height, batch.last_height, self._tip.number, void
        )

    def _enqueue(self, event: MessageEnqueued) -> Iterator[QueuedMessage]:
        _expect("message", event.index, self._tip.queue_length)
        self._messages[event.index] = event
        self._tip = replace(self._tip, queue_length=event.index + 1)
        if self._is_wanted(event.rollup_id):
            yield QueuedMessage(
                index=event.index,
                rollup_id=event.rollup_id,
                kind=event.kind,
                sender=event.sender,
                gas_limit=event.gas_limit,
                due_at=event.deadline,
                l1_block=self._tip.number,
                transaction_hash=hash_of(event),
            )

    def _consume(self, up_to: int, batch_index: BatchIndex | None) -> Iterator[Entry]:
        """Messages `consumed .. up_to - 1`; none if they are in the order already."""
        if up_to > self._tip.queue_length:
            raise PeerFault(f"L1 consumes {up_to} messages, its logs show {self._tip.queue_length}")
        for index in range(self._tip.consumed, up_to):
            self._tip = replace(self._tip, consumed=index + 1)
            found = self._messages[index]
            if self._is_wanted(found.rollup_id):
                yield self._append(Found(found.rollup_id, found, Source.FORCED, index, batch_index))

    def _contents(self, block: Block, batch_index: BatchIndex) -> Iterator[Entry]:
        """DERIVE-4, DERIVE-11, DERIVE-15."""
        # Decoded once more, block by block: the inflated payloads of a whole batch could be large.
        payload = decode_payload(block.payload)
        height = block.header.height
        for segment in payload.segments:
            if self._is_wanted(segment.rollup) and self._is_shared(segment.rollup):
                for raw in segment.transactions:
                    yield self._append(
                        Found(segment.rollup, raw, Source.BLOCK, height, batch_index)
                    )
        for position, held in enumerate(payload.held, start=len(payload)):
            if self._is_wanted(held.rollup) and self._is_shared(held.rollup):
                found = held_segment(batch_index, block.header.hash, position, held)
                yield self._append(Found(held.rollup, found, Source.BLOCK, height, batch_index))

    def _post(self, event: BatchPosted) -> Iterator[Output]:
        """DERIVE-10."""
        rollup_id = event.rollup_id
        state = self.rollup(rollup_id)
        _expect(f"post of rollup {rollup_id}", event.number, state.posts)
        self._set(rollup_id, replace(state, posts=event.number + 1))
        if not self._is_wanted(rollup_id):
            return
        if event.data is None:
            raise PeerFault(f"L1 shows post {event.number} of rollup {rollup_id} without its data")
        raws: tuple[bytes, ...] = ()
        void = None
        try:
            raws = decode_segment(rollup_id, event.data)
        except DecodeError as error:
            void = str(error)
        for raw in raws:
            yield self._append(Found(rollup_id, raw, Source.POST, event.number, None))
        yield DerivedPost(rollup_id, event.number, self._tip.number, void)

    def _is_wanted(self, rollup_id: RollupId) -> bool:
        return self._only is None or rollup_id == self._only

    def _is_shared(self, rollup_id: RollupId) -> bool:
        """DERIVE-11: whether the committee orders the rollup in this L1 block."""
        return self.modes(rollup_id).at(self._tip.timestamp).mode is RollupMode.SHARED

    def _append(self, found: Found) -> Entry:
        """DERIVE-6 and DERIVE-7."""
        state = self.rollup(found.rollup_id)
        sender, skipped = judge(found, self._registered.get(found.rollup_id))
        transaction_hash = found.hash()
        running_hash = state.running_hash
        if skipped is None:
            running_hash = keccak(running_hash, transaction_hash)
        self._set(
            found.rollup_id, replace(state, entries=state.entries + 1, running_hash=running_hash)
        )
        return Entry(
            rollup_id=found.rollup_id,
            index=state.entries,
            source=found.source,
            position=found.position,
            batch_index=found.batch_index,
            l1_block=self._tip.number,
            transaction_hash=transaction_hash,
            transaction=found.raw,
            running_hash=running_hash,
            skipped=skipped,
            kind=found.kind,
            sender=sender,
            gas_limit=found.gas_limit,
            held=found.held,
            voids=found.voids,
        )

    def _set(self, rollup_id: RollupId, state: RollupState) -> None:
        self._undo[-1].rollups.setdefault(rollup_id, self._rollups.get(rollup_id))
        self._rollups[rollup_id] = state

    # --- going back ---

    def _undo_last(self) -> None:
        undo = self._undo.pop()
        self._tip = undo.tip
        for rollup_id, before in undo.rollups.items():
            if before is None:
                del self._rollups[rollup_id]
            else:
                self._rollups[rollup_id] = before
        for rollup_id in undo.registered:
            del self._registered[rollup_id]
        while self._messages and next(reversed(self._messages)) >= undo.tip.queue_length:
            self._messages.popitem()
        self._modes.drop_after(undo.tip.number)

    def _prune(self) -> None:
        """Drop what no rollback can bring back: keep one state at or below the window."""
        oldest = self._tip.number - self._window
        surplus = 0
        while surplus + 1 < len(self._undo) and self._undo[surplus + 1].tip.number <= oldest:
            surplus += 1
        del self._undo[:surplus]
        base = self._undo[0].tip
        self._modes.forget_before(base.number)
        while self._messages:
            index = next(iter(self._messages))
            if index >= base.consumed:
                return
            del self._messages[index]


def _expect(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise PeerFault(f"L1 logs show {what} {found}, expected {expected}: logs are missing")
