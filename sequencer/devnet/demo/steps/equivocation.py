"""e. A node signs two blocks in one view."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sequencer.deployment.economy import BPS
from sequencer.deployment.words import WEI_PER_ETHER, ether
from sequencer.devnet.accounts import WALLETS, account
from sequencer.devnet.demo.ape import run_script
from sequencer.devnet.demo.l1_facts import EJECTED, Happened
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.node_process import EQUIVOCATOR_MODULE, NodeProcess
from sequencer.devnet.waiting import eventually
from sequencer.types import Epoch

TITLE = "e. One node equivocates: it signs two blocks in one view."
EVIDENCE_SECONDS = 60.0
COMMITTEE_SECONDS = 120.0
DELEGATORS = (account(WALLETS[3]), account(WALLETS[4]))
DELEGATED_ETHER = ("2", "1")
PARTS = ("reporter", "victim", "insurance", "burned")
"""Of a slash, in the order of `Split`."""
TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Staked:
    """What everybody had, in wei, before or after the slash."""

    operator: int
    delegators: tuple[int, ...]
    insurance: int


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    offender = stage.nodes[-1]
    operator_id, reporter = offender.number, account(WALLETS[2])
    for delegator, amount in zip(DELEGATORS, DELEGATED_ETHER, strict=True):
        await run_script(stage, "stake delegate", delegator, str(operator_id), "--amount", amount)
    before = await _staked(stage, operator_id)
    funds = await stage.network.anvil.balance(reporter.address)

    await offender.stop()
    await offender.start(EQUIVOCATOR_MODULE)
    evidence = await _until_evidence(stage, offender)
    check(True, f"a peer has evidence against {offender.name}: {evidence.name}")

    await run_script(stage, "report", reporter, "--evidence", str(evidence))
    await offender.stop()
    earned = await stage.network.anvil.balance(reporter.address) - funds
    slash = (await _slashes(stage, operator_id))[-1]
    await _check_figures(stage, operator_id, before, slash, facts)
    facts["reporter_earned_ether"] = round(earned / WEI_PER_ETHER, 6)
    check(earned > 0, f"the reporter is {ether(earned)} richer, gas paid")
    epoch = await _until_out(stage, offender, slash)
    facts["out_from_epoch"] = epoch
    check(True, f"the committee of epoch {epoch}, the next to be chosen, does without it")
    await _until_epoch(stage, epoch)
    await stage.until_growth()
    check(True, f"epoch {epoch} has begun, and the three that are left go on")


async def _staked(stage: Stage, operator_id: int) -> Staked:
    delegated = [await stage.l1.staked_by(operator_id, one.address) for one in DELEGATORS]
    own_wei = (await stage.l1.operator(operator_id)).own_wei
    return Staked(own_wei, tuple(delegated), await stage.l1.pool_balance())


async def _check_figures(
    stage: Stage, operator_id: int, before: Staked, slash: Happened, facts: dict[str, Any]
) -> None:
    """LEDGER-6 on the screen: what was lost is what others got, and what was burned."""
    after = await _staked(stage, operator_id)
    names = ("operator", *(f"delegator {number}" for number in range(1, 1 + len(DELEGATORS))))
    had, has = (before.operator, *before.delegators), (after.operator, *after.delegators)
    lost = [old - new for old, new in zip(had, has, strict=True)]
    parts = dict(zip(PARTS, slash.arguments["split"], strict=True))
    _tell(stage, [("", "had", "has", "lost"), *_rows((*names, TOGETHER), had, has, lost)])
    _tell(stage, [("of it", "gets"), *_rows((*PARTS, TOGETHER), tuple(parts.values()))])
    facts.update({f"slash_{name}_ether": part / WEI_PER_ETHER for name, part in parts.items()})
    facts["slash_lost_ether"] = [loss / WEI_PER_ETHER for loss in lost]

    check = stage.story.check
    status = (await stage.l1.operator(operator_id)).status
    check(status == EJECTED, f"operator {operator_id} is ejected, and may never come back")
    part = slash.arguments["partBps"] / BPS
    # Each worth is rounded down to the wei by itself.
    check(
        all(
            abs(loss - old * slash.arguments["partBps"] // BPS) <= 1
            for old, loss in zip(had, lost, strict=True)
        ),
        f"operator and delegators lost the same part of what they had, {part:.0%}",
    )
    (taken,) = [
        event.arguments["takenWei"]
        for event in await stage.l1.events("BondRegistry", "StakeSlashed")
        if event.transaction == slash.transaction
    ]
    check(
        0 <= sum(lost) - taken <= len(lost),
        f"together {ether(sum(lost))}: {' + '.join(map(ether, lost))}",
    )
    shown = " + ".join(f"{ether(part)} {name}" for name, part in parts.items())
    check(sum(parts.values()) == taken and parts["burned"] > 0, f"{ether(taken)} slashed = {shown}")
    check(
        after.insurance - before.insurance == parts["insurance"],
        f"the insurance pool has {ether(after.insurance)}, {ether(parts['insurance'])} more",
    )


def _rows(names: Sequence[str], *columns: Sequence[int]) -> list[tuple[str, ...]]:
    """A name and an amount of each column, with the sums in the last row."""
    summed = [[*column, sum(column)] for column in columns]
    return [(name, *map(ether, cells)) for name, *cells in zip(names, *summed, strict=True)]


def _tell(stage: Stage, rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        stage.story.note("  ".join(cells).rstrip())


async def _until_evidence(stage: Stage, offender: NodeProcess) -> Path:
    suffix = offender.signer.hex()

    async def found() -> Path | None:
        for node in stage.nodes:
            if node is not offender:
                for path in node.evidence_files():
                    if suffix in path.name:
                        return path
        return None

    return await eventually("evidence", found, seconds=EVIDENCE_SECONDS)


async def _slashes(stage: Stage, operator_id: int) -> list[Happened]:
    events = await stage.l1.events("SlashingLedger", "OperatorSlashed")
    return [event for event in events if event.arguments["id"] == operator_id]


async def _until_out(stage: Stage, offender: NodeProcess, slash: Happened) -> Epoch:
    """The first epoch whose committee was chosen by weights after the slash (COMM-1)."""
    schedule = stage.network.deployment.schedule
    slashed_in = schedule.epoch_of(await stage.l1.time_of(slash.block))
    assert slashed_in is not None, "committees sign after genesis only"
    epoch = Epoch(slashed_in + 3)

    async def members() -> list[bytes] | None:
        recorded = await stage.l1.events("Committee", "CommitteeRecorded")
        if all(event.arguments["epoch"] != epoch for event in recorded):
            return None
        return list(await stage.l1.members(epoch))

    seats = await eventually(f"a committee of epoch {epoch}", members, seconds=COMMITTEE_SECONDS)
    stage.story.check(
        offender.signer not in seats and len(seats) == len(stage.nodes) - 1,
        f"{len(seats)} members sit in it, {offender.name} is not among them",
    )
    return epoch


async def _until_epoch(stage: Stage, epoch: Epoch) -> None:
    async def begun() -> bool | None:
        epochs = [status.epoch for status in await stage.statuses()]
        return all(one is not None and one >= epoch for one in epochs) or None

    await eventually(f"epoch {epoch}", begun, seconds=COMMITTEE_SECONDS)
