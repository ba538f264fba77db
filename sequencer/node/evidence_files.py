"""Evidence that this node or watchtower finds, kept as files anyone can report with (EVID-1)."""

import logging
import os
from pathlib import Path

from sequencer.evidence.files import Evidence, dump_evidence, name_of

log = logging.getLogger(__name__)

MAX_FILES = 1_000
"""More than a committee can be convicted of; beyond it evidence is not kept (NET-9)."""


class EvidenceFiles:
    """One file for each offender, epoch and offence, and for each kind of statement that was
    contradicted, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._names = {path.name for path in folder.glob("*.json")}

    def __len__(self) -> int:
        return len(self._names)

    def look(self) -> None:
        """Find files that others have put there."""
        found = sorted(path.name for path in self._folder.glob("*.json"))
        self._names.update(found[: max(0, MAX_FILES - len(self._names))])

    @property
    def names(self) -> list[str]:
        """Of the files, in order."""
        return sorted(self._names)

    def read(self, name: str) -> bytes | None:
        """A file by its name; None if there is none."""
        return (self._folder / name).read_bytes() if name in self._names else None

    def keep(self, evidence: Evidence) -> None:
        """Write the evidence, durably, unless a file for this offence is there."""
        name = name_of(evidence)
        if name in self._names or len(self._names) >= MAX_FILES:
            return  # not even logged: who contradicts itself once does so a thousand times
        log.warning(
            "0x%s is convicted of %s in epoch %d: %s",
            evidence.signer.hex(),
            evidence.offence.name.lower(),
            evidence.epoch,
            self._folder / name,
        )
        self._names.add(name)
        partial = self._folder / f"{name}.part"
        with partial.open("wb") as file:
            file.write(dump_evidence(evidence))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / name)
