"""The reporting part of a watchtower, on an L1 of its own."""

from pathlib import Path

import msgspec

from sequencer.batches.attestations import attest
from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.evidence.equivocation import EquivocationEvidence, attestations_evidence
from sequencer.evidence.promise import PromiseEvidence
from sequencer.l1.account import L1Account
from sequencer.l1.client import L1Client
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.promises.challenge import PromiseChallenge
from sequencer.types import Address, BatchIndex, Committee, Epoch, Hash32, Member
from sequencer.watch.alerts import Alerts
from sequencer.watch.desk import Desk
from sequencer.watch.l1 import Contracts
from sequencer.watch.promising import PromiseBook
from sequencer.watch.purse import Purse
from sequencer.watch.reporting import RETRY_SECONDS, Reporter
from sequencer.watch.store import Report, WatchStore
from tests.integration.l1_world import CHAIN_ID, SECRETS, World, hot_secret

KEY = hot_secret(9)
OFFENDER = 2
CONFIRMATIONS = 2
PRICE_ROOM_WEI = 10**17
"""More than any challenge costs; the rest is credited."""


class Tower:
    """The reporting part of a watchtower; another one in the same folder is a restart."""

    def __init__(self, world: World, folder: Path, key: bytes | None = KEY) -> None:
        self.world = world
        self.now = 0.0
        self.client = L1Client(world.anvil.url)
        self.contracts = Contracts(self.client, world.deployment, CONFIRMATIONS)
        self.files = EvidenceFiles(folder / "evidence")
        self.store = WatchStore(folder / "watch.sqlite")
        self.alerts = Alerts(self.store, None)
        view = world.nodes[0].view
        desk = Desk(world.deployment.domain, lambda: view, self.store, self.files, self.alerts)
        self.purse = None if key is None else self._purse(key)
        promises = PromiseBook(desk, self.contracts, [])
        self.reporter = Reporter(desk, self.contracts, self.purse, promises, lambda: self.now)

    @property
    def address(self) -> Address:
        return Signer(KEY).address

    def _purse(self, key: bytes) -> Purse:
        world = self.world
        account = L1Account(
            self.client, CHAIN_ID, key, 60_000, lambda: world.now_ms, pause=world.pause
        )
        return Purse(account, self.contracts)

    async def step(self) -> Report:
        """One step; what is known of the only report then."""
        await self.reporter.step()
        (report,) = self.store.reports()
        return report

    async def later(self) -> Report:
        """The same, once L1 takes nothing back any more."""
        await self.world.anvil.mine(CONFIRMATIONS)
        self.now += RETRY_SECONDS + 1
        return await self.step()

    async def sent(self) -> int:
        """How many transactions it has paid for."""
        return await self.client.nonce(self.address)

    async def challenge(self, evidence: PromiseEvidence, batch: Batch) -> None:
        """Ask for a promise's proof, as from this watchtower's key."""
        assert self.purse is not None
        arguments = *evidence.for_contract(), msgspec.structs.astuple(batch), bytes(32)
        call = self.contracts.call(
            "PromiseSlasher", "challenge", *arguments, value_wei=PRICE_ROOM_WEI
        )
        await self.purse.send("a challenge", call)

    async def reclaim(self, promise_id: Hash32, asked: PromiseChallenge) -> None:
        """Take back the price of a challenge that nobody has answered."""
        assert self.purse is not None
        arguments = promise_id, asked.for_contract(), self.address
        await self.purse.send(
            "a price", self.contracts.call("PromiseSlasher", "reclaim", *arguments)
        )

    async def close(self) -> None:
        self.store.close()
        await self.client.close()


def evidence_of(world: World, secret: bytes = SECRETS[OFFENDER]) -> EquivocationEvidence:
    """A double attestation in epoch 0."""
    view, signer = world.nodes[0].view, Signer(secret)
    assert view.head is not None
    committee = view.committee_at(Epoch(0), view.head.number)
    assert committee is not None
    if committee.index_of(signer.address) is None:
        seats = (*committee.members, Member(signer.address, 1))
        committee = Committee(committee.epoch, seats, committee.hash)
    pair = [
        attest(BatchIndex(1), keccak(content), committee, signer, world.separator)
        for content in (b"one", b"two")
    ]
    return attestations_evidence(world.deployment.domain, signer.address, *pair)
