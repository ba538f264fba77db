"""Brings evidence to L1 (WATCH-2, REPORT-1): a commitment, then the evidence; of promises a
challenge, then the settlement. How far each has come is on disk before anything is sent. What L1
may still take back is looked at again, and sent again when it did."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from sequencer.errors import PeerFault
from sequencer.evidence.fields import report_commitment
from sequencer.evidence.files import Evidence, Report, load_evidence
from sequencer.evidence.promise import PromiseEvidence
from sequencer.evidence.words import who_did_what
from sequencer.types import Hash32
from sequencer.watch.desk import Desk
from sequencer.watch.l1 import Contracts
from sequencer.watch.promising import PromiseBook
from sequencer.watch.purse import Purse, Refused, Step
from sequencer.watch.store import Report as Progress
from sequencer.watch.store import Status

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
RETRY_SECONDS = 30.0
"""After L1 refused, or it did not pay: gas and stakes change."""
FINAL_REFUSALS = frozenset({"EvidenceTooOld", "NotSlashable"})
"""Of the contracts: no later attempt goes through, once they are not those of a lost branch."""
DONE = frozenset({Status.REPORTED, Status.SETTLED})
"""Not looked at again."""


class Reporter:
    """Goes through the evidence in a folder, of whoever put it there."""

    def __init__(
        self,
        desk: Desk,
        contracts: Contracts,
        purse: Purse | None,
        promises: PromiseBook,
        now: Callable[[], float],
    ) -> None:
        """Without a purse it only tells. `now` in seconds."""
        self._files = desk.files
        self._store = desk.store
        self._alerts = desk.alerts
        self._contracts = contracts
        self._purse = purse
        self._promises = promises
        self._now = now
        self._not_before: dict[str, float] = {}
        self._refused_at: dict[str, int] = {}
        """Of each file with a final refusal: the block from which it has stood."""

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.step()
            await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> None:
        """One look at each file that is not done with."""
        self._files.look()
        for name in self._files.names:
            progress = self._store.report(name)
            if progress is not None and progress.status in DONE:
                continue
            if self._not_before.get(name, 0.0) > self._now():
                continue
            try:
                await self._advance(name, progress)
            except PeerFault as fault:
                log.info("%s: %s", name, fault)
                self._not_before[name] = self._now() + RETRY_SECONDS / 10

    async def _advance(self, name: str, progress: Progress | None) -> None:
        evidence = self._read(name)
        if evidence is None:
            return
        if progress is None:
            progress = Progress(name, Status.FOUND, secrets.token_bytes(32))
            self._store.put_report(progress)
        words = " ".join(" ".join(who_did_what(evidence)).split())
        self._alerts.tell("evidence", name, f"{words} ({name})")
        try:
            if isinstance(evidence, PromiseEvidence):
                done = await self._promises.advance(progress, evidence, self._purse)
            else:
                done = await self._report(progress, evidence)
            self._refused_at.pop(name, None)
        except Refused as refusal:
            done = await self._refused(progress, refusal)
        if done != progress:
            self._store.put_report(done)
        if done.status is Status.FOUND:
            self._not_before[name] = self._now() + RETRY_SECONDS

    def _read(self, name: str) -> Evidence | None:
        """The evidence in a file; what is none is told, and not looked at again."""
        data = self._files.read(name)
        try:
            evidence = load_evidence(data or b"")
            if evidence.domain != self._contracts.domain:
                raise PeerFault("it is about another deployment")
        except PeerFault as fault:
            self._alerts.tell("no-evidence", name, f"{name} convicts nobody: {fault}")
            self._store.put_report(Progress(name, Status.SETTLED, b"", str(fault)))
            return None
        return evidence

    async def _report(self, progress: Progress, evidence: Report) -> Progress:
        operator_id = await self._contracts.operator_of(evidence.signer)
        if operator_id == 0:
            return replace(progress, note="the key is no operator's on L1")
        offence = evidence.epoch, operator_id, evidence.offence
        if await self._contracts.is_slashed(*offence):
            if await self._contracts.is_slashed(*offence, await self._contracts.confirmed()):
                return await self._end(progress)
            return replace(progress, status=Status.PENDING, note="L1 may still take it back")
        if progress.status is Status.PENDING:
            progress = self._taken_back(progress)
        if self._purse is None:
            return progress
        if progress.status is Status.FOUND:
            return await self._commit(progress, evidence, self._purse)
        return await self._show(progress, evidence, self._purse)

    async def _end(self, progress: Progress) -> Progress:
        """It is slashed for good, by whoever's report L1 has kept."""
        if progress.sent and await self._contracts.has_succeeded(progress.sent):
            return replace(progress, status=Status.REPORTED, note="")
        return replace(progress, status=Status.SETTLED, note="it was slashed for it before")

    def _taken_back(self, progress: Progress) -> Progress:
        """As before the report: of its commitment L1 tells (`_show`)."""
        log.warning("%s: L1 has taken back the slash", progress.name)
        status = Status.FOUND if self._purse is None else Status.BEGUN
        before = replace(progress, status=status, note="L1 has taken it back", sent=b"")
        self._store.put_report(before)
        return before

    async def _commit(self, progress: Progress, evidence: Report, purse: Purse) -> Progress:
        """Announce the report, if it pays."""
        commitment = self._commitment(progress, evidence, purse)
        commit = self._contracts.call(evidence.contract, "commitReport", commitment)
        show = self._contracts.call(
            evidence.contract, "report", *evidence.for_contract(), progress.salt
        )
        estimate = await purse.estimate("report", [Step((commit,)), Step((show,))])
        if not estimate.pays:
            return replace(progress, note=str(estimate))
        begun = replace(progress, status=Status.BEGUN, reward_wei=estimate.reward_wei)
        self._store.put_report(begun)
        await purse.send(f"commitment to {progress.name}", commit)
        return begun

    async def _show(self, progress: Progress, evidence: Report, purse: Purse) -> Progress:
        """Show the evidence, a block after the commitment to it."""
        commitment = self._commitment(progress, evidence, purse)
        made = await self._contracts.read(evidence.contract, "committedIn", commitment)
        if made == 0:  # it was never sent, or a reorg took it away
            return await self._commit(replace(progress, status=Status.FOUND), evidence, purse)
        show = self._contracts.call(
            evidence.contract, "report", *evidence.for_contract(), progress.salt
        )
        estimate = await purse.estimate("report", [Step((show,))])
        if not estimate.pays:
            return replace(progress, note=str(estimate))
        receipt = await purse.send(f"report {progress.name}", show)
        if not receipt.is_success:
            return replace(progress, note="the report reverted")
        self._alerts.tell(
            "reported",
            progress.name,
            f"0x{evidence.signer.hex()} is slashed for {evidence.offence.name.lower()} in epoch"
            f" {evidence.epoch}; the ledger owes 0x{purse.address.hex()} {estimate.reward_wei} wei",
        )
        return replace(
            progress,
            status=Status.PENDING,
            note="L1 may still take it back",
            reward_wei=estimate.reward_wei,
            sent=receipt.transaction_hash,
        )

    @staticmethod
    def _commitment(progress: Progress, evidence: Report, purse: Purse) -> Hash32:
        return report_commitment(evidence.hash(), purse.address, progress.salt)

    async def _refused(self, progress: Progress, refusal: Refused) -> Progress:
        if refusal.name in FINAL_REFUSALS:
            head = await self._contracts.client.head()
            since = self._refused_at.setdefault(progress.name, head.number)
            is_final = head.number - since >= self._contracts.confirmations
            status = Status.SETTLED if is_final else progress.status
            return replace(progress, status=status, note=str(refusal))
        self._alerts.tell("refused", progress.name, f"{progress.name}: L1 refuses it: {refusal}")
        self._not_before[progress.name] = self._now() + RETRY_SECONDS
        return replace(progress, note=str(refusal))
