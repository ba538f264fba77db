"""Listens to nodes: what members say, and the evidence that nodes have found themselves."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from sequencer.crypto.signatures import recover
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.equivocation import EquivocationEvidence, StatementKind
from sequencer.evidence.files import Evidence
from sequencer.evidence.stream import Said
from sequencer.l1.rpc import L1Error
from sequencer.types import BatchIndex, Epoch, Hash32
from sequencer.watch.desk import Desk
from sequencer.watch.faults import find_conflict
from sequencer.watch.nodes import WatchedNode
from sequencer.watch.standing import committee_of, stands

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
MAX_PAGES = 32
"""Of one node in one go."""
MAX_NAMES = 1_000
"""Evidence files of one node that are looked at."""


class Ear:
    """Takes statements from anywhere, keeps those of members, and finds contradictions."""

    def __init__(self, desk: Desk, on_attestation: Callable[[BatchIndex, Hash32], None]) -> None:
        self._desk = desk
        self._store = desk.store
        self._separator = desk.domain.separator()
        self._on_attestation = on_attestation

    def hear(self, said: Iterable[Said]) -> None:
        """Statements of whoever; those that no member of a committee on L1 has signed are
        dropped."""
        new = [one for one in said if not self._store.has_heard(one) and self._is_genuine(one)]
        if not new:
            return
        self._store.hear(new)
        for one in new:
            self._compare(one)
            statement = one.signed.statement
            if statement.kind is StatementKind.ATTESTATION:
                self._on_attestation(BatchIndex(statement.position), statement.content)

    def _is_genuine(self, said: Said) -> bool:
        statement = said.signed.statement
        committee = committee_of(self._desk.view, statement.epoch)
        if committee is None or committee.hash != statement.committee:
            return False
        if committee.index_of(said.signer) is None:
            return False
        try:
            found = recover(statement.digest(self._separator), said.signed.signature)
        except DecodeError:
            return False
        return found == said.signer

    def _compare(self, said: Said) -> None:
        known = self._store.statements_of(said.signer, said.signed.statement.position)
        found = find_conflict(said.signed, known)
        if found is not None:
            self._desk.keep(EquivocationEvidence(self._desk.domain, said.signer, *found))


class Listener:
    """Polls one node. A node that does not answer is asked again at the next poll."""

    def __init__(self, node: WatchedNode, desk: Desk, ear: Ear) -> None:
        self._node = node
        self._desk = desk
        self._store = desk.store
        self._ear = ear
        self._names: set[str] = set()
        """Of evidence that was looked at, since L1 has had its last committee."""
        self._latest_epoch: Epoch | None = None
        self.is_up = False
        """Whether it answered the last time."""

    @property
    def endpoint(self) -> str:
        return self._node.endpoint

    async def run(self, is_ready: asyncio.Event) -> None:
        """For ever, once L1 is read: without its committees nobody's signature says anything."""
        await is_ready.wait()
        while True:
            await self.step()
            await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> None:
        """One poll; a fault of the node is noted, not raised."""
        try:
            await self._hear()
            await self._collect()
        except PeerFault as fault:
            if self.is_up:
                log.warning("%s: %s", self.endpoint, fault)
            self.is_up = False
        else:
            self.is_up = True

    async def _hear(self) -> None:
        """What is new; how far it got is kept after what was heard."""
        name = f"statements of {self._node.endpoint}"
        after = self._store.progress(name) or 0
        for _ in range(MAX_PAGES):
            page = await self._node.statements(after)
            self._ear.hear(page.statements)
            # Numbers that go back are those of a node that began anew with its clock behind.
            following = page.next if page.next >= after else 0
            if following != after:
                self._store.note_progress(name, following)
            if following == after or (following and not page.statements):
                return
            after = following

    async def _collect(self) -> None:
        view = self._desk.view
        latest = None if view.head is None else view.latest_epoch_recorded_at(view.head.number)
        if latest != self._latest_epoch:
            self._latest_epoch = latest
            self._names.clear()
        for name in (await self._node.evidence_names())[:MAX_NAMES]:
            if name in self._names:
                continue
            try:
                evidence = await self._node.evidence(name)
            except L1Error:
                raise
            except PeerFault as fault:
                log.warning("%s: %s: %s", self.endpoint, name[:120], fault)
                evidence = None
            if evidence is not None and self._stands(evidence):
                self._desk.keep(evidence)
            if len(self._names) < MAX_NAMES:
                self._names.add(name)

    def _stands(self, evidence: Evidence) -> bool:
        return evidence.domain == self._desk.domain and stands(evidence, self._desk.view)
