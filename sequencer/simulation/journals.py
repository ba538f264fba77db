"""A simulated node's vote journal: kept in memory, or the real one on a real disk."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from sequencer.consensus.journal import Journal, Record
from sequencer.types import Address, Hash32


class MemoryJournal:
    """Appended records are safe once synced; of those after it a crash leaves any number."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._synced = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def size(self) -> int:
        return len(self._records)

    @property
    def is_synced(self) -> bool:
        return self._synced == len(self._records)

    def append(self, record: Record) -> None:
        self._records.append(record)

    def sync(self) -> None:
        self._synced = len(self._records)

    def restored(self) -> Iterator[Record]:
        return iter(tuple(self._records))

    def rewrite(self, records: Iterable[Record]) -> None:
        self._records = list(records)
        self.sync()

    def crash(self, random: Random) -> None:
        del self._records[random.randint(self._synced, len(self._records)) :]
        self.sync()

    def close(self) -> None:
        pass


class FileJournal:
    """The journal of a running node. A crash cuts the file at any byte after the last sync, and
    may leave other bytes there than were written (JOURNAL-3)."""

    def __init__(self, path: Path, separator: Hash32, signer: Address) -> None:
        self._path = path
        self._identity = (separator, signer)
        self._journal = Journal(path, separator, signer)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def size(self) -> int:
        return self._journal.size

    @property
    def is_synced(self) -> bool:
        return self._journal.is_synced

    def append(self, record: Record) -> None:
        self._journal.append(record)
        self._count += 1

    def sync(self) -> None:
        self._journal.sync()

    def restored(self) -> Iterator[Record]:
        for record in self._journal.restored():
            self._count += 1
            yield record

    def rewrite(self, records: Iterable[Record]) -> None:
        kept = list(records)
        self._journal.rewrite(kept)
        self._count = len(kept)

    def crash(self, random: Random) -> None:
        durable, size = self._journal.extent.durable_bytes, self._journal.size
        self._journal.close()
        with self._path.open("r+b") as file:
            file.truncate(random.randint(durable, size))
            for _ in range(random.choice((0, 0, 1, 8))):
                end = file.seek(0, 2)
                if durable < end:
                    file.seek(random.randrange(durable, end))
                    file.write(random.randbytes(1))
        if random.random() < 0.2:  # the machine stopped in the middle of a rewrite
            self._path.with_suffix(".new").write_bytes(random.randbytes(40))
        self._journal = Journal(self._path, *self._identity)
        self._count = 0

    def close(self) -> None:
        self._journal.close()


SimJournal = MemoryJournal | FileJournal
