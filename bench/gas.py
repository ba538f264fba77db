"""Measure what the contracts cost, as whole transactions on a real Anvil.

``python bench/gas.py`` writes snapshots/gas.json; ``--check`` compares and fails on any difference.
The numbers include the intrinsic 21,000 gas and the calldata. Keys, times and contents are fixed,
so two runs agree to the unit. docs/gas.md says what each number stands for.

Commits are measured after the ring of batch hashes has gone round once: each of the 1,024
batches before is a real commit.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.contract import Contract

ROOT = Path(__file__).resolve().parent.parent
# Run as a program, only bench/ is on the path.
sys.path.insert(0, str(ROOT))

from tests.vectors import reference as ref  # noqa: E402

ARTIFACTS = ROOT / "build" / "contracts"
SNAPSHOT = ROOT / "snapshots" / "gas.json"

START = 1_800_000_000
GENESIS = START + 10_000
EPOCH_SECONDS = 100_000
FORCE_WINDOW_SECONDS = 3_600
BOND_WEI = 32 * 10**18
RING_SIZE = 1_024
OPERATORS = 48

BOND_PARAMETERS = (10**18, GENESIS, EPOCH_SECONDS, 1_000_000, 50_000, 500_000, 1_000, 2_500)
INBOX_PARAMETERS = (FORCE_WINDOW_SECONDS, 131_072, 30_000_000, 10**13, 10**9, 10**6, 64)
FALLBACK_PARAMETERS = (10_000_000, 3_600, 600)
NO_TIP = {"gasPrice": 2 * 10**9}


@contextmanager
def anvil() -> Iterator[Web3]:
    """A fresh chain at a fixed time, one second a block, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["anvil", "--silent", "--port", str(port), "--hardfork", "osaka"]
    command += ["--timestamp", str(START), "--accounts", str(OPERATORS + 2)]
    process = subprocess.Popen(command)
    try:
        w3 = Web3(HTTPProvider(f"http://127.0.0.1:{port}"))
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
    response = w3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]
    if "error" in response:
        raise RuntimeError(f"{method}: {response['error']}")


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
    origin_number, forced_count, proposer = 25_000_000, 0, bytes([0xAB]) * 20
    block = [
        height + 7,
        (GENESIS + height) * 1_000 + 123,
        origin_number,
        keccak(b"origin"),
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
    keys: list[LocalAccount] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.accounts: Sequence[str] = self.w3.eth.accounts
        self.submitter, self.user = self.accounts[OPERATORS], self.accounts[OPERATORS + 1]
        nonce = self.w3.eth.get_transaction_count(self.user)
        chain = _create_address(self.user, nonce + 4)
        slasher = _create_address(self.user, nonce + 5)
        self.rollups = self._deploy("RollupRegistry", 86_400)
        self.registry = self._deploy("BondRegistry", BOND_PARAMETERS, [slasher])
        self.committee = self._deploy("Committee", self.registry.address, 4, 48)
        self.inbox = self._deploy("ForcedInbox", self.rollups.address, chain, INBOX_PARAMETERS)
        wiring = (self.registry.address, self.committee.address)
        self.chain = self._deploy(
            "CommitmentChain", *wiring, self.inbox.address, FALLBACK_PARAMETERS
        )
        self.slasher = self._deploy("EquivocationSlasher", *wiring)
        self.domain = ref.Domain(self.w3.eth.chain_id, self.registry.address)
        self.committee_hash = b""
        self.batch_hash = self.domain.separator()
        self.index = 0

    def _deploy(self, name: str, *arguments: Any) -> Contract:
        artifact = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
        factory = self.w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        transaction = factory.constructor(*arguments).transact({"from": self.user, **NO_TIP})
        receipt = self.w3.eth.wait_for_transaction_receipt(transaction)
        return factory(receipt["contractAddress"])

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
        call = self.registry.functions.bond(key.address, transport_key, endpoint, possession)
        return run(call, operator, BOND_WEI)

    def snapshot(self, epoch: int) -> int:
        used = run(self.committee.functions.snapshot(epoch), self.user)
        self.committee_hash = bytes(self.committee.functions.committeeHash(epoch).call())
        return used

    def commit(self, epoch: int, signers: Sequence[int], payload: bytes = EMPTY_PAYLOAD) -> int:
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
        )
        self.batch_hash = batch.hash()
        digest = self.domain.digest(
            "BatchAttestation",
            epoch=epoch,
            committee=self.committee_hash,
            index=self.index,
            batchHash=self.batch_hash,
        )
        signatures = b"".join(ref.sign(self.keys[index], digest) for index in signers)
        call = self.chain.functions.commit(
            batch.as_tuple(), epoch, ref.bitmap(signers), signatures, data
        )
        return run(call, self.submitter)

    def enqueue(self) -> int:
        transaction, gas_limit = bytes([0x02]) * 112, 100_000
        fee = self.inbox.functions.fee(len(transaction), gas_limit).call()
        return run(self.inbox.functions.enqueue(1, gas_limit, transaction), self.user, fee)

    def enqueue_and_wait(self, count: int) -> None:
        for _ in range(count):
            self.enqueue()
        self.jump_to(self.w3.eth.get_block("latest")["timestamp"] + FORCE_WINDOW_SECONDS)

    def force_all(self) -> int:
        length = self.inbox.functions.head().call()[0]
        return run(self.inbox.functions.forceInclude(length), self.user)

    def report(self, epoch: int, view: int) -> int:
        """A reporter who committed to the report some blocks before: the case that pays."""
        vote = {"epoch": epoch, "committee": self.committee_hash, "view": view}
        signed = []
        for block in (keccak(b"one block"), keccak(b"another")):
            digest = self.domain.digest("Notarize", **vote, blockHash=block)
            statement = (0, epoch, self.committee_hash, view, block)
            signed.append((statement, ref.sign(self.keys[0], digest)))
        salt = keccak(b"salt")
        evidence = self.slasher.functions.evidenceHash(*signed).call()
        commitment = self.slasher.functions.reportCommitment(self.user, salt, evidence).call()
        run(self.slasher.functions.commitReport(commitment), self.user)
        return run(self.slasher.functions.report(*signed, salt), self.user)


