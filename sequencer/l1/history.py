"""What L1 says of each rollup, after each L1 block of a window. Sans-IO."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from sequencer.types import RollupId

_V = TypeVar("_V")


class RollupHistory(Generic[_V]):
    """One value of every rollup. It can go back to any block not forgotten.

    Bounds: what changed after the block to which it can go back; and for each rollup of which L1
    ever said something, which somebody pays L1 for, the last value before.
    """

    def __init__(self, initial: _V) -> None:
        """`initial` is the value of a rollup of which L1 has said nothing."""
        self._initial = initial
        self._kept: dict[RollupId, list[tuple[int, _V]]] = {}
        """With the L1 block of each change, ascending."""
        self._changes: deque[tuple[int, RollupId]] = deque()
        """Those that can be undone, ascending."""
        self._oldest = -1

    def __iter__(self) -> Iterator[RollupId]:
        """The rollups of which L1 has said something, on this branch."""
        return iter(self._kept)

    def put(self, rollup_id: RollupId, value: _V, number: int) -> None:
        """From L1 block `number` on, which is the last one or a later one."""
        self._kept.setdefault(rollup_id, []).append((number, value))
        self._changes.append((number, rollup_id))

    def at(self, rollup_id: RollupId, number: int) -> _V:
        """As of an L1 block; below the oldest that is kept, as of that."""
        kept = self._kept.get(rollup_id, [])
        at = bisect_right(kept, max(number, self._oldest), key=lambda change: change[0])
        return kept[at - 1][1] if at else self._initial

    def drop_after(self, number: int) -> None:
        """The blocks above are not on L1 any more."""
        while self._changes and self._changes[-1][0] > number:
            rollup_id = self._changes.pop()[1]
            kept = self._kept[rollup_id]
            kept.pop()
            if not kept:
                del self._kept[rollup_id]

    def forget_before(self, number: int) -> None:
        """Nobody will go back below this block."""
        self._oldest = number
        while self._changes and self._changes[0][0] <= number:
            kept = self._kept[self._changes.popleft()[1]]
            while len(kept) > 1 and kept[1][0] <= number:
                del kept[0]
