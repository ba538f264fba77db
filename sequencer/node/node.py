"""A sequencer node: the stages of docs/ARCHITECTURE.md put together and run.

Everything runs on one event loop thread, and stages hand over by plain calls in the order a
transaction takes. This module only connects; each stage is a module of its own.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aiohttp import web

from sequencer.batches.attestations import AttestationConflict, SignedAttestation
from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block
from sequencer.config import Config, split_address
from sequencer.consensus.archive import CertificateArchive
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.journal import Journal
from sequencer.consensus.messages import FinalityProof
from sequencer.consensus.verification import Verifier
from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_secret
from sequencer.errors import PeerFault
from sequencer.evidence.equivocation import (
    EquivocationEvidence,
    attestations_evidence,
    votes_evidence,
)
from sequencer.ingress.exhibits import add_exhibits
from sequencer.ingress.rpc import create_app, make_runner
from sequencer.l1.account import L1Account
from sequencer.l1.client import L1Client
from sequencer.l1.coverage import Coverage
from sequencer.l1.deployment import Deployment
from sequencer.l1.operators import peers_of
from sequencer.l1.submitter import Submitter
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.mempool.admission import Admission
from sequencer.mempool.pool import Mempool
from sequencer.node.attester import Attester
from sequencer.node.backend import Admitted, NodeBackend, resident_mb
from sequencer.node.blobs import Blobs
from sequencer.node.budget import PeerBudget
from sequencer.node.clock import Clock
from sequencer.node.epochs import Epochs
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.node.exhibits import NodeExhibits
from sequencer.node.fetching import Fetching
from sequencer.node.gossip import PeerFaults, TransactionGossip
from sequencer.node.history import History
from sequencer.node.inbound import Inbound
from sequencer.node.inclusion import Inclusions
from sequencer.node.instance import Instance, Services
from sequencer.node.journal_guard import JournalGuard
from sequencer.node.latency import FinalityLatency
from sequencer.node.ledger import Ledger
from sequencer.node.listing import Lister
from sequencer.node.promising import Promising
from sequencer.node.settings import (
    list_parameters,
    mempool_config,
    ordering_parameters,
    promise_parameters,
    timing,
)
from sequencer.node.source import NodeSource
from sequencer.node.statements import StatementLog
from sequencer.node.status import forced_status, modes_status, notices_status
from sequencer.node.transport import Peer, Transport
from sequencer.node.votes import VoteSigner
from sequencer.node.wire import GossipedTransaction, encode_signed_attestation, is_bulk
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.contents import Ordered
from sequencer.ordering.listings import Listings
from sequencer.ordering.turn import is_terminal
from sequencer.promises.book import PromiseBook, Standing
from sequencer.serving import listen, write_endpoints
from sequencer.store.blocks import BlockStore
from sequencer.store.promises import PromiseStore
from sequencer.types import Address, Committee, Epoch, Hash32, RollupId

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 1.0
LISTING_SECONDS = 0.1
MAX_DROPPED = 2_000
"""Certificates forgotten in one upkeep: about 5 ms."""


class Node:
    """One operator's node. Construct, then `run` until cancelled."""

    def __init__(
        self, config: Config, deployment: Deployment, secret: bytes, *former: bytes
    ) -> None:
        """`secret` is the hot key that L1 has now, `former` are those before (STAKE-11). Opens the
        node's files; raises `LocalFault` when they are damaged or in use."""
        self._config = config
        self._deployment = deployment
        self._clock = Clock()
        self._failed: asyncio.Future[None] | None = None
        self._data = Path(config.node.data_dir)
        self._data.mkdir(parents=True, exist_ok=True)
        self.keys = HotKeys(Signer(secret), *map(Signer, former))
        self._separator = deployment.domain.separator()

        self.l1 = L1View(config.l1.confirmations, deployment.schedule)
        self._client = L1Client(config.l1.url)
        self.mempool = Mempool(mempool_config(config))
        self._admission = Admission(config.mempool.max_transactions)
        self.listings = Listings(list_parameters(config), deployment.block_bytes)
        self.application = self.make_application(ordering_parameters(config, deployment))

        self._journal = Journal(self._data / "journal", self._separator, *self.keys.addresses)
        self._store = BlockStore(self._data / "blocks.sqlite")
        self._promises = PromiseStore(self._data / "promises.sqlite")
        self._guard = JournalGuard(self._journal, self._store)
        self._blobs = Blobs(config, self._client, self._data)
        self._coverage = Coverage(self._client, self.l1, deployment, self.keys.addresses)
        self._watcher = self._make_watcher()
        self._latency = FinalityLatency()
        self._evidence = EvidenceFiles(self._data / "evidence")
        self._statements = StatementLog(self._clock.now_ms)

        self.transport = self._make_transport(secret)
        self._gossip = TransactionGossip(self.transport.broadcast)
        self._faults = PeerFaults()
        self._budget = PeerBudget()
        self._fetching = Fetching(self.transport, self._clock, self._blame, self._fail)

        self.ledger = self._make_ledger()
        self._inclusions = Inclusions(self.ledger, self.l1, self._coverage.operator_ids)
        self.attester = self._make_attester()
        self.epochs = self._make_epochs()
        self._backend = self._make_backend()
        self._submitter = self._make_submitter(secret)
        self._lister = self._make_lister()
        self._promising = self._make_promising()
        self._backend.promising = self._promising
        self._inbound = self._make_inbound()

    def make_vote_signer(self, separator: Hash32) -> VoteSigner:
        """The one place where votes are signed."""
        return VoteSigner(separator, self._journal)

    def make_application(self, parameters: OrderingParameters) -> Application:
        """The one place where blocks are built and judged."""
        return Application(self.l1, self.mempool, parameters, self.listings)

    def choose_peers(self, operators: list[Peer]) -> list[Peer]:
        """Of the other operators on L1, those that this node talks to."""
        return operators

    async def run(self) -> None:
        """Run until cancelled; raises `LocalFault` when the node cannot go on."""
        self._failed = asyncio.get_running_loop().create_future()
        self.ledger.resume()
        self._promising.resume(self._clock.now_ms())
        self.transport.start()
        app = create_app(self._backend, self._clock.now_ms)
        add_exhibits(app, NodeExhibits(self._statements, self._evidence, self.ledger))
        runner = make_runner(app)
        try:
            await self._serve(runner)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.transport.run())
                tasks.create_task(self._upkeep())
                tasks.create_task(self._list())
                tasks.create_task(self._coverage.run())
                tasks.create_task(self._until_failed())
                tasks.create_task(self._watcher.run())
                tasks.create_task(self._submitter.run())
                tasks.create_task(self._blobs.run(self.ledger))
        finally:
            await runner.cleanup()
            await self._blobs.stop()
            await self._client.close()
            self.close()

    def close(self) -> None:
        if self.epochs.instance is not None:
            self.epochs.instance.stop()
        self.transport.close()
        self._guard.note()
        self._store.close()
        self._promises.close()
        self._blobs.archive.close()
        self._journal.close()

    def status(self) -> dict[str, object]:
        """What `seq_status` answers."""
        instance = self.epochs.instance
        core = instance.core if instance else None
        head, confirmed, tip = self.l1.head, self.l1.confirmed, self.ledger.tip
        return {
            "signer": _hex(self.keys.current.address),
            "member": instance.me if instance else None,
            "epoch": instance.committee.epoch if instance else None,
            "view": core.view if core else None,
            "height": tip.height,
            "finalizedHash": _hex(tip.hash),
            "leader": _hex(instance.leader) if instance else None,
            "finalityMs": self._latency.summary(),
            "l1": {
                "head": head.number if head else None,
                "confirmed": confirmed.number if confirmed else None,
                "connected": self._watcher.is_connected,
                "lastError": self._watcher.last_error,
                "lastSubmitError": self._submitter.last_error,
            },
            "forced": forced_status(self.l1),
            "basedUntil": self.l1.based_until,
            "modes": modes_status(self.l1),
            "feeNotices": notices_status(self.l1),
            "batches": {
                "cut": self.ledger.last_batch,
                "committed": self.l1.last_index,
                "charged": self.l1.charged.last,
            },
            "mempool": {
                "transactions": len(self.mempool),
                "bytes": self.mempool.total_bytes,
                "limit": self._admission.limit,
            },
            "listed": len(self.listings),
            "promises": {
                "open": len(self._promising.book),
                "openWei": str(self._promising.book.open_wei),
                "coverageWei": None if self._coverage.wei is None else str(self._coverage.wei),
            },
            "peers": {
                "known": len(self.transport.peers),
                "faults": self._faults.total,
                "dropped": self.transport.dropped,
                "overBudget": self._budget.refused,
            },
            "evidence": len(self._evidence),
            "rssMb": resident_mb(),
        }

    # --- stages, upstream first ---

    def _make_watcher(self) -> L1Watcher:
        return L1Watcher(
            self._client,
            self.l1,
            self._deployment,
            self._config.l1.poll_ms / 1000,
            self._on_l1,
            self._blobs.archiver.on_block,
        )

    def _make_transport(self, secret: bytes) -> Transport:
        return Transport(
            transport_secret(secret),
            split_address(self._config.node.peer_listen, "peer_listen"),
            self._receive,
            self._config.node.peer_source,
            is_bulk,
            self._receive_transactions,
        )

    def _make_ledger(self) -> Ledger:
        return Ledger(
            self._store,
            self.application,
            self.mempool,
            self._deployment.schedule,
            self._separator,
            self._deployment.batch_parameters,
            self._on_ordered,
            self._on_batch,
            self._blobs.sealing.poke,
            self._clock.now_ms,
        )

    def _make_attester(self) -> Attester:
        return Attester(
            self.keys,
            self._separator,
            self._journal,
            self._store,
            self.l1,
            self._send_attestation,
            self._on_conflict,
            self.ledger.vouches_for,
            self._statements.attestation,
        )

    def _make_epochs(self) -> Epochs[Instance]:
        services = Services(
            keys=self.keys,
            separator=self._separator,
            journal=self._journal,
            votes=self.make_vote_signer(self._separator),
            store=self._store,
            archive=CertificateArchive(self._store, self._verifier_of),
            committee_of=self._committee_of,
            history=History(self._store),
            fetching=self._fetching,
            application=self.application,
            transport=self.transport,
            clock=self._clock,
            schedule=self._deployment.schedule,
            timing=timing(self._config),
            before_build=self.transport.hasten,
            before_proposal=self._gossip.flush,
            on_final=self._on_final,
            on_vote=self._statements.vote,
            on_equivocation=self._on_equivocation,
            on_fault=self._fail,
        )
        return Epochs(services, self.ledger, self.attester, self.l1, partial(Instance, services))

    def _make_backend(self) -> NodeBackend:
        return NodeBackend(
            self.l1,
            self.application.served,
            self.mempool,
            self._admission,
            self.ledger,
            self._blobs.archive,
            self._deployment.block_bytes,
            self._config.node.withhold_data,
            self._on_accepted,
            self.status,
            lambda: self.epochs.instance is not None,
            lambda: self._watcher.is_connected,
            self._inclusions,
        )

    def _make_submitter(self, secret: bytes) -> Submitter:
        l1 = self._config.l1
        chain_id, now_ms = self._deployment.chain_id, self._clock.now_ms
        return Submitter(
            L1Account(self._client, chain_id, secret, l1.resubmit_ms, now_ms),
            self._deployment,
            self.l1,
            NodeSource(
                self.epochs,
                self.ledger,
                self.attester,
                self._blobs.kzg,
                self._backend,
                self.l1,
                now_ms,
                self._inclusions,
            ),
            l1.takeover_ms,
            l1.batches_together,
            now_ms,
            self._watcher.poke,
        )

    def _make_lister(self) -> Lister:
        return Lister(
            self.keys,
            self._separator,
            self.mempool,
            self.listings,
            list_parameters(self._config),
            self._backend.chain_id,
            lambda key: self.ledger.locate(*key) is not None,
            self.transport.broadcast,
        )

    def _make_promising(self) -> Promising:
        book = PromiseBook(
            self.keys,
            self._separator,
            self.l1,
            self.application.served,
            self.mempool,
            promise_parameters(self._config),
        )
        return Promising(
            book,
            self._promises,
            self.mempool,
            self._lister,
            self._standing,
            lambda key: self.ledger.locate(*key) is not None,
            self._fail,
            breaks=self._config.promises.break_promises,
        )

    def _standing(self) -> Standing:
        """PROMISE-2."""
        instance = self.epochs.instance
        committee = None if instance is None else instance.committee
        list_bytes = 0 if self.listings.committee is None else self.listings.bytes_each
        return Standing(
            committee, self.ledger.tip, self._coverage.wei, list_bytes, self._clock.now_ms()
        )

    def _make_inbound(self) -> Inbound:
        return Inbound(
            self.epochs,
            self.attester,
            self._backend,
            self._lister,
            self._faults,
            self._budget,
            self._clock,
            self._fail,
            self.transport.hasten,
        )

    # --- hand-overs, in the order of a transaction's way ---

    def _on_accepted(self, rollup: RollupId, accepted: Sequence[Admitted]) -> None:
        now_ms = time.monotonic() * 1e3
        for transaction, hint in accepted:
            self._latency.on_accepted((rollup, transaction.hash), now_ms)
            self._gossip.add(GossipedTransaction(rollup, transaction.raw, hint))
        if accepted and self.epochs.instance is not None:
            self.epochs.instance.on_work()

    def _receive(self, peer: Address, data: bytes) -> None:
        self._inbound.receive(peer, data)

    def _receive_transactions(self, messages: Sequence[tuple[Address, bytes]]) -> int:
        return self._inbound.receive_transactions(messages)

    def _blame(self, peer: Address, fault: PeerFault) -> None:
        self._inbound.blame(peer, fault)

    def _on_final(self, blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        self.ledger.append(blocks, proof)
        if is_terminal(self._deployment.schedule, blocks[-1].header):
            asyncio.get_running_loop().call_soon(self._advance)

    def _on_ordered(self, transactions: list[Ordered]) -> None:
        now_ms = time.monotonic() * 1e3
        keys = [(rollup, transaction.hash) for rollup, transaction in transactions]
        took_ms = self._latency.on_final(keys, now_ms)
        self._admission.on_final(took_ms, self.mempool.ready_count, now_ms)
        self._promising.settled(keys)

    def _on_batch(self, _: Batch) -> None:
        self.attester.attest_next(self.ledger)

    def _send_attestation(self, signed: SignedAttestation) -> None:
        self.transport.broadcast(encode_signed_attestation(signed))

    def _on_l1(self) -> None:
        """The view of L1 has changed."""
        confirmed = self.l1.confirmed
        if confirmed is not None:
            own = set(self.keys.addresses)
            others = [
                Peer(operator.signer, operator.transport_key, operator.endpoint, operator.former)
                for operator in peers_of(self.l1.operators_at(confirmed.number))
                if not own.intersection((operator.signer, *operator.former))
            ]
            self.transport.set_peers(self.choose_peers(others))
            self._fetching.set_peers(peer.signer for peer in self.transport.peers)
        self._coverage.poke()
        self.ledger.note_commits(self.l1)
        self.attester.follow(self.ledger)
        self._advance()
        if self.epochs.instance is not None:
            self.epochs.instance.on_work()

    def _advance(self) -> None:
        try:
            if self.epochs.advance():
                assert self.epochs.instance is not None
                self._lister.begin(self.epochs.instance.committee)
                self._promising.list_open(self._clock.now_ms())
                self._inbound.replay()
        except Exception as error:  # a callback of the loop: nothing above would see it
            self._fail(error)

    # --- evidence ---

    def _committee_of(self, epoch: Epoch) -> Committee | None:
        head = self.l1.head
        return self.l1.committee_at(epoch, head.number) if head else None

    def _verifier_of(self, epoch: Epoch) -> Verifier | None:
        committee = self._committee_of(epoch)
        if committee is None:
            return None
        return Verifier(self._separator, committee)

    def _on_equivocation(self, found: Equivocation, committee: Committee) -> None:
        signer = committee.members[found.first.member].signer
        self._keep(votes_evidence(self._deployment.domain, signer, found.first, found.second))

    def _on_conflict(self, found: AttestationConflict, committee: Committee) -> None:
        signer = committee.members[found.first.member].signer
        domain = self._deployment.domain
        self._keep(attestations_evidence(domain, signer, found.first, found.second))

    def _keep(self, evidence: EquivocationEvidence) -> None:
        self._evidence.keep(evidence)

    # --- running ---

    def _fail(self, error: Exception) -> None:
        """Stop the node with this error, from wherever it came."""
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def _until_failed(self) -> None:
        assert self._failed is not None
        await self._failed

    async def _upkeep(self) -> None:
        """What nothing else brings about: repeats, expiry, a short journal."""
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            self.transport.refresh()
            self.attester.repeat()
            self.mempool.expire(self._clock.now_ms())
            self.mempool.keep(self.application.served.is_open)
            self.listings.keep(self.application.served.is_open)
            self.epochs.compact()
            self._drop_what_is_too_old()
            self._guard.note()

    async def _list(self) -> None:
        """LIST-1."""
        while True:
            await asyncio.sleep(LISTING_SECONDS)
            self._promising.list_open(self._clock.now_ms())
            is_listed = self._lister.list_waiting(self._clock.now_ms())
            if is_listed and self.epochs.instance is not None:
                self.epochs.instance.on_work()

    def _drop_what_is_too_old(self) -> None:
        """SIMPLEX-15, PROMISE-5: of epochs for which nobody can be punished any more."""
        if self.epochs.instance is not None:
            oldest = self.epochs.instance.committee.epoch - self._deployment.slashable_epochs
            self._promising.upkeep(Epoch(oldest))
            if oldest > 0:
                self._store.drop_certificates(Epoch(oldest), MAX_DROPPED)

    async def _serve(self, runner: web.AppRunner) -> None:
        host, port = split_address(self._config.node.rpc_listen, "rpc_listen")
        rpc = await listen(runner, host, port, "RPC address")
        peer = self.transport.endpoint
        write_endpoints(self._data, rpc=rpc, peer=peer)
        log.info("RPC at %s, peers at %s", rpc, peer)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