def _create_address(sender: str, nonce: int) -> str:
    encoded = rlp.encode([bytes.fromhex(sender[2:]), nonce])
    return Web3.to_checksum_address(keccak(encoded)[12:])


def measure(w3: Web3) -> dict[str, int]:
    """Every number of the snapshot, from one deployment."""
    d = Deployment(w3)
    gas: dict[str, int] = {}
    run(d.rollups.functions.register(42, "0x" + "00" * 20), d.user)
    for _ in range(4):
        gas["bond"] = d.bond()
    d.jump_to(GENESIS + 1)
    gas["snapshot_4"] = d.snapshot(0)

    # The last members sign: the loop over the bitmap runs to its end.
    for _ in range(RING_SIZE):
        d.commit(0, (1, 2, 3))
    gas["commit_empty_3of4"] = d.commit(0, (1, 2, 3))
    gas["commit_1KiB_3of4"] = d.commit(0, (1, 2, 3), bytes([0xEE]) * 1_024)
    gas["commit_10KiB_3of4"] = d.commit(0, (1, 2, 3), bytes([0xEE]) * 10_240)

    d.enqueue()
    gas["enqueue_112B"] = d.enqueue()
    gas["commit_consuming_3of4"] = d.commit(0, (1, 2, 3))
    d.enqueue_and_wait(1)
    gas["force_include_1"] = d.force_all()
    d.enqueue_and_wait(100)
    gas["force_include_100"] = d.force_all()

    while len(d.keys) < OPERATORS:
        d.bond()
    d.jump_to(GENESIS + 2 * EPOCH_SECONDS + 1)
    gas["snapshot_48"] = d.snapshot(2)
    gas["commit_empty_33of48"] = d.commit(2, range(OPERATORS - 33, OPERATORS))
    gas["report_equivocation"] = d.report(2, view=1)
    return dict(sorted(gas.items()))


def difference(expected: dict[str, int], actual: dict[str, int]) -> list[str]:
    """One line per number that differs."""
    lines = []
    for key in sorted(expected.keys() | actual.keys()):
        before, after = expected.get(key), actual.get(key)
        if before != after:
            change = f" ({after - before:+,})" if before is not None and after is not None else ""
            lines.append(f"{key}: {before} -> {after}{change}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="measure gas, write snapshots/gas.json")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    with anvil() as w3:
        actual = measure(w3)
    if not arguments.check:
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(json.dumps(actual, indent=2) + "\n", encoding="utf-8")
        for key, used in actual.items():
            print(f"{key:24}{used:>10,}")
        return 0
    lines = difference(json.loads(SNAPSHOT.read_text(encoding="utf-8")), actual)
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
