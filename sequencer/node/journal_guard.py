"""JOURNAL-6: a journal that has lost what it held is noticed before the node signs anything."""

from sequencer.consensus.journal import Extent, Journal
from sequencer.errors import LocalFault
from sequencer.store.blocks import BlockStore

_KEY = "journal"


class JournalGuard:
    """Notes in the block store how far the journal has come, and compares at the next start."""

    def __init__(self, journal: Journal, store: BlockStore) -> None:
        """Raises `LocalFault` if the journal is older or shorter than was noted."""
        self._journal = journal
        self._store = store
        self._noted = _decode(store.get_meta(_KEY))
        found = journal.extent
        if found < self._noted:
            raise LocalFault(
                f"the journal was cut, deleted or restored from an old copy: generation"
                f" {found.generation} with {found.durable_bytes} bytes, expected at least"
                f" {self._noted.generation} with {self._noted.durable_bytes}. A node that forgets"
                " its votes can be slashed: restore the disk, or start with a new signing key"
            )

    def note(self) -> None:
        """Write down how far the journal is; often enough, but not at each vote."""
        extent = self._journal.extent
        if extent > self._noted:
            self._noted = extent
            self._store.set_meta(_KEY, b"".join(part.to_bytes(8, "big") for part in extent))


def _decode(noted: bytes | None) -> Extent:
    if noted is None:
        return Extent(0, 0)
    return Extent(int.from_bytes(noted[:8], "big"), int.from_bytes(noted[8:], "big"))
