"""A real L1 with the real contracts, whose blocks and clock only the test moves."""

import asyncio
import re
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sequencer.batches.attestations import (
    AttestationPool,
    BatchCertificate,
    SignedAttestation,
    attest,
)
from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash, encode_blobs
from sequencer.batches.codec import decode_batch_data, encode_batch_data
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import decode_payload, encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.crypto.signatures import Signer
from sequencer.deployment.artifacts import load_artifact
from sequencer.deployment.economy import BPS, GWEI
from sequencer.deployment.parameters import PARAMETER_SETS
from sequencer.deployment.plan import (
    CONTRACTS,
    Plan,
    deployment_of,
    init_codes,
    plan_deployment,
)
from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import DerivedBatch, Entry, Output
from sequencer.evidence.equivocation import EquivocationEvidence, attestations_evidence
from sequencer.l1 import abi
from sequencer.l1.account import L1Account
from sequencer.l1.blob_sources import EndpointBlobs
from sequencer.l1.blobs import BlobReader, BlobSource
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import L1Block, PromiseChallenged
from sequencer.l1.reader import L1Reader
from sequencer.l1.rpc import JsonRpc, to_hex
from sequencer.l1.sidecar import Sidecar, make_sidecar
from sequencer.l1.submitter import Submitter
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.promises.inclusion import InclusionProof, prove_inclusion
from sequencer.types import Address, BatchIndex, Epoch, Hash32, RollupId
from tests.unit.batches.builders import Step, next_block

