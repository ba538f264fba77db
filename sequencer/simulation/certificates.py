"""Where a simulated node keeps certificates of settled views; what a crash takes of it, the
journal has (JOURNAL-5)."""

from sequencer.types import Epoch, View


class CertificateTable:
    """As the table of `BlockStore`."""

    def __init__(self) -> None:
        self._records: dict[tuple[Epoch, View], dict[int, bytes]] = {}

    def put_certificate(self, epoch: Epoch, view: View, kind: int, record: bytes) -> None:
        self._records.setdefault((epoch, view), {}).setdefault(kind, record)

    def certificates(self, epoch: Epoch, view: View) -> list[bytes]:
        return [record for _, record in sorted(self._records.get((epoch, view), {}).items())]
