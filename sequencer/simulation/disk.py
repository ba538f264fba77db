"""What a node finds again after a crash: its journal and its block store."""

from random import Random

from sequencer.blocks.header import Block, Header
from sequencer.consensus.messages import FinalityProof
from sequencer.node.catch_up import encode_proof
from sequencer.simulation.certificates import CertificateTable
from sequencer.simulation.journals import SimJournal
from sequencer.store.blocks import StoredBlock


class Disk:
    """A journal, and a store of which a crash leaves what was synced and any part of the rest that
    comes next. The store answers as `BlockStore` and, to the hand-over, as `Ledger`."""

    def __init__(self, start: Header, journal: SimJournal) -> None:
        self.start = start
        self.journal = journal
        self.certificates = CertificateTable()
        self.chain: list[Block] = []
        self.proofs: dict[int, FinalityProof] = {}
        """By height, for the last block of each handing-out."""
        self._meta: dict[str, tuple[int, bytes]] = {}
        """Values, each with how many blocks there were when it was written."""
        self._synced_blocks = 0

    @property
    def tip(self) -> Header:
        return self.chain[-1].header if self.chain else self.start

    def store(self, blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        """Blocks of the chain, ascending; those that are here already are left alone."""
        above = [block for block in blocks if block.header.height > self.tip.height]
        if above:
            self.chain.extend(above)
            self.proofs[self.tip.height] = proof

    def sync(self) -> None:
        self.certificates.sync()
        self._synced_blocks = len(self.chain)
        self._meta = {key: (0, value) for key, (_, value) in self._meta.items()}

    def crash(self, random: Random) -> None:
        self.journal.crash(random)
        self.certificates.crash(random)
        del self.chain[random.randint(self._synced_blocks, len(self.chain)) :]
        while self.chain and self.tip.height not in self.proofs:
            self.chain.pop()
        self.proofs = {h: p for h, p in self.proofs.items() if h <= self.tip.height}
        count = len(self.chain)
        self._meta = {key: kept for key, kept in self._meta.items() if kept[0] < max(count, 1)}

    # As `BlockStore`

    def set_meta(self, key: str, value: bytes) -> None:
        if self.get_meta(key) != value:
            self._meta[key] = (len(self.chain), value)

    def get_meta(self, key: str) -> bytes | None:
        kept = self._meta.get(key)
        return None if kept is None else kept[1]

    def block_by_height(self, height: int) -> StoredBlock | None:
        block = self.block(height)
        if block is None:
            return None
        proof = self.proofs.get(height)
        return StoredBlock(block, encode_proof(proof) if proof else None)

    def blocks(self, from_height: int, limit: int, max_bytes: int) -> list[StoredBlock]:
        found: list[StoredBlock] = []
        first = max(0, from_height - self.start.height - 1)
        for block in self.chain[first : first + limit]:
            max_bytes -= block.content_bytes
            if found and max_bytes < 0:
                break
            proof = self.proofs.get(block.header.height)
            found.append(StoredBlock(block, encode_proof(proof) if proof else None))
        return found

    # As `Ledger`

    def block(self, height: int) -> Block | None:
        """The start of a schedule in a later epoch is in the store as well."""
        position = height - self.start.height - 1
        if position == -1:
            return Block(self.start, b"")
        return self.chain[position] if 0 <= position < len(self.chain) else None
