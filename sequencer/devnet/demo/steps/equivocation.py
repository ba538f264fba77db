"""e. A node signs two blocks in one view."""

from pathlib import Path
from typing import Any

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


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    offender = stage.nodes[-1]
    operator_id, reporter = offender.number, account(WALLETS[2])
    before = await stage.l1.operator(operator_id)
    funds = await stage.network.anvil.balance(reporter.address)

    await offender.stop()
    await offender.start(EQUIVOCATOR_MODULE)
    evidence = await _until_evidence(stage, offender)
    check(True, f"a peer has evidence against {offender.name}: {evidence.name}")

    await run_script(stage, "report", reporter, "--evidence", str(evidence))
    await offender.stop()
    after = await stage.l1.operator(operator_id)
    earned = await stage.network.anvil.balance(reporter.address) - funds
    slash = (await _slashes(stage, operator_id))[-1]
    facts.update(
        bond_before_ether=before.bond_wei / WEI_PER_ETHER,
        bond_after_ether=after.bond_wei / WEI_PER_ETHER,
        reporter_earned_ether=round(earned / WEI_PER_ETHER, 6),
    )
    check(
        after.bond_wei < before.bond_wei and after.status == EJECTED,
        f"the bond fell from {ether(before.bond_wei)} to {ether(after.bond_wei)}, and the"
        " operator is ejected",
    )
    check(earned > 0, f"the reporter is {ether(earned)} richer, gas paid")
    epoch = await _until_out(stage, offender, slash)
    facts["out_from_epoch"] = epoch
    check(True, f"the committee of epoch {epoch}, the next to be chosen, does without it")
    await _until_epoch(stage, epoch)
    await stage.until_growth()
    check(True, f"epoch {epoch} has begun, and the three that are left go on")


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
    events = await stage.l1.events("BondRegistry", "OperatorSlashed")
    return [event for event in events if event.arguments["id"] == operator_id]


async def _until_out(stage: Stage, offender: NodeProcess, slash: Happened) -> Epoch:
    """The first epoch whose committee was chosen by weights after the slash (COMM-1)."""
    schedule = stage.network.deployment.schedule
    slashed_in = schedule.epoch_of(await stage.l1.time_of(slash.block))
    assert slashed_in is not None, "committees sign after genesis only"
    epoch = Epoch(slashed_in + 2)

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
