"""The contracts on a fresh Anvil with fixed keys and times, and a call for each thing to measure.

Commits are made on a chain that has many behind it: the slots of the ring of batch hashes
that they write are in use, as after its first round of 1,024.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.contract import Contract

from sequencer.deployment.plan import CONTRACTS, SLASHERS
from tests.contracts.blobs import BlobSender, blobs_hash, make_blob
from tests.contracts.deployment import create_address
from tests.contracts.held import HeldBlock, proof_of
from tests.contracts.settings import VALUES, Parameter
from tests.contracts.work import participation_of
from tests.vectors import reference as ref

ROOT = Path(__file__).resolve().parent.parent

ARTIFACTS = ROOT / "build" / "contracts"

START = 1_800_000_000
GENESIS = START + 10_000
EPOCH_SECONDS = 100_000
UNBONDING_SECONDS = 1_000_000
FORCE_WINDOW_SECONDS = 3_600
BOND_WEI = 32 * 10**18
RING_SIZE = 1_024
EPOCHS_KEPT = 64
# Batches that a measured chain has behind it.
AGE = 100_000
OPERATORS = 48

COMMIT_GRACE_SECONDS = 50_000
TIMES = (GENESIS, EPOCH_SECONDS, UNBONDING_SECONDS, COMMIT_GRACE_SECONDS, 500_000)
INBOX_PARAMETERS = (FORCE_WINDOW_SECONDS, 131_072, 30_000_000, 10**13, 10**9, 10**6, 64)
FALLBACK_PARAMETERS = (10_000_000, 3_600, 600)
FLOOR_PARAMETERS = (10**13, 10**9, 10**8)
DATA_PARAMETERS = (86_400, 3_600)
PROMISE_PARAMETERS = (3_600,)
EXIT_DELAY_SECONDS = 86_400
# Before a parameter changes.
DELAY_SECONDS = UNBONDING_SECONDS + 2 * EPOCH_SECONDS
EQUIVOCATION, EJECT = 1, 2
FORCED_GAS = 100_000
VAULT = Web3.to_checksum_address("0x" + "0a" * 20)
CALL_DATA = bytes([0xA9, 0x05, 0x9C, 0xBB]) + bytes([0x0B]) * 64
NO_TIP = {"gasPrice": 2 * 10**9}


@contextmanager
def anvil(accounts: int = OPERATORS + 2) -> Iterator[Web3]:
    """A fresh chain at a fixed time, one second a block, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["anvil", "--silent", "--port", str(port), "--hardfork", "osaka"]
    command += ["--timestamp", str(START), "--accounts", str(accounts)]
    process = subprocess.Popen(command)
    try:
        # Anvil checks blobs for long where the processor is shared; no request is sent twice.
        provider = HTTPProvider(
            f"http://127.0.0.1:{port}",
            request_kwargs={"timeout": 300},
            exception_retry_configuration=None,
        )
        w3 = Web3(provider)
        for _ in range(200):
            if w3.is_connected():
                break
            time.sleep(0.05)
        rpc(w3, "anvil_setBlockTimestampInterval", 1)
        yield w3
    finally:
        process.terminate()
        process.wait()


def rpc(w3: Web3, method: str, *parameters: Any) -> None:
    result_of(w3, method, list(parameters))


def result_of(w3: Web3, method: str, parameters: list[Any]) -> Any:
    response = w3.provider.make_request(method, parameters)  # type: ignore[arg-type]  # web3 types names as literals
    if "error" in response:
        raise RuntimeError(f"{method}: {response['error']}")
    return response["result"]


def run(call: Any, sender: str, value: int = 0) -> int:
    """Send one transaction; returns the gas it used. The gas limit is Anvil's block limit."""
    receipt = call.w3.eth.wait_for_transaction_receipt(
        call.transact({"from": sender, "value": value, "gas": 16_000_000, **NO_TIP}),
        poll_latency=0.001,
    )
    if receipt["status"] != 1:
        raise RuntimeError(f"{call.fn_name} reverted")
    return int(receipt["gasUsed"])


def batch_data(epoch: int, height: int, payload: bytes) -> bytes:
    """ENC-13 for a batch of one block. The L1 origin is spelled out, as in every first block."""
    origin_number, origin_timestamp = 25_000_000, GENESIS + height - 30
    forced_count, proposer = 0, bytes([0xAB]) * 20
    block = [
        height + 7,
        (GENESIS + height) * 1_000 + 123,
        origin_number,
        keccak(b"origin"),
        origin_timestamp,
        forced_count,
        proposer,
        payload,
    ]
    return b"\x01" + bytes(rlp.encode([epoch, keccak(b"parent"), height, [block]]))


# ENC-10, codec 0, no segments.
EMPTY_PAYLOAD = bytes(3)


