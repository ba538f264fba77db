"""Every action of the economy's scripts, with --dry-run and for real, and what each refuses.

One story on one L1 with the real contracts: four operators, the fourth of which signs nothing. Each
test goes on where the one before has ended.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from sequencer.cli import main
from sequencer.crypto.keystore import ScryptCost, create_keystore
from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.l1.charging import CHARGE_BATCHES
from sequencer.types import Epoch
from tests.e2e.ground import PASSWORD
from tests.e2e.spot import Spot, figures
from tests.integration.l1_world import PARAMETERS, ROLLUP, SECRETS, Anvil, World, deploy
from tests.unit.derivation.worlds import transaction

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("economy_scripts")]

BOND_WEI = 2 * WEI_PER_ETHER
"""More than the least bond: a small slash ejects nobody."""
BATCHES = PARAMETERS.work.min_commits
"""Of an epoch: with fewer nobody is absent (WORK-3)."""
OWNER = 0
"""Of the rollup, and proposer of the timelock; the next four accounts are the operators."""
FIRST, SECOND, THIRD, FOURTH = range(1, 5)
ALICE, BOB = 5, 6
NEW_SECRET = bytes([7]) * 32
MIN_DELEGATION = "DelegationTooSmall(minimumWei=10000000000000000, actualWei=0): 0.01 ETH at least"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Spot]:
    """A second after `BATCHES` batches of epoch 0. The first orders a transaction."""
    anvil = await Anvil.start()
    world = World(anvil, await deploy(anvil, [BOND_WEI] * 4))
    spot = await Spot.make(world, tmp_path_factory.mktemp("economy"))
    try:
        await anvil.ask("evm_setAutomine", True)
        await anvil.ask("anvil_setBlockTimestampInterval", 1)
        await sign_batches(spot, 0, [transaction(0)])
        yield spot
    finally:
        await spot.close()
        await world.close()
        await anvil.stop()


async def sign_batches(
    spot: Spot, epoch: int, transactions: Sequence[bytes] = (), usage: bytes | None = None
) -> None:
    """`BATCHES` of an epoch, and one more with this usage."""
    world = spot.world
    await spot.until(world.deployment.schedule.start_of(Epoch(epoch)))
    if epoch > 1:  # the first two are there
        await spot.send("Committee", "snapshot", epoch)
    await world.nodes[0].watcher.step()
    blocks = [world.block(transactions), *(world.block() for _ in range(BATCHES - 1))]
    indices = [world.batch(block, epoch=Epoch(epoch)) for block in blocks]
    if usage is not None:
        indices.append(world.batch(world.block(), usage=usage, epoch=Epoch(epoch)))
    await spot.commit(*indices)


async def test_revenue_deposit(spot: Spot) -> None:
    shown = await spot.does("revenue deposit", BOB, "--amount", "10", "--rollup", str(ROLLUP))
    assert shown["deposited"] == "0 ETH → 10 ETH"
    assert shown["operators' part"] == "0 ETH → 8 ETH"
    assert shown["rollups' part"] == "0 ETH → 1 ETH"
    assert shown["insurance's part"] == "0 ETH → 1 ETH"
    zero = await spot.refuses("revenue deposit", BOB, "--amount", "0")
    assert "NothingPaid(): an amount of nothing" in zero
    unknown = await spot.refuses("revenue deposit", BOB, "--amount", "1", "--rollup", "9")
    assert "UnknownRollup(rollupId=9)" in unknown
    assert "StillOpen" in (early := await spot.refuses("revenue rebate", BOB, "0", str(ROLLUP)))
    assert "too early: the epoch ends" in early
    assert "epoch 0 is not settled" in await spot.refuses("revenue pay", BOB, "0")


async def test_epoch(spot: Spot) -> None:
    """The fourth is absent three times in a row, and so in jail."""
    await sign_batches(spot, 1)
    await sign_batches(spot, 2, usage=b"known to nobody")
    assert "EpochOpen(epoch=2): too early" in await spot.refuses("epoch settle", BOB, "2")
    assert "too early: " in await spot.refuses("epoch settle", BOB, "2", "--part", "4")
    assert "no dry run of that" in await spot.refuses(
        "epoch settle", BOB, "2", "--part", "4", "--dry-run"
    )
    assert "epoch 2 is not settled" in await spot.refuses("epoch punish", BOB, "2")
    await spot.until_over(2)
    for epoch in ("0", "1"):
        shown = await spot.does("epoch settle", BOB, epoch)
        assert (shown["batches"], shown["absent members"]) == (f"0 → {BATCHES}", "[] → [3]")
    said = await spot.says("epoch settle", BOB, "2", "--part", "4")
    assert f"Counted 8 of {BATCHES + 1}." in said
    assert figures(said)["absent members"] == "[] → [3]"
    assert "was done before" in await spot.refuses("epoch settle", BOB, "0")
    assert "L1 has no batch of epoch 3" in await spot.refuses("epoch settle", BOB, "3")

    shown = await spot.does("epoch note", THIRD, "0", "--member", "2")
    assert shown["presence noted"] == "no → yes"
    assert "it was absent in epoch 0" in await spot.refuses(
        "epoch note", FOURTH, "0", "--member", "3"
    )
    shown = await spot.does("epoch punish", BOB, "0")
    assert shown["operator 4 staked"] == "2 ETH → 1.998 ETH"
    assert shown["absences in a row"] == "0 → 1"
    assert shown["your credit in SlashingLedger"] == "0 ETH → 0.0002 ETH"
    second = await spot.does("epoch punish", BOB, "1", "--member", "3")
    assert second["absences in a row"] == "1 → 2"
    third = await spot.does("epoch punish", BOB, "2")
    assert third["operator 4 status"] == "active → jailed"
    assert "it signed enough batches of epoch 0" in await spot.refuses(
        "epoch punish", BOB, "0", "--member", "0"
    )
    assert "members 0 to 3, not 4" in await spot.refuses("epoch punish", BOB, "0", "--member", "4")


async def test_epoch_escalate(spot: Spot) -> None:
    """One of four signs twice; as soon as a second one has, both owe more."""
    assert "was not slashed for that" in await spot.refuses("epoch escalate", BOB, "0", "3")
    await spot.world.report_double_attestation(2)
    alone = await spot.refuses("epoch escalate", BOB, "0", "3")
    assert "as much was taken as the offenders known now weigh" in alone
    await spot.world.report_double_attestation(1)
    shown = await spot.does("epoch escalate", BOB, "0", "3")
    assert shown["part taken"] == "60 % → 100 %"
    assert shown["operator 3 own"] == "0.8 ETH → 0 ETH"


async def test_stake_delegate_and_undelegate(spot: Spot) -> None:
    shown = await spot.does("stake delegate", ALICE, "1", "--amount", "2")
    assert shown["operator 1 staked"] == "2 ETH → 4 ETH"
    assert shown["your stake"] == "0 ETH → 2 ETH"
    shown = await spot.does("stake undelegate", ALICE, "1", "--amount", "0.5")
    assert shown["your stake"] == "2 ETH → 1.5 ETH"
    assert shown["operator 1 leaving"] == "0 ETH → 0.5 ETH"
    shown = await spot.does("stake undelegate", ALICE, "1", "--shares", "500000000000000000")
    assert shown["operator 1 leaving"] == "0.5 ETH → 1 ETH"

    assert MIN_DELEGATION in await spot.refuses("stake delegate", ALICE, "1", "--amount", "0")
    missing = await spot.refuses("stake delegate", ALICE, "9", "--amount", "1")
    assert "NotActive(id=9, actual=0): operator 9 is unknown" in missing
    words = await spot.refuses("stake delegate", ALICE, "1", "--amount", "much")
    assert "'much' is not an amount in ETH, such as 32 or 1.5" in words
    none = await spot.refuses("stake undelegate", BOB, "1", "--all")
    assert "NoShares(): that is nothing" in none
    assert "you have 1000000000000000000" in await spot.refuses(
        "stake undelegate", ALICE, "1", "--amount", "5"
    )
    both = await spot.refuses("stake undelegate", ALICE, "1", "--amount", "1", "--all")
    assert "choose one of --amount, --shares and --all" in both
    own = await spot.refuses("stake undelegate", FIRST, "1", "--all")
    assert "an operator keeps 1 ETH at least; ape run exit takes out all of it" in own
    assert "too early: possible" in await spot.refuses("stake claim", ALICE, "1")
    assert "there is no ticket 9" in await spot.refuses("stake claim", ALICE, "9")
    assert "operator 1 has no reward of yours" in await spot.refuses("stake collect", ALICE, "1")
    assert "there is nothing to draw" in await spot.refuses("stake withdraw", ALICE)
    wrong = await spot.refuses("stake withdraw", ALICE, "--to", "0x12")
    assert "--to: '0x12' is no address" in wrong


async def test_stake_of_an_operator(spot: Spot, tmp_path: Path) -> None:
    for name, secret in (("old", SECRETS[0]), ("new", NEW_SECRET)):
        create_keystore(tmp_path / name, secret, PASSWORD, ScryptCost.DEVNET)
    new, old = ("--signer", str(tmp_path / "new")), ("--signer", str(tmp_path / "old"))
    shown = await spot.does("stake commission", FIRST, "300")
    assert shown["operator 1 commission"] == "5 % → 3 %"
    shown = await spot.does("stake rotate", FIRST, *new)
    assert " → 0x" in shown["operator 1 signer"]
    shown = await spot.does("stake announce", FIRST, *new, "--endpoint", "tcp://127.0.0.1:7777")
    assert shown["endpoint"] == "tcp://127.0.0.1:9000 → tcp://127.0.0.1:7777"
    assert " → 0x" in shown["transport key"]

    assert "20 % at most, now" in await spot.refuses("stake commission", FIRST, "2001")
    early = await spot.refuses("stake commission", FIRST, "400")
    assert "once a week at most, next" in early
    again = await spot.refuses("stake rotate", FIRST, *old)
    assert "SignerUsed" in again
    assert "switchyard keys new makes another" in again
    nowhere = await spot.refuses("stake rotate", FIRST, "--signer", str(tmp_path / "none"))
    assert "none: no such file" in nowhere
    assert "is not an endpoint" in await spot.refuses(
        "stake announce", FIRST, *new, "--endpoint", "127.0.0.1:7777"
    )
    assert "NotJailed(id=1, actual=1): operator 1 is active" in await spot.refuses(
        "stake unjail", FIRST
    )
    assert "NotLeaving(id=1, actual=1): operator 1 is active" in await spot.refuses(
        "stake release", BOB, "1"
    )
    for name, arguments in (
        ("commission", ("300",)),
        ("rotate", new),
        ("announce", (*new, "--endpoint", "tcp://127.0.0.1:1")),
        ("unjail", ()),
    ):
        refused = await spot.refuses(f"stake {name}", BOB, *arguments)
        assert refused.endswith("is no operator's cold key")


async def test_stake_unjail_and_release(spot: Spot) -> None:
    assert "too early: possible" in await spot.refuses("stake unjail", FOURTH)
    assert "too early: possible" in await spot.refuses("stake release", BOB, "3")
    await spot.until(await spot.world.anvil.timestamp() + PARAMETERS.slashing.jail_seconds)
    shown = await spot.does("stake unjail", FOURTH)
    assert shown["operator 4 status"] == "jailed → active"
    await spot.until(await spot.world.anvil.timestamp() + PARAMETERS.times.unbonding_seconds)
    shown = await spot.does("stake release", BOB, "3")
    assert shown["operator 3 status"] == "ejected → released"
    shown = await spot.does("stake claim", BOB, "1")
    assert shown["its owner's credit"] == "0 ETH → 0.5 ETH"
    shown = await spot.does("stake withdraw", ALICE)
    assert shown["your credit in BondRegistry"] == "0.5 ETH → 0 ETH"


async def test_revenue_pay_and_the_rest(spot: Spot) -> None:
    """Three of four have worked alike; the pool of the first has a delegator."""
    lost = spot.world.deployment.schedule.epoch_of(await spot.world.anvil.timestamp()) or 0
    await spot.says("revenue deposit", BOB, "--amount", "2")
    shown = await spot.does("revenue pay", BOB, "0", "--member", "0")
    assert shown["cold key's credit (commission)"] == "0 ETH → 0.079999999999999999 ETH"
    assert shown["cold key's reward (own shares)"].startswith("0 ETH → 1.7244444444")
    said = await spot.says("revenue pay", BOB, "0")
    assert "Member 0 of epoch 0 is paid already." in said
    assert "Member 3 of epoch 0 signed no batch." in said
    shown = await spot.does("revenue rebate", BOB, "0", str(ROLLUP))
    assert shown["owner's credit"] == "0 ETH → 1 ETH"
    shown = await spot.does("revenue insure", BOB, "0")
    assert shown["pool balance"].endswith("ETH")
    shown = await spot.does("stake withdraw", OWNER, "--from", "RevenueSplitter")
    assert shown["your credit in RevenueSplitter"] == "1 ETH → 0 ETH"
    shown = await spot.does("stake collect", ALICE, "1")
    assert shown["your reward"].startswith("0.8622222222")
    assert shown["your reward"].endswith(" → 0 ETH")

    for done in (("rebate", "0", str(ROLLUP)), ("insure", "0")):
        name, *arguments = done
        refused = await spot.refuses(f"revenue {name}", BOB, *arguments)
        assert refused.endswith(("was done before", "there is nothing to pay"))
    assert "can still be settled, or is not over" in await spot.refuses(
        "revenue carry", BOB, str(lost)
    )
    await spot.until_over(lost)
    assert (await spot.does("revenue carry", BOB, str(lost)))["carried in"] == "0 ETH"
    shown = figures(await spot.says("revenue show", BOB, str(await _epoch(spot))))
    assert (shown["deposited"], shown["carried in"]) == ("0 ETH", "1.8 ETH")
    assert "was done before" in await spot.refuses("revenue carry", BOB, str(lost))


async def _epoch(spot: Spot) -> int:
    return spot.world.deployment.schedule.epoch_of(await spot.world.anvil.timestamp()) or 0


async def test_fees(spot: Spot) -> None:
    size = len(transaction(0))
    shown = await spot.does("fees doubt", BOB)
    assert shown["doubted batch"] == "0 → 1"
    assert "the clock runs" in await spot.refuses("fees doubt", BOB)
    shown = await spot.does("fees charge", BOB)
    assert shown["charged batches"] == f"0 → {CHARGE_BATCHES}"
    assert shown[f"rollup {ROLLUP} arrears in bytes"] == f"0 → {size}"
    assert shown[f"rollup {ROLLUP} dropped from"] == "- → T"
    shown = await spot.does("fees charge", BOB)
    assert shown["charged batches"] == f"{CHARGE_BATCHES} → {3 * BATCHES}"
    price = PARAMETERS.fees.fee_wei_per_byte
    paid = f"{(size + 1_000) * price / WEI_PER_ETHER:.18f}"
    shown = await spot.does("fees prepay", BOB, str(ROLLUP), "--amount", paid)
    assert shown[f"rollup {ROLLUP} bytes left"] == "0 → 1000"
    assert shown[f"rollup {ROLLUP} dropped from"] == "T → -"
    shown = figures(await spot.says("fees show", BOB, str(ROLLUP)))
    assert (shown["rollup 1 bytes left"], shown["rollup 1 is dropped"]) == ("1000", "no")
    assert "TooLittle(priceWei=1000000000, actualWei=0): a byte costs 0.000000001 ETH" in (
        await spot.refuses("fees prepay", BOB, str(ROLLUP), "--amount", "0")
    )
    assert "UnknownRollup(rollupId=9)" in await spot.refuses(
        "fees prepay", BOB, "9", "--amount", "1"
    )


async def test_fees_of_a_batch_whose_usage_nobody_knows(spot: Spot) -> None:
    """FEE-6: what a hostile quorum has signed."""
    unknown = await spot.refuses("fees charge", BOB)
    assert "has another usage than its quorum has signed" in unknown
    await spot.does("fees doubt", BOB)
    assert "has another usage" in await spot.refuses("fees charge", BOB)
    await spot.until(await spot.world.anvil.timestamp() + 86_400)
    shown = await spot.does("fees charge", BOB)
    assert shown["charged batches"] == f"{3 * BATCHES} → {3 * BATCHES + 1}"
    assert "all of them are charged for" in await spot.refuses("fees charge", BOB)
    assert "every batch on L1 is charged for" in await spot.refuses("fees doubt", BOB)


async def test_insurance(spot: Spot) -> None:
    """A claim is what a slasher of promises files; the ledger's hand is lent for it."""
    shown = await spot.does("insurance fund", BOB, "--amount", "1.5")
    assert shown["pool obligations"] == "0 ETH"
    nothing = await spot.refuses("insurance fund", BOB, "--amount", "0")
    assert "NothingPaid(): an amount of nothing" in nothing
    assert "there is nothing to pay" in await spot.refuses("insurance pay", BOB)
    ledger = spot.world.deployment.contracts.slashing_ledger
    await spot.impersonate(ledger)
    victim = spot.world.nodes[0].account.address
    await spot.send("InsurancePool", "file", 4, victim, WEI_PER_ETHER // 4, sender=ledger)
    shown = await spot.does("insurance pay", BOB)
    assert shown["pool obligations"] == "0.25 ETH → 0 ETH"
    assert shown["claims paid"] == "0 of 1 → 1 of 1"
    assert figures(await spot.says("insurance show", BOB))["claims paid"] == "1 of 1"


async def test_parameters(spot: Spot) -> None:
    change = ("JAIL_SECONDS", "120")
    assert "from 0 to 1500, not 1501 (PARAM-2): that is 0 % to 15 %, not 15.01 %" in (
        await spot.refuses("parameters propose", OWNER, "REWARD_BPS", "1501")
    )
    stranger = await spot.refuses("parameters propose", BOB, *change)
    assert "only a proposer of the timelock may" in stranger
    shown = await spot.does("parameters propose", OWNER, *change)
    assert shown["JAIL_SECONDS"] == "180 (180 s (3 min))"
    assert (shown["proposal"], shown["ready"]) == ("unset → waiting", "- → T")
    assert "where the proposal is" in await spot.refuses("parameters execute", BOB, *change)
    shown = figures(await spot.says("parameters status", BOB, *change))
    assert (shown["proposal"], shown["ready"]) == ("waiting", "T")
    assert "only a proposer" in await spot.refuses("parameters cancel", BOB, *change)
    shown = await spot.does("parameters cancel", OWNER, *change)
    assert shown["proposal"] == "waiting → unset"

    await spot.does("parameters propose", OWNER, *change, "--again", "once more")
    delay = PARAMETERS.timelock.delay_seconds
    await spot.until(await spot.world.anvil.timestamp() + delay)
    shown = await spot.does("parameters execute", BOB, *change, "--again", "once more")
    assert shown["JAIL_SECONDS"] == "180 (180 s (3 min)) → 120 (120 s (2 min))"
    assert shown["proposal"] == "ready → done"
    listed = await spot.says("parameters show", BOB)
    assert "FEE_WEI_PER_BYTE" in listed
    assert "1 gwei   from 0.000000001 gwei to 1000000 gwei" in listed


async def test_switchyard_stake(spot: Spot, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of all operators; beside scripts, which show one."""
    arguments = ["stake", "--l1", spot.world.anvil.url, "--deployment", str(spot.deployment)]
    assert await asyncio.to_thread(main, arguments) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["id", "status", "staked", "own"]
    rows = {line.split()[0]: line for line in lines if line}
    assert "3" not in rows
    assert rows["1"].split("  ")[1].strip() == "active"
    assert "ejected, released" in rows["2"]
    assert rows["insurance"].endswith("0 ETH owed to victims")
    assert await asyncio.to_thread(main, [*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["obligations_wei"] == 0
    arguments[2] = "http://127.0.0.1:1"
    assert await asyncio.to_thread(main, arguments) == 1
    assert capsys.readouterr().err.startswith("switchyard: error: ")
