"""Where a simulated node keeps the certificates of settled views."""

from random import Random

from sequencer.types import Epoch, View

Key = tuple[Epoch, View, int]


class CertificateTable:
    """As the table of `BlockStore`. A crash leaves what was synced, and any part of the rest that
    was put next."""

    def __init__(self) -> None:
        self._records: dict[Key, bytes] = {}
        self._synced = 0

    def put_certificate(self, epoch: Epoch, view: View, kind: int, record: bytes) -> None:
        self._records.setdefault((epoch, view, kind), record)

    def certificates(self, epoch: Epoch, view: View) -> list[bytes]:
        found = ((epoch, view, kind) for kind in (1, 2, 3))
        return [self._records[key] for key in found if key in self._records]

    def sync(self) -> None:
        self._synced = len(self._records)

    def crash(self, random: Random) -> None:
        kept = random.randint(self._synced, len(self._records))
        self._records = dict(list(self._records.items())[:kept])
        self._synced = kept
