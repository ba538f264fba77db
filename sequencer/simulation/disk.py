"""What a node finds again after a crash: its journal and its block store."""

from collections.abc import Iterable
from random import Random

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import Finalized
from sequencer.consensus.messages import Certificate, FinalityProof, SignedVote
from sequencer.node.catch_up import encode_proof
from sequencer.store.blocks import StoredBlock

Entry = SignedVote | Certificate | Block


class Disk:
    """Appended entries are safe once synced; of those after it a crash leaves any number."""

    def __init__(self, start: Header) -> None:
        self.start = start
        self.journal: list[Entry] = []
        self.chain: list[Block] = []
        self.proofs: dict[int, FinalityProof] = {}
        """By height, for the last block of each handing-out."""
        self._synced_entries = 0
        self._synced_blocks = 0

    # Journal

    def append(self, entry: Entry) -> None:
        self.journal.append(entry)

    def sync(self) -> None:
        self._synced_entries = len(self.journal)

    def is_durable(self, signed: SignedVote) -> bool:
        synced = self.journal[: self._synced_entries]
        return any(entry == signed for entry in reversed(synced))

    def crash(self, random: Random) -> None:
        del self.journal[random.randint(self._synced_entries, len(self.journal)) :]
        del self.chain[random.randint(self._synced_blocks, len(self.chain)) :]
        while self.chain and self.tip.height not in self.proofs:
            self.chain.pop()
        self.proofs = {h: p for h, p in self.proofs.items() if h <= self.tip.height}
        self._synced_entries = len(self.journal)

    def compact(self, live: Iterable[Entry]) -> None:
        """JOURNAL-5: make the blocks durable, then keep only what is not settled by them."""
        self._synced_blocks = len(self.chain)
        self.journal = list(live)
        self._synced_entries = len(self.journal)

    # Block store

    @property
    def tip(self) -> Header:
        return self.chain[-1].header if self.chain else self.start

    def store(self, final: Finalized) -> None:
        self.chain.extend(final.blocks)
        self.proofs[self.tip.height] = final.proof

    def finalized(self) -> tuple[Header, Certificate | None] | None:
        """What `Simplex` starts from."""
        if not self.chain:
            return None
        proof = self.proofs[self.tip.height]
        return self.tip, None if proof.descendants else proof.certificate

    def blocks(self, from_height: int, limit: int, max_bytes: int) -> list[StoredBlock]:
        """As `BlockStore.blocks`."""
        found: list[StoredBlock] = []
        first = from_height - self.start.height - 1
        for block in self.chain[first : first + limit]:
            max_bytes -= len(block.payload)
            if found and max_bytes < 0:
                break
            proof = self.proofs.get(block.header.height)
            found.append(StoredBlock(block, encode_proof(proof) if proof else None))
        return found
