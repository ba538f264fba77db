"""Whether a node has signed what it can be slashed for: all votes in journals and stores, SLASH-1.

A journal is read while its node writes it, and a file that was replaced is read to its end, so no
vote is missed. Certificates bring in what one node has of the others.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sequencer.consensus.evidence import is_conflict
from sequencer.consensus.journal import AttestedRecord, Record, read_records
from sequencer.consensus.messages import Certificate, SignedVote, Vote
from sequencer.devnet.node_process import NodeProcess
from sequencer.node.catch_up import decode_proof


class JournalTail:
    """The records that have come since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        self._at = 0

    def close(self) -> None:
        self._file.close()

    def read(self) -> Iterator[Record]:
        yield from self._rest()
        if os.fstat(self._file.fileno()).st_ino != self._path.stat().st_ino:
            self._file.close()
            self._file, self._at = self._path.open("rb"), 0
            yield from self._rest()

    def _rest(self) -> Iterator[Record]:
        self._file.seek(self._at)
        data = self._file.read()
        start = self._at
        for end, record in read_records(data):
            self._at = start + end
            yield record


class Promises:
    """Everything that nodes were seen to have signed."""

    def __init__(self, nodes: Sequence[NodeProcess]) -> None:
        self._nodes = nodes
        self._tails = [JournalTail(node.data_dir / "journal") for node in nodes]
        self._votes: dict[tuple[int, bytes, int, int], set[Vote]] = {}
        self._batches: dict[tuple[str, int], bytes] = {}
        self.broken: list[str] = []
        """Pairs that convict their signer: empty as long as all is well."""

    def close(self) -> None:
        for tail in self._tails:
            tail.close()

    def __len__(self) -> int:
        return sum(map(len, self._votes.values()))

    def read_journals(self) -> None:
        for node, tail in zip(self._nodes, self._tails, strict=True):
            for record in tail.read():
                if isinstance(record, AttestedRecord):
                    self._add_attestation(node.name, record)
                elif isinstance(record, SignedVote | Certificate):
                    self._add(record)

    def add_certificate(self, proof: bytes) -> None:
        """Of a block, as a store has it."""
        self._add(decode_proof(proof).certificate)

    def evidence(self) -> list[str]:
        """Files in which nodes keep evidence against each other, and what was found here."""
        files = [str(path) for node in self._nodes for path in node.evidence_files()]
        return files + self.broken

    def _add(self, record: SignedVote | Certificate) -> None:
        vote = record.vote
        members = [record.member] if isinstance(record, SignedVote) else record.members()
        for member in members:
            known = self._votes.setdefault((vote.epoch, vote.committee, vote.view, member), set())
            if vote not in known:
                self.broken += [
                    f"member {member} signed {other} and {vote}"
                    for other in known
                    if is_conflict(other, vote)
                ]
                known.add(vote)

    def _add_attestation(self, name: str, record: AttestedRecord) -> None:
        kept = self._batches.setdefault((name, record.index), record.batch_hash)
        if kept != record.batch_hash:
            self.broken.append(f"{name} attested two batches {record.index}")
