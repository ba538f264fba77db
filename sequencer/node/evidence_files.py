"""Evidence that this node finds, kept as files anyone can report with (SLASH-1)."""

import logging
import os
from pathlib import Path

from sequencer.evidence import EquivocationEvidence, dump_equivocation

log = logging.getLogger(__name__)

MAX_FILES = 1_000
"""More than a committee can be convicted of; beyond it evidence is not kept (NET-9)."""


class EvidenceFiles:
    """One file for each offender, epoch and kind of statement, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._names = {path.name for path in folder.glob("*.json")}

    def __len__(self) -> int:
        return len(self._names)

    def keep(self, evidence: EquivocationEvidence) -> None:
        """Write the evidence, durably, unless a file for this offence is there."""
        statement = evidence.first.statement
        name = f"{statement.epoch}-{evidence.signer.hex()}-{statement.kind.name.lower()}.json"
        if name in self._names or len(self._names) >= MAX_FILES:
            return  # not even logged: who contradicts itself once does so a thousand times
        log.warning(
            "0x%s contradicted itself in epoch %d: %s",
            evidence.signer.hex(),
            statement.epoch,
            self._folder / name,
        )
        self._names.add(name)
        partial = self._folder / f"{name}.part"
        with partial.open("wb") as file:
            file.write(dump_equivocation(evidence))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / name)
