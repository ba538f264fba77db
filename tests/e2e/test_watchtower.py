"""Watchtowers beside networks with members that break rules: each fault ends as a slash on L1."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest_asyncio
from aiohttp import ClientSession, web

from sequencer.devnet.accounts import WALLETS, Account, account
from sequencer.devnet.demo.ape import run_script
from sequencer.devnet.demo.l1_facts import Happened
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import Story
from sequencer.devnet.drill.anyone import Anyone
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.node_process import (
    DISORDERLY_MODULE,
    EQUIVOCATOR_MODULE,
    NEGLECTFUL_MODULE,
    NodeProcess,
)
from sequencer.devnet.outages.load import NOBODY
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import Call, RpcRefused
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Wallet
from sequencer.devnet.watch_process import WatchProcess
from sequencer.evidence.files import dump_evidence
from sequencer.evidence.offence import Offence
from sequencer.evidence.promise import promise_of_answer
from sequencer.l1 import abi
from sequencer.serving import listen
from sequencer.types import Address

PROFILE = replace(DEMO, chain_ids=(7001,), followers=0)
FOUND_SECONDS = 180.0
SLASHED_SECONDS = 180.0
PROMISED_HEIGHTS = 12
VALUE_WEI = 10**15


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    layout = Layout(tmp_path / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        yield Stage(network, Story(io.StringIO()))


@contextlib.asynccontextmanager
async def watching(
    stage: Stage, name: str, reporter: Account | None, webhook: str | None = None
) -> AsyncIterator[WatchProcess]:
    network = stage.network
    urls = [node.url for node in stage.nodes]
    tower = WatchProcess(network.layout, name, network.anvil.url, urls, reporter, webhook)
    await tower.start()
    try:
        yield tower
    finally:
        await tower.stop()


async def slashes(stage: Stage, offence: Offence) -> list[Happened]:
    found = await stage.l1.events("SlashingLedger", "OperatorSlashed")
    return [one for one in found if one.arguments["offence"] == offence]


async def until_slashed(stage: Stage, offence: Offence, operators: set[int]) -> list[Happened]:
    """One slash of each of these operators."""

    async def all_are() -> list[Happened] | None:
        found = await slashes(stage, offence)
        return found if operators <= {one.arguments["id"] for one in found} else None

    return await eventually(f"{offence.name} is slashed", all_are, seconds=SLASHED_SECONDS)


async def credit_of(stage: Stage, who: Address) -> int:
    data = abi.function("SlashingLedger", "credit").call(who)
    answer = await stage.network.anvil.call(stage.l1.address("SlashingLedger"), data)
    return int.from_bytes(answer, "big")


async def until_found(tower: WatchProcess) -> None:
    """Until there is evidence in its folder."""

    async def found() -> bool | None:
        return bool(tower.evidence_files()) or None

    await eventually("evidence", found, seconds=FOUND_SECONDS, poll_seconds=0.02)


async def restart(nodes: list[NodeProcess], module: str) -> None:
    """As what breaks a rule."""
    await asyncio.gather(*(node.stop() for node in nodes))
    for node in nodes:
        await node.start(module)
    await asyncio.gather(*(node.ready() for node in nodes))


def earned_by(found: Sequence[Happened], reporter: Account) -> int:
    """In wei; nothing was burned for want of a reporter."""
    by = [Address(bytes.fromhex(one.arguments["reporter"][2:])) for one in found]
    pairs = zip(found, by, strict=True)
    return sum(one.arguments["split"][0] for one, who in pairs if who == reporter.address)


async def until_done(stage: Stage, towers: Sequence[WatchProcess]) -> list[Happened]:
    """Until no tower has evidence left to bring to L1; all equivocations that were slashed."""

    async def done() -> bool | None:
        async with ClientSession() as session:
            for tower in towers:
                async with session.get(f"{tower.url}/metrics") as answer:
                    lines = (await answer.text()).splitlines()
                left = [line for line in lines if 'status="found"' in line or "begun" in line]
                if not tower.evidence_files() or not all(line.endswith(" 0") for line in left):
                    return None
        return True

    await eventually("all is reported", done, seconds=FOUND_SECONDS)
    return await slashes(stage, Offence.EQUIVOCATION)


async def test_equivocator__two_towers_race_and_one_is_killed__slashed_once_and_one_is_paid(
    stage: Stage,
) -> None:
    """WATCH-2: the one that comes second pays for no report, and a webhook that is down stops
    nobody."""
    offender, first, second = stage.nodes[-1], account(WALLETS[1]), account(WALLETS[2])
    async with (
        watching(stage, "tower-1", first, "http://127.0.0.1:9/alerts") as killed,
        watching(stage, "tower-2", second) as other,
    ):
        await offender.stop()
        await offender.start(EQUIVOCATOR_MODULE)
        await until_found(killed)
        await killed.kill()
        await killed.start()
        await until_slashed(stage, Offence.EQUIVOCATION, {offender.number})
        await offender.stop()
        async with ClientSession() as session, session.get(f"{other.url}/metrics") as answer:
            assert 'switchyard_watch_alerts_total{kind="evidence"}' in await answer.text()
        found_both = await until_done(stage, (killed, other))
    assert {one.arguments["id"] for one in found_both} == {offender.number}
    epochs = [one.arguments["epoch"] for one in found_both]
    assert len(set(epochs)) == len(epochs), "an epoch is slashed once"
    for reporter in (first, second):
        assert await credit_of(stage, reporter.address) == earned_by(found_both, reporter)
    assert earned_by(found_both, first) + earned_by(found_both, second) > 0


async def test_disorderly__quorum_that_orders_as_it_likes__every_one_of_it_is_slashed(
    stage: Stage,
) -> None:
    """ORDER-6: by what L1 has alone; the honest member is not among them."""
    *offenders, honest = stage.nodes
    reporter, wallet = account(WALLETS[1]), Wallet(account(WALLETS[3]).secret)
    rollup = stage.network.rollups[0]
    alerts: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    async with (
        serving_webhook(alerts) as webhook,
        watching(stage, "tower", reporter, webhook) as tower,
    ):
        await restart(offenders, DISORDERLY_MODULE)
        await stage.until_growth()

        async def send() -> None:
            """Several in one body, for one block: there must be an order to turn around."""
            while True:
                signed = [wallet.transfer(rollup, NOBODY, 1) for _ in range(6)]
                calls = [Call("eth_sendRawTransaction", (one.hex,)) for one in signed]
                sent = await offenders[0].rpc.batch(calls, rollup=rollup.id)
                assert sent == ["0x" + one.hash.hex() for one in signed]
                await asyncio.sleep(0.5)

        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(send())
            await until_found(tower)
            await tower.kill()
            await tower.start()
            ids = {node.number for node in offenders}
            found = await until_slashed(stage, Offence.ORDERING, ids)
            sending.cancel()
    assert honest.number not in {one.arguments["id"] for one in found}
    assert {one.arguments["reporter"].lower() for one in found} == {"0x" + reporter.address.hex()}
    earned = sum(one.arguments["split"][0] for one in found)
    assert await credit_of(stage, reporter.address) == earned > 0
    kinds = set()
    while not alerts.empty():
        kinds.add(alerts.get_nowait()["kind"])
    assert {"evidence", "reported"} <= kinds


async def test_neglectful__quorum_that_ignores_the_forced_queue__every_one_of_it_is_slashed(
    stage: Stage, tmp_path: Path
) -> None:
    """NEGLECT-1: what L1 had to include by itself; the honest member is not among them. A tower
    without a key finds it, and a person reports it."""
    *offenders, honest = stage.nodes
    reporter, network = account(WALLETS[1]), stage.network
    user = Anyone(network.anvil, stage.l1, network.deployment, tmp_path, WALLETS[2])
    wallet = Wallet(account(WALLETS[3]).secret)
    before = await network.anvil.balance(reporter.address)
    async with watching(stage, "tower", None) as tower:
        await restart(offenders, NEGLECTFUL_MODULE)
        forcing = asyncio.create_task(user.force(wallet.transfer(network.rollups[0], NOBODY, 1)))
        await until_found(tower)
        await asyncio.sleep(1.0)  # the three are found together
        files = tower.evidence_files()
        assert not await slashes(stage, Offence.NEGLECT)
        for flags in (("--dry-run",), ()):
            for path in files:
                await run_script(stage, "report", reporter, "--evidence", str(path), *flags)
            found = await slashes(stage, Offence.NEGLECT)
            assert len(found) == (0 if flags else len(files)), flags
        receipt = await forcing
    assert receipt.consumption is not None
    assert receipt.consumption.batch is None, "L1 included it"
    assert {one.arguments["id"] for one in found} == {node.number for node in offenders}
    assert honest.number not in {one.arguments["id"] for one in found}
    assert earned_by(found, reporter) > 0
    assert await network.anvil.balance(reporter.address) > before, "it is paid, gas and all"


async def test_promise__broken__is_challenged_and_settled_and_its_victim_is_paid(
    stage: Stage,
) -> None:
    """PROMISE-5 to PROMISE-7, of a promise that was put into the tower's folder."""
    offender = stage.nodes[0]
    network, reporter = stage.network, account(WALLETS[1])
    victim, rollup = Wallet(account(WALLETS[3]).secret), network.rollups[0]
    offender.promise(PROMISED_HEIGHTS, breaks=True)
    await offender.stop()
    await offender.start()
    await offender.ready()

    async def promised() -> bytes | None:
        signed = victim.transfer(rollup, NOBODY, 1)
        options = {"promise": True, "valueWei": str(VALUE_WEI)}
        try:
            answer = await offender.rpc.call(
                "seq_sendTransaction", signed.hex, options, rollup=rollup.id
            )
        except RpcRefused:  # it has not yet read L1
            return None
        found = answer["promise"]
        return None if found is None else msgspec.json.encode(found)

    answer = await eventually("a promise", promised, seconds=FOUND_SECONDS)
    evidence = promise_of_answer(network.deployment.domain, answer)
    assert evidence.signer == offender.signer
    async with watching(stage, "tower", reporter) as tower:
        partial = tower.state / "evidence" / "given.part"
        partial.write_bytes(dump_evidence(evidence))
        partial.rename(partial.with_suffix(".json"))
        (slash,) = await until_slashed(stage, Offence.PROMISE, {offender.number})
    assert slash.arguments["reporter"].lower() == "0x" + reporter.address.hex()
    assert await credit_of(stage, reporter.address) == slash.arguments["split"][0] > 0
    assert await credit_of(stage, victim.address) == VALUE_WEI
    (back,) = await stage.l1.events("PromiseSlasher", "PriceReclaimed")
    assert back.arguments["to"].lower() == "0x" + reporter.address.hex()


@contextlib.asynccontextmanager
async def serving_webhook(alerts: "asyncio.Queue[dict[str, str]]") -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        alerts.put_nowait(msgspec.json.decode(await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    try:
        yield await listen(runner, "127.0.0.1", 0, "webhook")
    finally:
        await runner.cleanup()
