"""The node as a watchtower sees it (`ingress.exhibits.Exhibits`)."""

import msgspec

from sequencer.blocks.header import Block
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.node.ledger import Ledger
from sequencer.node.statements import StatementLog
from sequencer.types import BatchIndex, Height

_encoder = msgspec.msgpack.Encoder()


class NodeExhibits:
    """Reads from what the node keeps anyway."""

    def __init__(self, log: StatementLog, evidence: EvidenceFiles, ledger: Ledger) -> None:
        self._log = log
        self._evidence = evidence
        self._ledger = ledger

    def statements(self, after: int) -> bytes:
        return self._log.page(after)

    def evidence_names(self) -> list[str]:
        return self._evidence.names

    def evidence_file(self, name: str) -> bytes | None:
        return self._evidence.read(name)

    def encoded_batch(self, index: BatchIndex) -> bytes | None:
        batch = self._ledger.batch(index)
        return None if batch is None else _encoder.encode(batch)

    def encoded_block(self, height: Height) -> bytes | None:
        block = self._ledger.block(height)
        return None if block is None else _encoder.encode(Block(block.header, block.payload))