CHAIN_ID = 31_337
SECONDS = 12
"""Between two blocks."""
TAKEOVER_MS = 1_000
BATCHES_TOGETHER = 4
TIMEOUT_SECONDS = 600
"""Anvil loads its own KZG setup with the first blob, which is long on a busy machine."""
START = 1_900_000_000
"""Timestamp of the first block."""
GENESIS = START + 10 * SECONDS
_DEVNET = PARAMETER_SETS["devnet"]
PARAMETERS = msgspec.structs.replace(
    _DEVNET, stake=msgspec.structs.replace(_DEVNET.stake, operator_cap_bps=BPS)
)
"""Every weight is the stake behind it, however few there are (COMM-5)."""
BOND_WEI = PARAMETERS.stake.min_bond_gwei * GWEI
DEPLOYER = Address(bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"))
COLD = [
    Address(bytes.fromhex(text))
    for text in (
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "90f79bf6eb2c4f870365e785982e1f101e93b906",
        "15d34aaf54267db7d7c367839aaf71a00a2c6a65",
        "9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
        "976ea74026e726554db657fa54763abd0c3a0aa9",
    )
]
"""Accounts 1 to 6 of Anvil."""


def hot_secret(number: int) -> bytes:
    return keccak(b"hot key", word(number))


SECRETS = [hot_secret(number) for number in range(4)]
ROLLUP, ROLLUP_CHAIN_ID = RollupId(1), 7001
FIRST_EPOCH = Epoch(0)
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


class Anvil:
    """The process. Nothing is mined unless it is asked to."""

    def __init__(self, child: asyncio.subprocess.Process, port: int) -> None:
        self._child = child
        self._drain: asyncio.Task[None] | None = None
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.rpc = JsonRpc(self.url)

    @staticmethod
    async def start(
        port: int = 0, state: Path | None = None, options: Sequence[str] = ()
    ) -> "Anvil":
        assert shutil.which("anvil"), "anvil is not on PATH: run the tests by `make test`"
        command = ["anvil", "--port", str(port), "--no-mining", "--hardfork", "osaka"]
        command += ["--gas-limit", "300000000", "--timestamp", str(START)]
        command += [*([] if state is None else ["--state", str(state)]), *options]
        child = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert child.stdout is not None
        async with asyncio.timeout(30):
            while True:
                line = await child.stdout.readline()
                assert line, "anvil ended before it listened"
                found = _LISTENING.search(line)
                if found is not None:
                    made = Anvil(child, int(found[1]))
                    made._drain = asyncio.create_task(_discard(child.stdout))
                    return made

    async def stop(self) -> None:
        await self.rpc.close()
        if self._child.returncode is None:
            self._child.terminate()
        await self._child.wait()
        if self._drain is not None:
            await self._drain

    async def ask(self, method: str, *parameters: object) -> object:
        return await self.rpc.ask_optional(object, lambda found: found, method, *parameters)

    async def mine(self, count: int = 1, seconds: int = SECONDS) -> None:
        """Blocks with what waits, each `seconds` after the one before."""
        for _ in range(count):
            await self.ask("evm_setNextBlockTimestamp", await self.timestamp() + seconds)
            await self.ask("evm_mine")

    async def mine_at(self, timestamp: int) -> None:
        await self.ask("evm_setNextBlockTimestamp", timestamp)
        await self.ask("evm_mine")

    async def timestamp(self) -> int:
        block = await self.ask("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)  # type: ignore[index]

    async def send(
        self, sender: Address, to: Address | None, data: bytes, value_wei: int = 0
    ) -> str:
        """Put a transaction of an unlocked account into the pool; its hash."""
        call = {"from": to_hex(sender), "data": to_hex(data), "value": hex(value_wei)}
        call |= {"gas": hex(16_000_000)} | ({} if to is None else {"to": to_hex(to)})
        return str(await self.ask("eth_sendTransaction", call))

    async def is_success(self, transaction_hash: str) -> bool:
        receipt = await self.ask("eth_getTransactionReceipt", transaction_hash)
        return receipt["status"] == "0x1"  # type: ignore[index]


async def _discard(output: asyncio.StreamReader) -> None:
    """Anvil writes a line for each call, and a full pipe would stop it."""
    while await output.read(1 << 16):
        pass


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plan() -> Plan:
    return plan_deployment(
        chain_id=CHAIN_ID, deployer=DEPLOYER, first_nonce=0, genesis=GENESIS, parameters=PARAMETERS
    )


async def deploy(anvil: Anvil, bonds_wei: Sequence[int] = (BOND_WEI,) * 4) -> Deployment:
    """The contracts, an operator for each bond, the committees of epochs 0 and 1, and a rollup;
    L1 is then a block into epoch 0."""
    planned = plan()
    deployment = deployment_of(planned, start_block=1)
    artifacts = {name: load_artifact(name) for name in CONTRACTS}
    created = [await anvil.send(DEPLOYER, None, code) for code in init_codes(planned, artifacts)]
    await anvil.mine()
    assert all([await anvil.is_success(sent) for sent in created])
    sent = [await _bond(anvil, deployment, *one) for one in enumerate(bonds_wei)]
    register = abi.function("RollupRegistry", "register").call(
        ROLLUP_CHAIN_ID, bytes(20), False, (0, 0)
    )
    sent.append(await anvil.send(DEPLOYER, deployment.contracts.rollup_registry, register))
    await anvil.mine()
    await anvil.mine_at(GENESIS + 1)
    for epoch in (0, 1):
        call = abi.function("Committee", "snapshot").call(epoch)
        sent.append(await anvil.send(DEPLOYER, deployment.contracts.committee, call))
    await anvil.mine()
    assert all([await anvil.is_success(one) for one in sent])
    for number in range(len(bonds_wei)):
        signer = Signer(hot_secret(number)).address
        await anvil.ask("anvil_setBalance", to_hex(signer), hex(10**20))
    return deployment


async def _bond(anvil: Anvil, deployment: Deployment, number: int, bond_wei: int) -> str:
    signer, transport_key = Signer(hot_secret(number)), keccak(b"transport", word(number))
    possession = prove_possession(signer, deployment.domain, COLD[number], transport_key)
    call = abi.function("BondRegistry", "bond").call(
        (to_hex(signer.address), transport_key, 500, f"tcp://127.0.0.1:{9000 + number}", possession)
    )
    return await anvil.send(COLD[number], deployment.contracts.bond_registry, call, bond_wei)


def report_call(evidence: EquivocationEvidence) -> bytes:
    """SLASH-1: the calldata of a report that nobody has committed to."""
    statements = evidence.first.for_contract(), evidence.second.for_contract()
    return abi.function("EquivocationSlasher", "report").call(*statements, bytes(32))


@dataclass
class Follower:
    """A derivation of L1, by itself."""

    client: L1Client
    deployment: Deployment
    blobs: BlobReader | None = None
    outputs: list[tuple[int, Output]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.deriver = Deriver(self.deployment.domain.separator())
        contracts, start = self.deployment.contracts, self.deployment.start_block
        self.reader = L1Reader(
            *(self.client, contracts, start, self), with_calldata=True, blobs=self.blobs
        )

    async def extend(self, block: L1Block) -> None:
        self.outputs += [(block.header.number, found) for found in self.deriver.extend(block)]

    async def rollback_to(self, number: int) -> None:
        self.deriver.rollback_to(number)
        self.outputs = [(block, found) for block, found in self.outputs if block <= number]

    @property
    def entries(self) -> list[Entry]:
        return [found for _, found in self.outputs if isinstance(found, Entry)]

    @property
    def batches(self) -> list[DerivedBatch]:
        return [found for _, found in self.outputs if isinstance(found, DerivedBatch)]

    @property
    def included(self) -> list[bytes]:
        return [entry.transaction for entry in self.entries if entry.skipped is None]


class Node:
    """One member: its view of L1, its submitter, and the committee's batches."""

    def __init__(self, world: "World", member: int) -> None:
        self._world = world
        self._member = member
        self.client = L1Client(world.anvil.url, TIMEOUT_SECONDS)
        self.view = L1View(0, world.deployment.schedule)
        self.watcher = L1Watcher(self.client, self.view, world.deployment, 0.1, lambda: None)
        self.account = L1Account(
            self.client, CHAIN_ID, self.secret, 60_000, lambda: world.now_ms, pause=world.pause
        )
        self.submitter = Submitter(
            self.account,
            world.deployment,
            self.view,
            self,
            TAKEOVER_MS,
            BATCHES_TOGETHER,
            lambda: world.now_ms,
            lambda: None,
        )

    @property
    def secret(self) -> bytes:
        """The committee's order is not that of the ids if bonds differ; here they are equal."""
        return SECRETS[self._member]

    async def step(self) -> bool:
        """Look at L1, then do what is this node's turn."""
        await self.watcher.step()
        is_done = await self.submitter.step()
        await self.watcher.step()
        return is_done

    # --- Source ---

    def seat(self) -> tuple[int, int]:
        return self._member, 4

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        return self._world.certified.get(index)

    def batch(self, index: BatchIndex) -> Batch | None:
        found = self._world.certified.get(index)
        return None if found is None else found[0]

    def usage(self, batch: Batch) -> bytes:
        return self._world.usages[batch.index]

    def data(self, batch: Batch) -> bytes:
        return self._world.data[batch.index]

    async def sidecar(self, batch: Batch) -> Sidecar:
        return await make_sidecar(self.data(batch), self._world.kzg)

    def held(self, content_hash: Hash32) -> bytes | None:
        return self._world.held.get(content_hash)

    def presence(self, epoch: Epoch, index: BatchIndex, batch_hash: Hash32) -> SignedAttestation:
        assert self.view.head is not None
        committee = self.view.committee_at(epoch, self.view.head.number)
        assert committee is not None
        signer = Signer(self.secret)
        return attest(index, batch_hash, committee, signer, self._world.separator)

    def has_kept(self, asked: PromiseChallenged) -> bool:
        return self.kept(asked) is not None

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        """Of promises of this member."""
        if asked.operator_id != self._member + 1:
            return None
        return self._world.proof(asked.promise.tx_hash, asked.index)


class World:
    """L1, the committee, and whoever follows."""

    def __init__(self, anvil: Anvil, deployment: Deployment) -> None:
        self.anvil = anvil
        self.deployment = deployment
        self.separator = deployment.domain.separator()
        self.now_ms = 0
        self.tip: Header = genesis(self.separator)
        self.batch_hash = self.separator
        self.certified: dict[BatchIndex, tuple[Batch, BatchCertificate]] = {}
        self.data: dict[BatchIndex, bytes] = {}
        self.usages: dict[BatchIndex, bytes] = {}
        self.held: dict[Hash32, bytes] = {}
        self.kzg = KzgProcess()
        self.nodes = [Node(self, member) for member in range(4)]
        self.followers: list[Follower] = []

    async def close(self) -> None:
        for node in self.nodes:
            await node.client.close()
        for follower in self.followers:
            await follower.client.close()
        await self.kzg.close()

    async def pause(self, seconds: float) -> None:
        """What an account waits for is a block."""
        await self.anvil.mine()

    async def follower(self, sources: Sequence[BlobSource] | None = None) -> Follower:
        """A new follower at the head of L1, with blobs from these sources or from L1 itself."""
        client = L1Client(self.anvil.url, TIMEOUT_SECONDS)
        asked = [EndpointBlobs(client)] if sources is None else sources
        made = Follower(client, self.deployment, BlobReader(asked, self.kzg))
        self.followers.append(made)
        await made.reader.advance()
        return made

    def proof(self, tx_hash: Hash32, top: BatchIndex) -> InclusionProof | None:
        """PROOF-1, from batch `top` down; None for a transaction in no batch up to it."""
        for index in range(1, top + 1):
            blocks = decode_batch_data(self.data[BatchIndex(index)]).blocks
            for at, block in enumerate(blocks):
                hashes = [keccak(raw) for _, raw in decode_payload(block.payload)]
                if tx_hash in hashes:
                    down = [self.certified[BatchIndex(i)][0] for i in range(top, index - 1, -1)]
                    later = [one.header for one in blocks[at + 1 :]]
                    return prove_inclusion(down, later, block, hashes.index(tx_hash))
        return None

    def block(
        self,
        transactions: Sequence[bytes] = (),
        forced: int = 0,
        held: Sequence[tuple[RollupId, Sequence[bytes]]] = (),
    ) -> Block:
        """`held` are the transactions of rollups that hold their data, each of one rollup."""
        segments = [(rollup, encode_payload([(rollup, raws)])) for rollup, raws in held]
        self.held |= {keccak(data): data for _, data in segments}
        payload = encode_payload(
            [(ROLLUP, transactions)] if transactions else [],
            held=[held_entry(rollup, data) for rollup, data in segments],
        )
        made = next_block(self.tip, Step(payload=payload, forced=forced))
        self.tip = made.header
        return made

    def batch(
        self,
        *blocks: Block,
        data: bytes | None = None,
        hashes: Sequence[Hash32] = (),
        usage: bytes | None = None,
        epoch: Epoch = FIRST_EPOCH,
    ) -> BatchIndex:
        """The committee of an epoch finalizes the blocks, cuts and attests the batch; its index.
        `data` and `usage` replace what honest members would attest, `hashes` are those of its
        blobs."""
        data = encode_batch_data(blocks) if data is None else data
        usage = usage_of(blocks) if usage is None else usage
        last = blocks[-1].header
        batch = Batch(
            index=BatchIndex(len(self.certified) + 1),
            parent_hash=self.batch_hash,
            first_height=blocks[0].header.height,
            last_height=last.height,
            last_block_hash=last.hash,
            forced_count=last.forced_count,
            data_hash=keccak(data),
            blobs_hash=blobs_hash(hashes),
            usage_hash=keccak(usage),
        )
        self.batch_hash = batch.hash
        self.data[batch.index] = data
        self.usages[batch.index] = usage
        self.certified[batch.index] = (batch, self.certify(batch, epoch))
        return batch.index

    async def big_batch(self, *blocks: Block) -> BatchIndex:
        """As `batch`, with a blob form (BATCH-6)."""
        data = encode_batch_data(blocks)
        assert len(data) >= self.deployment.blob_bytes_min
        return self.batch(*blocks, hashes=await self.kzg.versioned_hashes(encode_blobs(data)))

    def certify(self, batch: Batch, epoch: Epoch = FIRST_EPOCH) -> BatchCertificate:
        view = self.nodes[0].view
        assert view.head is not None
        committee = view.committee_at(epoch, view.head.number)
        assert committee is not None
        pool = AttestationPool(self.separator)
        for secret in SECRETS:
            signer = Signer(secret)
            pool.add(attest(batch.index, batch.hash, committee, signer, self.separator), committee)
        certificate = pool.certificate(batch.index, batch.hash, committee)
        assert certificate is not None
        return certificate

    async def report_double_attestation(self, member: int) -> str:
        """SLASH-1: a member attests two batches of one index; anyone reports it."""
        view, signer = self.nodes[0].view, Signer(SECRETS[member])
        assert view.head is not None
        committee = view.committee_at(Epoch(0), view.head.number)
        assert committee is not None
        pair = [
            attest(BatchIndex(1), keccak(content), committee, signer, self.separator)
            for content in (b"one", b"two")
        ]
        evidence = attestations_evidence(self.deployment.domain, signer.address, *pair)
        slasher = self.deployment.contracts.equivocation_slasher
        sent = await self.anvil.send(DEPLOYER, slasher, report_call(evidence))
        await self.anvil.mine()
        return sent

    async def enqueue(self, raw: bytes, gas_limit: int = 100_000) -> str:
        call = abi.function("ForcedInbox", "enqueue").call(ROLLUP, gas_limit, raw)
        return await self.anvil.send(DEPLOYER, self.deployment.contracts.forced_inbox, call, 10**18)
