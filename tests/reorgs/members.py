"""The committee: four nodes without sockets, and a stand-in for consensus among them."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from sequencer.batches.attestations import BatchCertificate, SignedAttestation
from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block, Header
from sequencer.consensus.journal import Journal
from sequencer.crypto.hot_keys import HotKeys
from sequencer.errors import NotYet, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.account import L1Account
from sequencer.l1.client import L1Client
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.sidecar import Sidecar
from sequencer.l1.submitter import Submitter
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.node.attester import Attester
from sequencer.node.epochs import Epochs, Finality
from sequencer.node.ledger import Ledger
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.listings import Listings, ListParameters
from sequencer.ordering.turn import Turn, is_terminal
from sequencer.promises.inclusion import InclusionProof
from sequencer.store.blocks import BlockStore
from sequencer.types import BatchIndex, Committee, Epoch, Hash32, Height, View
from tests.reorgs.contracts import (
    CHAIN_ID,
    DEPLOYMENT,
    ROLLUP,
    ROLLUP_CHAIN_ID,
    SECRETS,
    SIGNERS,
    WINDOW_SECONDS,
)
from tests.reorgs.promises import Promises
from tests.unit.node.chain import proof_of

QUORUM = 3
TAKEOVER_MS = 120_000
BATCHES_TOGETHER = 4
RESUBMIT_MS = 30_000
REPEATED = 0.05
"""Of the times at which a node could send its attestations again."""
SEPARATOR = DEPLOYMENT.domain.separator()


class Clock:
    """The world's time, as the nodes' clocks show it."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms


class Instance:
    """A node's seat in an epoch. Consensus itself is `Committee.order`."""

    core: Any = None

    def __init__(self, node: "Node", committee: Committee) -> None:
        self._node = node
        self.committee = committee
        self.me = committee.index_of(node.signer.address)

    @property
    def is_over(self) -> bool:
        tip = self._node.ledger.tip
        return tip.epoch == self.committee.epoch and is_terminal(DEPLOYMENT.schedule, tip)

    def start(self, restored: Iterable[object]) -> None:
        pass


