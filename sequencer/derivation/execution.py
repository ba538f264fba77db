"""A rollup kept in step with its list: executed in order, and taken back where the list, or what is
void in it, has changed (DERIVE-9, DERIVE-16)."""

from dataclasses import dataclass
from typing import Protocol

from sequencer.derivation.rollup_reader import ListChanged, RollupReader, Step
from sequencer.errors import LocalFault
from sequencer.types import ZERO_HASH, Hash32


class Rollup(Protocol):
    """Whoever executes."""

    def execute(self, step: Step) -> None:
        """The next entry: its transactions, but for the skipped ones."""

    def go_back(self, index: int) -> None:
        """To the state before entry `index`."""


@dataclass(frozen=True, slots=True)
class _Done:
    running_hash: Hash32
    has_run: bool
    """Whether there were transactions in it."""


class Execution:
    """Bounds: a hash for each entry since the last one that was called settled."""

    def __init__(
        self,
        reader: RollupReader,
        rollup: Rollup,
        after: int = -1,
        running_hash: Hash32 = ZERO_HASH,
    ) -> None:
        """`rollup` has executed the list up to the entry `after`, which is settled and had that
        running hash."""
        self._reader = reader
        self._rollup = rollup
        self._first = after + 1
        self._start = running_hash
        self._done: list[_Done] = []
        """From entry `_first` on."""
        self._taken_as_void: dict[int, int] = {}
        """Of the void marks, those for which a held segment was taken as empty, and that; ahead of
        it, and perhaps not read yet."""

    async def catch_up(self) -> None:
        """To the end of the list.

        Raises `HeldMissing` and `PeerFault` as `RollupReader.read` does, at a point from which the
        next call goes on; `LocalFault` if something changed that was called settled.
        """
        while not await self._read():
            pass

    def settle(self, index: int) -> None:
        """Entries before `index`, which are executed, do not change any more (DATA-6)."""
        settled = self._done[: max(0, index - self._first)]
        if settled:
            self._start = settled[-1].running_hash
            self._first += len(settled)
            del self._done[: len(settled)]
            self._taken_as_void = {
                mark: entry
                for mark, entry in self._taken_as_void.items()
                if entry >= self._first or mark >= self._next
            }

    @property
    def _next(self) -> int:
        return self._first + len(self._done)

    async def _read(self) -> bool:
        """Whether that was all. If not, the rollup went back, and there is more to read."""
        for mark, entry in self._taken_as_void.items():
            if mark >= self._next and await self._reader.mark_of(entry) is None:
                return self._go_back(entry)
        running_hash = self._done[-1].running_hash if self._done else self._start
        try:
            async for step in self._reader.read(self._next - 1, running_hash):
                wrong = self._contradicted_by(step)
                if wrong is not None:
                    return self._go_back(wrong)
                self._rollup.execute(step)
                self._done.append(_Done(step.entry.running_hash, bool(step.transactions)))
                if step.entry.held is not None and step.counterpart is not None:
                    self._taken_as_void[step.counterpart] = step.entry.index
        except ListChanged:
            return self._go_back(self._next - 1)
        return True

    def _contradicted_by(self, step: Step) -> int | None:
        """An entry that was executed otherwise than the list has it with this step."""
        voids = step.counterpart if step.entry.voids is not None else None
        taken = self._taken_as_void.get(step.entry.index)
        if taken is not None or voids is None:
            return taken if taken != voids else None
        has_run = voids < self._first or self._done[voids - self._first].has_run
        return voids if has_run else None

    def _go_back(self, index: int) -> bool:
        if index < self._first:
            raise LocalFault(f"entry {index} has changed, and was called settled (DATA-6)")
        self._rollup.go_back(index)
        del self._done[index - self._first :]
        self._taken_as_void = {
            mark: entry for mark, entry in self._taken_as_void.items() if entry < index
        }
        return False
