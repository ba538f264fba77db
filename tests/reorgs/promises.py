"""What holds at every moment, on every branch there ever was."""

from collections import Counter
from pathlib import Path

from sequencer.batches.attestations import SignedAttestation
from sequencer.consensus.journal import AttestedRecord, read_records
from sequencer.l1.calldata import decode_commit
from sequencer.types import Hash32
from tests.reorgs.contracts import State
from tests.reorgs.l1 import Block
from tests.unit.l1.fake_l1 import CONTRACTS


class Promises:
    """Fed with all that is signed and all that is mined."""

    def __init__(self) -> None:
        self.violation: str | None = None
        self.wanted: set[bytes] = set()
        """Contents of the wallets' errands, each of which is to be queued once."""
        self._attested: dict[tuple[int, int], Hash32] = {}
        self._committed: dict[int, Hash32] = {}

    def broken(self, what: str) -> None:
        """The first one is told."""
        self.violation = self.violation or what

    def attested(self, node: int, signed: SignedAttestation) -> None:
        """BATCH-4: one content for each index, over restarts and reorgs."""
        said = signed.attestation
        before = self._attested.setdefault((node, said.index), said.batch_hash)
        if before != said.batch_hash:
            self.broken(f"node {node} attests batch {said.index} with two contents")

    def journaled(self, node: int, path: Path) -> None:
        """The same of all that is in the journal's file."""
        found: dict[int, bytes] = {}
        for _, record in read_records(path.read_bytes()):
            if isinstance(record, AttestedRecord):
                before = found.setdefault(record.index, record.batch_hash)
                if before != record.batch_hash:
                    self.broken(f"node {node} has journaled batch {record.index} twice")

    def mined(self, block: Block) -> None:
        """Whatever becomes of the block."""
        for tx in block.transactions:
            if tx.to == CONTRACTS.commitment_chain:
                batch = decode_commit(tx.data).batch
                before = self._committed.setdefault(batch.index, batch.hash)
                if before != batch.hash:  # SUBMIT-4
                    self.broken(f"batch {batch.index} was sent to L1 with two contents")
        if block.logs:
            self._check_once(block.after)

    def _check_once(self, state: State) -> None:
        """WALLET-1."""
        for content, count in contents(state).items():
            if content in self.wanted and count > 1:
                self.broken(f"a wallet's message is on L1 {count} times")


def contents(state: State) -> Counter[bytes]:
    """How often each content was queued."""
    return Counter(message.content for message in state.queue)
