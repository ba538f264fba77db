"""Evidence files from disk."""

from pathlib import Path

from sequencer.crypto.digests import Domain
from sequencer.errors import LocalFault
from sequencer.evidence.fields import MAX_EVIDENCE_BYTES
from sequencer.evidence.files import Evidence, load_evidence
from sequencer.evidence.promise import PromiseEvidence, promise_of_answer


def read_evidence(path: Path) -> Evidence:
    """The evidence in a file, checked as far as it can be without L1. Raises `LocalFault` for a
    file that cannot be read, `DecodeError` for what is malformed, `PeerFault` for what convicts
    nobody."""
    return load_evidence(_read(path))


def read_promise(domain: Domain, path: Path) -> PromiseEvidence:
    """A node's answer in a file, as evidence on a deployment. Raises `LocalFault` and
    `DecodeError`."""
    return promise_of_answer(domain, _read(path))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_EVIDENCE_BYTES + 1)
    except OSError as error:
        raise LocalFault(f"{path}: {error.strerror}") from error