@dataclass
class Deployment:
    """The contracts on one Anvil, and the operators' keys in order of member index."""

    w3: Web3
    most_members: int = OPERATORS
    keys: list[LocalAccount] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts: Sequence[str] = self.w3.eth.accounts
        self.submitter, self.user = self.accounts[OPERATORS], self.accounts[OPERATORS + 1]
        self._deploy_all()
        self.domain = ref.Domain(self.w3.eth.chain_id, self.registry.address)
        self.committee_hash = b""
        self.batch: ref.Batch | None = None
        self.batch_hash = self.domain.separator()
        self.index = 0

    def _deploy_all(self) -> None:
        """As tests/contracts/deployment.py does; the user proposes parameters and may slash."""
        nonce = self.w3.eth.get_transaction_count(self.user)
        at = {name: create_address(self.user, nonce + n) for n, name in enumerate(CONTRACTS)}
        slashers = [*(at[name] for name in SLASHERS), self.user]
        values = [VALUES[key] for key in Parameter]
        create = self._deploy

        self.rollups = rollups = create("RollupRegistry", EXIT_DELAY_SECONDS)
        margin = DELAY_SECONDS - EXIT_DELAY_SECONDS
        self.timelock = create("ParameterTimelock", DELAY_SECONDS, margin, rollups, [self.user])
        self.parameters = create("Parameters", self.timelock, values)
        self.registry = create("BondRegistry", TIMES, self.parameters, at["SlashingLedger"])
        self.committee = create("Committee", self.registry, 4, self.most_members)
        self.insurance = create("InsurancePool", self.registry, at["SlashingLedger"])
        self.ledger = create("SlashingLedger", self.committee, self.insurance, slashers)
        self.inbox = create("ForcedInbox", rollups, at["CommitmentChain"], INBOX_PARAMETERS)
        wiring = (self.registry, self.committee, self.inbox)
        self.chain = create("CommitmentChain", *wiring, FALLBACK_PARAMETERS)
        self.slasher = create("EquivocationSlasher", self.ledger)
        self.posts = create("RollupInbox", rollups, self.chain, FLOOR_PARAMETERS)
        self.data = create("DataAvailabilityChallenge", self.ledger, self.chain, DATA_PARAMETERS)
        self.participation = create("Participation", self.chain)
        self.inactivity = create("InactivitySlasher", self.ledger, self.participation)
        self.splitter = create("RevenueSplitter", self.participation, rollups)
        self.fees = create("SequencingFees", self.chain, self.splitter)
        self.ordering = create("OrderingSlasher", self.ledger, rollups)
        self.neglect = create("NeglectSlasher", self.ledger, self.inbox)
        self.promises = create("PromiseSlasher", self.ledger, self.chain, *PROMISE_PARAMETERS)

    def _deploy(self, name: str, *arguments: Any) -> Contract:
        artifact = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
        factory = self.w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        plain = [value.address if isinstance(value, Contract) else value for value in arguments]
        transaction = factory.constructor(*plain).transact({"from": self.user, **NO_TIP})
        receipt = self.w3.eth.wait_for_transaction_receipt(transaction)
        return factory(receipt["contractAddress"])

    def age(self) -> None:
        """As after AGE batches in more than 64 epochs: the next slots of both rings are used.
        CommitmentChain keeps the last commit (types/LastCommit.sol) in slot 0, the ring from
        slot 1."""
        since_genesis = self.w3.eth.get_block("latest")["timestamp"] - GENESIS
        participation = int.from_bytes(keccak(b"participation")[:20], "big")
        self._store(0, participation << 96 | AGE << 64 | since_genesis << 8 | 100 << 1)
        for index in range(AGE, AGE + 20):
            self._store(1 + index % RING_SIZE, int.from_bytes(self.batch_hash, "big"))
        for epoch in range(EPOCHS_KEPT):
            self._store(1 + RING_SIZE + epoch, participation << 96)
        self.index = AGE

    def _store(self, slot: int, word: int) -> None:
        value = "0x" + word.to_bytes(32, "big").hex()
        rpc(self.w3, "anvil_setStorageAt", self.chain.address, hex(slot), value)

    def jump_to(self, timestamp: int) -> None:
        rpc(self.w3, "evm_setNextBlockTimestamp", timestamp)
        rpc(self.w3, "evm_mine")

    def bond(self) -> int:
        """The next operator; equal bonds, so ids and member indices run in parallel."""
        number = len(self.keys)
        key, operator = ref.account_of(number + 1), self.accounts[number]
        transport_key, endpoint = (
            keccak(b"%d" % number),
            f"tcp://sequencer-{number:02}.example:9000",
        )
        message = {"operator": operator, "signer": key.address, "transportKey": transport_key}
        possession = ref.sign(key, self.domain.digest("KeyPossession", **message))
        self.keys.append(key)
        application = (key.address, transport_key, 0, endpoint, possession)
        return run(self.registry.functions.bond(application), operator, BOND_WEI)

    def rotate_signer(self, number: int) -> int:
        """The operator with this index takes a fresh key."""
        key, operator = ref.account_of(2_000 + number), self.accounts[number]
        transport_key = keccak(b"%d" % number)
        message = {"operator": operator, "signer": key.address, "transportKey": transport_key}
        possession = ref.sign(key, self.domain.digest("KeyPossession", **message))
        return run(self.registry.functions.rotateSigner(key.address, possession), operator)

    def snapshot(self, epoch: int) -> int:
        used = run(self.committee.functions.snapshot(epoch), self.user)
        self.committee_hash = bytes(self.committee.functions.committeeHash(epoch).call())
        return used

    def commit(
        self, epoch: int, signers: Sequence[int], payload: bytes = EMPTY_PAYLOAD, **changes: Any
    ) -> int:
        """The next batch, with `changes`."""
        batch, signatures, data = self._certified(epoch, signers, payload, **changes)
        call = self.chain.functions.commit(
            batch.as_tuple(), epoch, ref.bitmap(signers), signatures, data
        )
        return run(call, self.submitter)

    def commit_blobs(self, epoch: int, signers: Sequence[int]) -> int:
        """The same with one blob; what the blob itself costs is paid in another gas."""
        sender = BlobSender(partial(result_of, self.w3), ref.account_of(1_000))
        blobs = [make_blob(b"data")]
        carried = blobs_hash(sender.sign(self.chain.address, b"", blobs))
        batch, signatures, _ = self._certified(epoch, signers, EMPTY_PAYLOAD, blobsHash=carried)
        arguments = [batch.as_tuple(), epoch, ref.bitmap(signers), signatures]
        call = self.chain.encode_abi("commitBlobs", arguments)
        signed = sender.sign(self.chain.address, bytes.fromhex(call[2:]), blobs)
        receipt = sender.send(signed)
        if int(receipt["status"], 16) != 1:
            raise RuntimeError("commitBlobs reverted")
        return int(receipt["gasUsed"], 16)

    def _certified(
        self, epoch: int, signers: Sequence[int], payload: bytes, **changes: Any
    ) -> tuple[ref.Batch, bytes, bytes]:
        """The next batch, its signatures and its data."""
        self.index += 1
        height = 1_000_000 + self.index
        data = batch_data(epoch, height, payload)
        batch = ref.Batch(
            index=self.index,
            parentHash=self.batch_hash,
            firstHeight=height,
            lastHeight=height,
            lastBlockHash=keccak(data),
            forcedCount=self.inbox.functions.head().call()[0],
            dataHash=keccak(data),
        ).but(**changes)
        self.batch = batch
        self.batch_hash = batch.hash()
        signatures = b"".join(self.attestation(epoch, batch, index) for index in signers)
        return batch, signatures, data

    def attestation(self, epoch: int, batch: ref.Batch, member: int) -> bytes:
        """Of the member with that index in the last committee."""
        digest = self.domain.digest(
            "BatchAttestation",
            epoch=epoch,
            committee=self.committee_hash,
            index=batch.index,
            batchHash=batch.hash(),
        )
        return ref.sign(self.keys[member], digest)

    def settle_epoch(self, epoch: int, size: int) -> int:
        """An epoch of 100 batches by a committee of `size`, in which the last member signed none
        and the others took turns: as if they were committed, in slots that follow the ring of
        batch hashes (CommitmentChain)."""
        quorum = min(2 * size // 3 + 1, size - 1)
        rows = [{(turn * quorum + n) % (size - 1) for n in range(quorum)} for turn in range(100)]
        bitmaps = [ref.bitmap(sorted(row)) for row in rows]
        participation = int.from_bytes(participation_of(epoch, bitmaps), "big")
        self._store(1 + RING_SIZE + epoch, participation << 96 | epoch)
        self.jump_to(GENESIS + (epoch + 1) * EPOCH_SECONDS + COMMIT_GRACE_SECONDS)
        return run(self.participation.functions.settle(epoch, bitmaps), self.submitter)

    def counts(self, epoch: int) -> list[int]:
        """As they were emitted."""
        settled = self.participation.events.EpochSettled()
        (log,) = settled.get_logs(from_block=0, argument_filters={"epoch": epoch})
        return list(log["args"]["counts"])

    def enqueue(self) -> int:
        transaction = bytes([0x02]) * 112
        call = self.inbox.functions.enqueue(1, FORCED_GAS, transaction)
        return run(call, self.user, self.fee(len(transaction)))

    def fee(self, length: int) -> int:
        return int(self.inbox.functions.fee(length, FORCED_GAS).call())

    def enqueue_call(self) -> int:
        """A call with a function's selector and two words of arguments, of 120 bytes in all."""
        call = self.inbox.functions.enqueueCall(1, FORCED_GAS, VAULT, 0, CALL_DATA)
        return run(call, self.user, self.fee(52 + len(CALL_DATA)))

    def deposit_ether(self, rollup_id: int) -> int:
        """To an account that has ether already."""
        rpc(self.w3, "anvil_setBalance", VAULT, hex(1))
        wei = 10**18
        call = self.inbox.functions.depositEther(rollup_id, FORCED_GAS, VAULT, wei, b"")
        return run(call, self.user, self.fee(52) + wei)

    def deposit_token(self, rollup_id: int) -> int:
        """Of a plain ERC-20; the vault has some already, and the allowance is not used up."""
        token = self._deploy("HonestToken")
        run(token.functions.approve(self.inbox.address, 10**9), self.user)
        run(token.functions.transfer(VAULT, 1), self.user)
        call = self.inbox.functions.depositToken(
            rollup_id, FORCED_GAS, token.address, VAULT, 1_000, b""
        )
        return run(call, self.user, self.fee(72))

    def enter_based(self) -> int:
        self.jump_to(self.w3.eth.get_block("latest")["timestamp"] + FALLBACK_PARAMETERS[0])
        return run(self.chain.functions.enterBased(), self.user)

    def post(self, length: int) -> int:
        """For the exact price, from a plain account: the data stays in its transaction."""
        price = self.posts.functions.floorPrice(length, 0).call()
        return run(self.posts.functions.post(1, bytes([0xEE]) * length), self.user, price)

    def enqueue_and_wait(self, count: int) -> None:
        """Sent together; what is paid beyond the fee comes back."""
        call = self.inbox.encode_abi("enqueue", [1, FORCED_GAS, bytes([0x02]) * 112])
        message = {"from": self.user, "to": self.inbox.address, "data": call}
        message |= {"value": hex(10**17), "gas": hex(200_000)}
        nonce = self.w3.eth.get_transaction_count(self.user)
        rpc(self.w3, "evm_setAutomine", False)
        for number in range(count):
            rpc(self.w3, "eth_sendTransaction", message | {"nonce": hex(nonce + number)})
            if number % 100 == 99 or number == count - 1:
                rpc(self.w3, "evm_mine")
        rpc(self.w3, "evm_setAutomine", True)
        self.jump_to(self.w3.eth.get_block("latest")["timestamp"] + FORCE_WINDOW_SECONDS)

    def force_all(self) -> int:
        length = self.inbox.functions.head().call()[0]
        return run(self.inbox.functions.forceInclude(length), self.user)

    def report(self, epoch: int, view: int, member: int = 0) -> int:
        """A reporter who committed to the report some blocks before: the case that pays."""
        vote = {"epoch": epoch, "committee": self.committee_hash, "view": view}
        signed = []
        for block in (keccak(b"one block"), keccak(b"another")):
            digest = self.domain.digest("Notarize", **vote, blockHash=block)
            statement = (0, epoch, self.committee_hash, view, block)
            signed.append((statement, ref.sign(self.keys[member], digest)))
        salt = keccak(b"salt")
        evidence = self.slasher.functions.evidenceHash(*signed).call()
        commitment = self.slasher.functions.reportCommitment(self.user, salt, evidence).call()
        run(self.slasher.functions.commitReport(commitment), self.user)
        return run(self.slasher.functions.report(*signed, salt), self.user)

    def slash(self, epoch: int, operator_id: int) -> int:
        """For signing twice, with a reporter, and a victim that the pool owes something too."""
        signer = self.keys[operator_id - 1].address
        paid = (self.user, self.submitter, 10**20)
        arguments = (operator_id, signer, epoch, EQUIVOCATION, EJECT, 1, *paid)
        return run(self.ledger.functions.slash(arguments), self.user)

    def set_parameter(self) -> int:
        """Executed after its delay."""
        data = self.parameters.encode_abi("set", [Parameter.JAIL_SECONDS, 1_000])
        change = (self.parameters.address, 0, data, bytes(32), bytes(32))
        run(self.timelock.functions.schedule(*change, DELAY_SECONDS), self.user)
        self.jump_to(self.w3.eth.get_block("latest")["timestamp"] + DELAY_SECONDS)
        return run(self.timelock.functions.execute(*change), self.user)

    def challenge(self, batch: ref.Batch, blocks: Sequence[HeldBlock], number: int) -> int:
        """Of a held segment in the first of the batch's blocks, all of which are given."""
        proof = proof_of([batch], blocks, 0, number)
        call = self.data.functions.challenge(blocks[0].entry(number), proof)
        return run(call, self.user, 10**18)
