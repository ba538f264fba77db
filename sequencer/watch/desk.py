"""What the parts of a watchtower share."""

from collections.abc import Callable
from dataclasses import dataclass

from sequencer.crypto.digests import Domain
from sequencer.evidence.files import Evidence
from sequencer.l1.view import L1View
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.watch.alerts import Alerts
from sequencer.watch.store import WatchStore


@dataclass(frozen=True, slots=True)
class Desk:
    """`read_view` gives L1 as it is known now."""

    domain: Domain
    read_view: Callable[[], L1View]
    store: WatchStore
    files: EvidenceFiles
    alerts: Alerts

    @property
    def view(self) -> L1View:
        return self.read_view()

    def keep(self, evidence: Evidence) -> None:
        """In the folder of evidence, from where it is reported."""
        self.files.keep(evidence)
