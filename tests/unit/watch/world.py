"""A watchtower's desk over a made-up L1, and a real server that shows what a node would."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiohttp import web

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block
from sequencer.crypto.signatures import Signer
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.evidence.files import Evidence, dump_evidence, name_of
from sequencer.evidence.stream import PAGE_STATEMENTS, Said, encode_page
from sequencer.ingress.exhibits import add_exhibits
from sequencer.l1.events import CommitteeRecorded, Event, L1Block, RollupRegistered
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.serving import listen
from sequencer.types import BatchIndex, Committee, Hash32, Height, Member
from sequencer.watch.alerts import Alerts
from sequencer.watch.desk import Desk
from sequencer.watch.store import WatchStore
from tests.unit.evidence import cases
from tests.unit.ingress.builders import CHAIN_ID
from tests.unit.l1.chains import header

MEMBERS = (cases.OFFENDER, cases.BYSTANDER)
STRANGER = Signer(bytes([9]) * 32)
COMMITTEE = Committee(
    cases.EPOCH, tuple(Member(one.address, 10) for one in MEMBERS), cases.COMMITTEE
)


class World:
    """Opening one again in the same folder is a restart."""

    def __init__(self, folder: Path, *events: Event) -> None:
        self.view = L1View(0, Schedule(0, 60))
        self.height = 0
        self.see(RollupRegistered(cases.ROLLUP, CHAIN_ID), CommitteeRecorded(COMMITTEE), *events)
        self.store = WatchStore(folder / "watch.sqlite")
        self.files = EvidenceFiles(folder / "evidence")
        self.alerts = Alerts(self.store, None)
        self.desk = Desk(cases.DOMAIN, lambda: self.view, self.store, self.files, self.alerts)

    def see(self, *events: Event) -> None:
        """The next L1 block."""
        self.height += 1
        self.view.extend(L1Block(header(self.height), events))

    def close(self) -> None:
        self.store.close()


@dataclass
class Shown:
    """What a node shows (`Exhibits`); a test changes it as it likes."""

    said: list[Said] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    batches: dict[BatchIndex, Batch] = field(default_factory=dict)
    blocks: Sequence[Block] = ()
    page: bytes | None = None
    """Instead of what members said."""

    def statements(self, after: int) -> bytes:
        found = self.said[after : after + PAGE_STATEMENTS]
        return self.page or encode_page(min(after, len(self.said)) + len(found), found)

    def evidence_names(self) -> list[str]:
        return [name_of(one) for one in self.evidence]

    def evidence_file(self, name: str) -> bytes | None:
        found = {name_of(one): one for one in self.evidence}.get(name)
        return None if found is None else dump_evidence(found)

    def encoded_batch(self, index: BatchIndex) -> bytes | None:
        batch = self.batches.get(index)
        return None if batch is None else msgspec.msgpack.encode(batch)

    def encoded_block(self, height: Height) -> bytes | None:
        found = {block.header.height: block for block in self.blocks}.get(height)
        return None if found is None else msgspec.msgpack.encode(found)


@contextlib.asynccontextmanager
async def serving(shown: Shown) -> AsyncIterator[str]:
    """A server's URL."""
    app = web.Application()
    add_exhibits(app, shown)
    runner = web.AppRunner(app)
    try:
        yield await listen(runner, "127.0.0.1", 0, "node")
    finally:
        await runner.cleanup()


def said(
    content: bytes,
    signer: Signer = cases.OFFENDER,
    kind: StatementKind = StatementKind.NOTARIZE,
    position: int = 9,
    by: Signer | None = None,
) -> Said:
    """A statement of one key; `by` is who signs in its place."""
    statement = Statement(kind, cases.EPOCH, cases.COMMITTEE, position, Hash32(content))
    signature = (by or signer).sign(statement.digest(cases.SEPARATOR))
    return Said(signer.address, SignedStatement(statement, signature))
