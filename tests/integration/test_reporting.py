"""A watchtower's reports on a real L1 (WATCH-2, REPORT-1). What L1 takes back is in
`test_reports_taken_back.py`.

step
├── evidence: a commitment, a block later the report; slashed, and the reward is credited; done with
│   it once that is some blocks deep
├── killed before its commitment was sent, or after: it goes on
├── another one was first
│   ├── before it began: nothing is paid
│   └── after its commitment: nothing more is paid
├── it does not pay: nothing is sent, until it does
├── without a key, or against a key that is no operator's: nothing is sent
├── too old: settled, nothing is sent
└── no evidence: told once, not looked at again
"""

from pathlib import Path

import pytest

from sequencer.crypto.digests import Domain
from sequencer.evidence.fields import report_commitment
from sequencer.evidence.files import dump_evidence, name_of
from sequencer.watch.reporting import RETRY_SECONDS
from sequencer.watch.store import Report, Status
from tests.integration.l1_world import DEPLOYER, hot_secret, report_call
from tests.integration.tower import CONFIRMATIONS, OFFENDER, Tower, evidence_of

GWEI = 10**9


async def test_step__evidence__committed_to_then_shown_then_paid(tower: Tower) -> None:
    evidence = evidence_of(tower.world)
    tower.files.keep(evidence)
    begun = await tower.step()
    assert begun.status is Status.BEGUN
    assert await tower.sent() == 1
    operator_id = await tower.contracts.operator_of(evidence.signer)
    assert not await tower.contracts.is_slashed(evidence.epoch, operator_id, evidence.offence)
    shown = await tower.step()
    assert shown.status is Status.PENDING
    await tower.world.anvil.mine(CONFIRMATIONS - 1)
    assert await tower.step() == shown, "a block too early"
    await tower.world.anvil.mine()
    done = await tower.step()
    assert done.status is Status.REPORTED
    assert await tower.contracts.is_slashed(evidence.epoch, operator_id, evidence.offence)
    assert await tower.contracts.credit(tower.address) == done.reward_wei == begun.reward_wei > 0
    assert tower.alerts.told == {"evidence": 1, "reported": 1}
    assert (await tower.step(), await tower.sent()) == (done, 2)


@pytest.mark.parametrize("is_sent", [False, True])
async def test_step__killed_around_its_commitment__goes_on(
    tower: Tower, tmp_path: Path, *, is_sent: bool
) -> None:
    evidence = evidence_of(tower.world)
    tower.files.keep(evidence)
    salt = b"\x07" * 32
    tower.store.put_report(Report(name_of(evidence), Status.BEGUN, salt))
    if is_sent:
        commitment = report_commitment(evidence.hash(), tower.address, salt)
        to, data, _ = tower.contracts.call("EquivocationSlasher", "commitReport", commitment)
        await tower.world.anvil.send(DEPLOYER, to, data)
        await tower.world.anvil.mine()
    tower.store.close()
    again = Tower(tower.world, tmp_path)
    steps = [await again.step() for _ in range(1 if is_sent else 2)]
    assert steps[-1].status is Status.PENDING
    assert (await again.later()).status is Status.REPORTED
    assert await again.contracts.credit(again.address) > 0
    await again.close()


async def test_step__another_was_first__nothing_is_paid(tower: Tower) -> None:
    await tower.world.report_double_attestation(OFFENDER)
    tower.files.keep(evidence_of(tower.world))
    assert (await tower.step()).status is Status.PENDING
    assert (await tower.later()).status is Status.SETTLED
    assert await tower.sent() == 0


async def test_step__another_is_quicker__nothing_more_is_paid(tower: Tower) -> None:
    evidence = evidence_of(tower.world)
    tower.files.keep(evidence)
    await tower.step()
    slasher = tower.contracts.address("EquivocationSlasher")
    await tower.world.anvil.send(DEPLOYER, slasher, report_call(evidence))
    await tower.world.anvil.mine()
    assert (await tower.step()).status is Status.PENDING
    assert (await tower.later()).status is Status.SETTLED
    assert await tower.sent() == 1


async def test_step__gas_is_dear__waits_until_it_pays(tower: Tower) -> None:
    tower.files.keep(evidence_of(tower.world))
    await tower.world.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**6 * GWEI))
    await tower.world.anvil.mine()
    waiting = await tower.step()
    assert waiting.status is Status.FOUND
    assert "costs" in waiting.note
    await tower.world.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    await tower.world.anvil.mine()
    assert await tower.step() == waiting, "it is not asked again at once"
    tower.now += RETRY_SECONDS + 1
    assert (await tower.step()).status is Status.BEGUN
    assert await tower.sent() == 1


async def test_step__without_a_key__only_tells(tower: Tower, tmp_path: Path) -> None:
    quiet = Tower(tower.world, tmp_path / "quiet", key=None)
    quiet.files.keep(evidence_of(tower.world))
    assert (await quiet.step()).status is Status.FOUND
    assert quiet.alerts.told == {"evidence": 1}
    await quiet.close()


async def test_step__key_of_no_operator__nothing_is_sent(tower: Tower) -> None:
    tower.files.keep(evidence_of(tower.world, hot_secret(77)))
    report = await tower.step()
    assert (report.status, report.note) == (Status.FOUND, "the key is no operator's on L1")
    assert await tower.sent() == 0


async def test_step__too_old__is_settled(tower: Tower) -> None:
    tower.files.keep(evidence_of(tower.world))
    await tower.world.anvil.mine(seconds=100_000)
    assert (await tower.step()).status is Status.FOUND
    report = await tower.later()
    assert report.status is Status.SETTLED
    assert "EvidenceTooOld" in report.note
    assert await tower.sent() == 0


async def test_step__no_evidence_in_its_folder__is_told_once(tower: Tower, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    (folder / "garbage.json").write_bytes(b"{}")
    foreign = evidence_of(tower.world)
    elsewhere = Domain(1, foreign.domain.registry)
    signed = type(foreign)(elsewhere, foreign.signer, foreign.first, foreign.second)
    (folder / "foreign.json").write_bytes(dump_evidence(signed))
    for _ in range(2):
        await tower.reporter.step()
    assert {one.status for one in tower.store.reports()} == {Status.SETTLED}
    assert tower.alerts.told == {"no-evidence": 2}
    assert await tower.sent() == 0
