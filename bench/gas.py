"""Measure what the contracts cost, as whole transactions on a real Anvil.

``python -m bench.gas`` writes snapshots/gas.json; ``--check`` compares and fails on any difference.
The numbers include the intrinsic 21,000 gas and the calldata. Keys, times and contents are fixed,
so two runs agree to the unit. docs/gas.md says what each number stands for.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from web3 import Web3

from bench.contracts import (
    DATA_PARAMETERS,
    EPOCH_SECONDS,
    EQUIVOCATION,
    GENESIS,
    OPERATORS,
    TIMES,
    VAULT,
    Deployment,
    anvil,
    run,
)
from bench.fees import measure_fees
from bench.promises import measure_promises
from tests.contracts.held import chain_of

ROOT = Path(__file__).resolve().parent.parent

# The first one whose committee is chosen after all operators have bonded (COMM-1).
EPOCH = 3

SNAPSHOT = ROOT / "snapshots" / "gas.json"


def measure(w3: Web3) -> dict[str, int]:
    """Every number of the snapshot, from one deployment."""
    d = Deployment(w3)
    gas: dict[str, int] = {}
    run(d.rollups.functions.register(42, "0x" + "00" * 20, False, (0, 0)), d.user)
    for _ in range(4):
        gas["bond"] = d.bond()
    d.jump_to(GENESIS + 1)
    gas["snapshot_4"] = d.snapshot(0)

    # The last members sign: the loop over the bitmap runs to its end.
    d.age()
    gas["commit_empty_3of4"] = d.commit(0, (1, 2, 3))
    gas["commit_1KiB_3of4"] = d.commit(0, (1, 2, 3), bytes([0xEE]) * 1_024)
    gas["commit_10KiB_3of4"] = d.commit(0, (1, 2, 3), bytes([0xEE]) * 10_240)

    d.enqueue()
    gas["enqueue_112B"] = d.enqueue()
    gas["commit_consuming_3of4"] = d.commit(0, (1, 2, 3))
    # Most first: `upTo` then has two bytes that are not zero in all of them.
    for count in (1_000, 100, 1):
        d.enqueue_and_wait(count)
        gas[f"force_include_{count}"] = d.force_all()
    gas["forced_path_total"] = gas["enqueue_112B"] + gas["force_include_1"]

    while len(d.keys) < OPERATORS:
        d.bond()
    d.jump_to(GENESIS + EPOCH * EPOCH_SECONDS + 1)
    gas["snapshot_48"] = d.snapshot(EPOCH)
    # It also keeps who signed in the epoch before (WORK-1).
    signers = range(OPERATORS - 33, OPERATORS)
    gas["commit_first_of_epoch_33of48"] = d.commit(EPOCH, signers)
    gas["commit_empty_33of48"] = d.commit(EPOCH, signers)
    gas["commit_blobs_33of48"] = d.commit_blobs(EPOCH, signers)
    measure_slashing(d, gas)
    measure_fees(d, EPOCH, signers, gas)
    measure_held_data(d, gas)
    measure_ways_out(d, gas)
    gas["set_parameter"] = d.set_parameter()
    return dict(sorted(gas.items()))


def measure_work() -> dict[str, int]:
    """Epochs of committees of 4, 32 and 100 are settled, the last one's last member is punished,
    its revenue paid."""
    gas: dict[str, int] = {}
    sizes = {0: 4, 4: 32, 8: 100}
    with anvil(accounts=100) as w3:
        d = Deployment(w3, most_members=100)
        run(d.rollups.functions.register(42, "0x" + "00" * 20, False, (0, 0)), d.user)
        for epoch, size in sizes.items():
            # Long enough before: committees are chosen two epochs back (COMM-1).
            while len(d.keys) < size:
                d.bond()
            d.jump_to(GENESIS + epoch * EPOCH_SECONDS + 1)
            d.snapshot(epoch)
            run(d.splitter.functions.deposit(1), d.submitter, 10**18)
            gas[f"settle_epoch_{size}"] = d.settle_epoch(epoch, size)
        punish = d.inactivity.functions.punish(epoch, size - 1)
        gas["punish_inactivity"] = run(punish, d.submitter)
        counts = d.counts(epoch)
        for member in (0, 1):
            pay = d.splitter.functions.pay(epoch, counts, member)
            gas["revenue_pay"] = run(pay, d.submitter)
        gas["rebate"] = run(d.splitter.functions.rebate(epoch, 1), d.submitter)
    return gas


def measure_stake() -> dict[str, int]:
    """Of an operator that others have staked with, left and been rewarded for before; and the
    committee of a hundred."""
    gas: dict[str, int] = {}
    with anvil(accounts=101) as w3:
        d = Deployment(w3, most_members=100)
        while len(d.keys) < 101:
            d.bond()
        registry, operator, ether = d.registry.functions, 1, 10**18
        delegators = d.accounts[50:53]
        for account in delegators:
            gas["delegate"] = run(registry.delegate(operator), account, ether)
            gas["reward"] = run(registry.reward(operator), d.submitter, ether)
        for account in delegators:
            gas["collect"] = run(registry.collect(operator), account)
            gas["undelegate"] = run(registry.undelegate(operator, ether // 2), account)
        gas["rotate_signer"] = d.rotate_signer(0)
        gas["initiate_exit"] = run(registry.initiateExit(), d.accounts[0])
        d.jump_to(w3.eth.get_block("latest")["timestamp"] + TIMES[2])
        gas["claim"] = run(registry.claim(1), delegators[0])
        gas["release"] = run(registry.release(operator), d.submitter)
        gas["withdraw"] = run(registry.withdraw(delegators[0]), delegators[0])
        gas["snapshot_100"] = d.snapshot(0)
    return gas


def measure_slashing(d: Deployment, gas: dict[str, int]) -> None:
    """The member that stands last but one is the dearest to find but for one."""
    gas["report_equivocation"] = d.report(EPOCH, view=1)
    gas["slash"] = d.slash(EPOCH, OPERATORS - 1)
    gas["escalate"] = run(d.ledger.functions.escalate(EPOCH, 1, EQUIVOCATION), d.submitter)
    gas["insurance_pay"] = run(d.insurance.functions.pay(10), d.user)


def measure_report_16() -> int:
    """The last of 16 members, which took a fresh key when it had offended: nothing was ever slashed
    before, and the reporter has no credit."""
    with anvil() as w3:
        d = Deployment(w3, most_members=16)
        for _ in range(16):
            d.bond()
        d.jump_to(GENESIS + 1)
        d.snapshot(0)
        d.rotate_signer(15)
        return d.report(0, view=1, member=15)


def measure_held_data(d: Deployment, gas: dict[str, int]) -> None:
    """Challenges to segments of a block with 200 leaves, the second last of its batch."""
    segments = [
        bytes([number]) * length for number, length in enumerate((1, 1_024, 52 << 10, 2), 1)
    ]
    first = chain_of([list(enumerate(segments, 1)), []], transactions=(196, 0))
    signers = range(OPERATORS - 33, OPERATORS)
    for _ in range(2):
        d.commit(EPOCH, signers, lastBlockHash=first[-1].hash, firstHeight=1, lastHeight=2)
        gas["checkpoint"] = run(d.data.functions.checkpoint(), d.user)
    assert d.batch is not None
    # The first of each leaves the account with a credit, as one that challenges or answers often.
    d.challenge(d.batch, first, 0)
    gas["challenge"] = d.challenge(d.batch, first, 3)
    d.challenge(d.batch, first, 1)
    d.challenge(d.batch, first, 2)
    for name, number in (("answer_1B", 0), ("answer_1KiB", 1), ("answer_52KiB", 2)):
        answer = d.data.functions.answer(
            first[0].challenge_id(number, d.batch.index), segments[number]
        )
        gas[name] = run(answer, d.submitter)
    void = first[0].challenge_id(3, d.batch.index)
    d.jump_to(d.w3.eth.get_block("latest")["timestamp"] + DATA_PARAMETERS[1])
    gas["settle"] = run(d.data.functions.settle(void), d.submitter)
    attestation = d.attestation(EPOCH, d.batch, OPERATORS - 1)
    gas["punish"] = run(d.data.functions.punish(void, EPOCH, attestation), d.submitter)


def measure_ways_out(d: Deployment, gas: dict[str, int]) -> None:
    """Calls and deposits, a rollup that leaves, and the chain without a committee."""
    run(d.rollups.functions.register(43, VAULT, False, (0, 0)), d.user)
    rollup_id = d.rollups.functions.rollupCount().call()
    gas["enqueue_call"] = d.enqueue_call()
    gas["deposit_ether"] = d.deposit_ether(rollup_id)
    gas["deposit_token"] = d.deposit_token(rollup_id)
    solo = d.rollups.functions.announceMode(rollup_id, 1, d.submitter)
    gas["announce_mode"] = run(solo, d.user)
    gas["enter_based"] = d.enter_based()
    d.post(1_024)
    gas["post_1KiB"] = d.post(1_024)


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
    actual |= measure_stake() | measure_work()
    actual["report_equivocation_16"] = measure_report_16()
    actual |= measure_promises()
    actual = dict(sorted(actual.items()))
    if not arguments.check:
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(json.dumps(actual, indent=2) + "\n", encoding="utf-8")
        for key, used in actual.items():
            print(f"{key:30}{used:>10,}")
        return 0
    lines = difference(json.loads(SNAPSHOT.read_text(encoding="utf-8")), actual)
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
