"""SIMPLEX-13: blocks that something certified needs and this node lacks, and when to ask for
them again."""

from collections.abc import Set

from sequencer.types import Hash32


class MissingBlocks:
    """At most two for each view above the root: a certified block, and the lowest gap below."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self._due_ms: dict[Hash32, int] = {}

    def __len__(self) -> int:
        return len(self._due_ms)

    def __contains__(self, block_hash: Hash32) -> bool:
        return block_hash in self._due_ms

    def asked(self, block_hash: Hash32, now_ms: int) -> None:
        self._due_ms[block_hash] = now_ms + self._timeout_ms

    def arrived(self, block_hash: Hash32) -> None:
        del self._due_ms[block_hash]

    def due(self, now_ms: int) -> list[Hash32]:
        """Those to ask for again."""
        return [missing for missing, due_ms in self._due_ms.items() if due_ms <= now_ms]

    def next_due_ms(self) -> int | None:
        return min(self._due_ms.values(), default=None)

    def keep(self, needed: Set[Hash32]) -> None:
        """Forget what nothing leads to any more."""
        self._due_ms = {h: due_ms for h, due_ms in self._due_ms.items() if h in needed}
