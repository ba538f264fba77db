"""What reports of broken promises cost in a committee of 16, for bench/gas.py: nothing was ever
slashed before, and neither reporter nor victim has credit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_utils.crypto import keccak

from bench.contracts import GENESIS, PROMISE_PARAMETERS, Deployment, anvil, run
from tests.contracts.ordered import (
    OrderedBlock,
    OrderFault,
    Placed,
    blocks_of,
    headers_down_to,
    transaction,
)
from tests.contracts.promised import price
from tests.vectors import reference as ref

MEMBERS = 16
LAST = MEMBERS - 1
TRANSACTIONS = 200
SALT = keccak(b"salt")
# Long after the rollup was registered, and the message was due.
ORIGIN = GENESIS + 100_000


def measure_promises() -> dict[str, int]:
    """Each from a deployment of its own: the first slash costs most."""
    return {
        "report_ordering_16": _report_ordering(),
        "report_liveness_16": _report_neglect(),
        "report_promise_16": _report_promise(),
    }


@contextmanager
def _committee() -> Iterator[Deployment]:
    """Epoch 0 of 16 equal members, and a forced message that is due when it has begun."""
    with anvil() as w3:
        d = Deployment(w3, most_members=MEMBERS)
        run(d.rollups.functions.register(42, "0x" + "00" * 20, False, (0, 0)), d.user)
        d.enqueue()
        for _ in range(MEMBERS):
            d.bond()
        d.jump_to(GENESIS + 1)
        d.snapshot(0)
        yield d


def _report_ordering() -> int:
    """Two transactions in the middle of 200, in a block that is the second last of its batch: the
    later one stands behind another sender's and has a key below its value. Both are read."""
    senders = [ref.account_of(3_000 + number) for number in range(2)]
    low, high = (
        Placed(transaction(sender, 5, tip), 10**9)
        for sender, tip in zip(senders, (10**9, 2 * 10**9), strict=True)
    )
    half = TRANSACTIONS // 2
    placed = [low] * half + [high] * half
    with _committee() as d:
        blocks = blocks_of([placed, []], ORIGIN)
        entries = [blocks[0].proved(position) for position in (half - 1, half)]
        evidence = _attested(d, blocks)
        arguments = (OrderFault.UNEARNED, evidence, entries)
        _commit_report(d, d.ordering, keccak(evidence[1] + blocks[0].hash))
        return run(d.ordering.functions.report(*arguments, SALT), d.user)


def _report_neglect() -> int:
    """The block is the second last of its batch."""
    with _committee() as d:
        blocks = blocks_of([[], []], ORIGIN)
        evidence = _attested(d, blocks)
        _commit_report(d, d.neglect, keccak(evidence[1] + blocks[0].hash))
        return run(d.neglect.functions.report(evidence, SALT), d.user)


def _report_promise() -> int:
    """Challenge and settlement together, by the beneficiary, of a promise as nodes make them:
    within what a slash sets apart (INS-5)."""
    with _committee() as d:
        d.commit(0, range(MEMBERS), firstHeight=1, lastHeight=10)
        assert d.batch is not None
        value_wei = d.insurance.functions.coverageOf(MEMBERS).call()
        said = (0, 1, keccak(b"transaction"), 10, d.user, value_wei)
        named = ("epoch", "rollupId", "transactionHash", "lastHeight", "beneficiary", "valueWei")
        message = {**dict(zip(named, said, strict=True)), "committee": d.committee_hash}
        signature = ref.sign(d.keys[LAST], d.domain.digest("InclusionPromise", **message))
        promise_id = d.promises.functions.promiseId(MEMBERS, said).call()
        _commit_report(d, d.promises, promise_id)
        challenge = d.promises.functions.challenge(said, signature, d.batch.as_tuple(), SALT)
        used = run(challenge, d.user, _price(d))
        (log,) = d.promises.events.PromiseChallenged().get_logs(from_block="latest")
        asked = tuple(dict(log["args"]["asked"]).values())
        d.jump_to(d.w3.eth.get_block("latest")["timestamp"] + PROMISE_PARAMETERS[0])
        return used + run(d.promises.functions.settle(MEMBERS, said, asked), d.submitter)


def _price(d: Deployment) -> int:
    """Of a challenge in the next block, to the wei."""
    return price(int(d.w3.eth.get_block("pending")["baseFeePerGas"]))


def _attested(d: Deployment, blocks: list[OrderedBlock]) -> tuple[Any, ...]:
    """The first of them, by the last member."""
    last = blocks[-1]
    batch = ref.Batch(
        index=1,
        parentHash=d.batch_hash,
        firstHeight=blocks[0].height,
        lastHeight=last.height,
        lastBlockHash=last.hash,
        forcedCount=0,
        dataHash=keccak(b"data"),
    )
    return 0, d.attestation(0, batch, LAST), batch.as_tuple(), headers_down_to(blocks, 0)


def _commit_report(d: Deployment, slasher: Any, evidence: bytes) -> None:
    """Some blocks before, as REPORT-1 asks."""
    commitment = slasher.functions.reportCommitment(d.user, SALT, evidence).call()
    run(slasher.functions.commitReport(commitment), d.user)