class Node:
    """One member, as `node/node.py` puts it together; opening one again is a restart."""

    def __init__(
        self,
        number: int,
        folder: Path,
        client: L1Client,
        clock: Clock,
        promises: Promises,
        *,
        confirmations: int,
        window: int,
        peers: "Peers",
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.number = number
        self.confirmations = confirmations
        self.signer = SIGNERS[number]
        self._promises = promises
        self._peers = peers
        self.store = BlockStore(folder / "blocks.sqlite")
        self.journal = Journal(folder / "journal", SEPARATOR, self.signer.address)
        self.view = L1View(confirmations, DEPLOYMENT.schedule, window)
        self.mempool = Mempool(MempoolConfig())
        parameters = OrderingParameters(DEPLOYMENT.block_bytes, WINDOW_SECONDS // 2)
        listings = Listings(ListParameters(), parameters.block_bytes)
        self.application = Application(self.view, self.mempool, parameters, listings)
        self.ledger = Ledger(
            self.store,
            self.application,
            self.mempool,
            DEPLOYMENT.schedule,
            SEPARATOR,
            DEPLOYMENT.batch_parameters,
            lambda _: None,
            self._on_batch,
            lambda: None,
            clock.now_ms,
        )
        self.attester = Attester(
            HotKeys(self.signer),
            SEPARATOR,
            self.journal,
            self.store,
            self.view,
            self._send,
            lambda conflict, _: promises.broken(f"two contents were attested: {conflict}"),
            self.ledger.vouches_for,
        )
        services: Any = SimpleNamespace(
            journal=self.journal,
            store=self.store,
            schedule=DEPLOYMENT.schedule,
            separator=SEPARATOR,
        )
        self.epochs: Epochs[Any] = Epochs(
            services, self.ledger, self.attester, self.view, self._make_instance
        )
        self.ledger.resume()
        self.watcher = L1Watcher(client, self.view, DEPLOYMENT, 1.0, self._on_l1)
        self.submitter = Submitter(
            L1Account(
                client,
                CHAIN_ID,
                SECRETS[number],
                RESUBMIT_MS,
                clock.now_ms,
                pause=self._pause,
            ),
            DEPLOYMENT,
            self.view,
            self,
            TAKEOVER_MS,
            BATCHES_TOGETHER,
            clock.now_ms,
            lambda: None,
        )
        self.tasks: list[asyncio.Task[None]] = []

    def close(self) -> None:
        self.journal.close()
        self.store.close()

    async def _pause(self, seconds: float) -> None:
        await self._peers.rest()

    def _on_batch(self, _: Batch) -> None:
        self.attester.attest_next(self.ledger)

    def _make_instance(self, committee: Committee, _: Header, __: Finality | None) -> Instance:
        return Instance(self, committee)

    def _on_l1(self) -> None:
        """As `Node._on_l1` of the real one."""
        self.ledger.note_commits(self.view)
        self.attester.follow(self.ledger)
        self.epochs.advance()

    def _send(self, signed: SignedAttestation) -> None:
        self._promises.attested(self.number, signed)
        for node in self._peers.up:
            if node is not self:
                node.attester.on_attestation(signed)

    def append(self, blocks: Sequence[Block]) -> None:
        """Final blocks, as far as this node knows who decides on them (EPOCH-2)."""
        for block in blocks:
            self.epochs.advance()
            instance = self.epochs.instance
            if instance is None or instance.committee.epoch != block.header.epoch:
                return
            self.ledger.append((block,), proof_of(block))
            self.epochs.advance()

    # --- Source ---

    def seat(self) -> tuple[int, int] | None:
        instance = self.epochs.instance
        if instance is None or instance.me is None:
            return None
        return instance.me, len(instance.committee)

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        batch = self.ledger.batch(index)
        certificate = None if batch is None else self.attester.certificate(batch)
        return None if batch is None or certificate is None else (batch, certificate)

    def batch(self, index: BatchIndex) -> Batch | None:
        return self.ledger.batch(index)

    def usage(self, batch: Batch) -> bytes:
        return self.ledger.batch_usage(batch)

    def data(self, batch: Batch) -> bytes:
        return self.ledger.batch_data(batch.first_height, batch.last_height)

    def held(self, content_hash: Hash32) -> bytes | None:
        return None

    def presence(
        self, epoch: Epoch, index: BatchIndex, batch_hash: Hash32
    ) -> SignedAttestation | None:
        return None  # nobody is punished for absence on this L1

    def has_kept(self, asked: PromiseChallenged) -> bool:
        return False  # none of them promises anything here

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        return None

    async def sidecar(self, batch: Batch) -> Sidecar:
        raise NotImplementedError("no batch is long enough to have blobs")


class Peers:
    """The nodes that are up, and the stand-in for consensus."""

    def __init__(self, draw: Random, clock: Clock, promises: Promises) -> None:
        self._draw = draw
        self._clock = clock
        self._promises = promises
        self.up: list[Node] = []

    async def rest(self) -> None:
        """Let others go on."""
        for _ in range(self._draw.randrange(1, 12)):
            await asyncio.sleep(0)

    def catch_up(self) -> None:
        """Who lacks final blocks gets them."""
        best = max(self.up, key=lambda node: node.ledger.tip.height)
        for node in self.up:
            heights = range(node.ledger.tip.height + 1, best.ledger.tip.height + 1)
            node.append([_block(best, height) for height in heights])
            if self._draw.random() < REPEATED:
                node.attester.repeat()

    def add(self, raw: bytes) -> None:
        """A transaction of a rollup's user, to all."""
        tx = decode_transaction(raw, ROLLUP_CHAIN_ID)
        for node in self.up:
            node.mempool.add(ROLLUP, tx, self._clock.now_ms())

    def order(self) -> None:
        """A member proposes; if three accept the block, it is final on all that are up."""
        self.catch_up()
        proposer = self._draw.choice(self.up)
        instance, parent = proposer.epochs.instance, proposer.ledger.tip
        if instance is None or instance.is_over:
            return
        epoch = instance.committee.epoch
        view = View(parent.view + 1 if parent.epoch == epoch else 1)
        turn = Turn(epoch, view, proposer.signer.address)
        now_ms = self._clock.now_ms()
        if proposer.application.pause_ms(epoch, parent, (), now_ms) is None:
            return
        block = proposer.application.prepare(turn, parent, (), now_ms)
        votes = [node for node in self.up if self._accepts(node, turn, block, parent)]
        if len(votes) >= QUORUM:
            self._check_origin(block.header, parent, proposer)
            for node in self.up:
                if node.ledger.tip == parent:
                    node.append([block])

    def _check_origin(self, header: Header, parent: Header, node: Node) -> None:
        """L1-2."""
        head = node.view.head
        depth = -1 if head is None else head.number - header.origin_number
        if header.origin_number != parent.origin_number and depth < node.confirmations:
            self._promises.broken(f"an origin is {depth} blocks deep, not {node.confirmations}")

    def _accepts(self, node: Node, turn: Turn, block: Block, parent: Header) -> bool:
        instance = node.epochs.instance
        if instance is None or instance.committee.epoch != turn.epoch:
            return False
        try:
            node.application.process(turn, block, parent, (), self._clock.now_ms())
        except NotYet:
            return False
        except PeerFault as fault:
            # Whose view is a whole window behind names an origin that others have dropped.
            if "older than the L1 blocks" not in str(fault):
                self._promises.broken(f"node {node.number} calls an honest block wrong: {fault}")
            return False
        return True


def _block(node: Node, height: int) -> Block:
    block = node.ledger.block(Height(height))
    assert block is not None
    return block
