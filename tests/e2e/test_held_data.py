"""A rollup whose data the committee keeps, with real nodes: what is on L1, who gets the data, and
what it costs the committee to withhold it (DERIVE-15 to DERIVE-17, DATA-1 to DATA-5, HELD-1 to
HELD-5). The second test ends with the whole committee slashed, so it comes last."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from eth_abi.abi import decode

from sequencer.batches.codec import decode_batch_data
from sequencer.blocks.payload import decode_payload, decode_segment
from sequencer.crypto.hashing import keccak
from sequencer.derivation.held import HeldMissing
from sequencer.derivation.rollup_reader import RollupReader
from sequencer.devnet.accounts import Account, account
from sequencer.devnet.demo.l1_facts import JAILED, L1Facts
from sequencer.devnet.follower_process import DerivedEntry
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, Network, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Signed, Wallet
from sequencer.l1 import abi
from sequencer.l1.client import L1Client
from sequencer.types import Address, BatchIndex
from sequencer.wallet.held_search import HeldSearch
from tests.e2e.ground import Ground

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("held_data")]

WAIT_SECONDS = 180.0
ANSWER_SECONDS = 10
CHALLENGER, SENDERS = account(9), [account(10), account(11)]
_demo = DEMO.parameters
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        _demo, data=msgspec.structs.replace(_demo.data, answer_seconds=ANSWER_SECONDS)
    ),
    held=(7002,),
    confirmations=2,
    followers=1,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    layout = Layout(tmp_path_factory.mktemp("held") / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        yield network


async def send(network: Network, sender: Account, count: int) -> list[Signed]:
    """Transfers on the rollup that holds its data."""
    rollup, wallet = network.rollups[1], Wallet(sender.secret)
    signed = [wallet.transfer(rollup, sender.address, 1) for _ in range(count)]
    for one in signed:
        await network.nodes[0].rpc.call("eth_sendRawTransaction", one.hex, rollup=rollup.id)
    return signed


async def segments_with(network: Network, signed: list[Signed]) -> dict[str, tuple[bytes, ...]]:
    """The transactions of held segments by id, as the follower lists them and a node has them, once
    those that were sent are among them."""
    rollup, node, (follower,) = network.rollups[1], network.nodes[2], network.followers
    async with aiohttp.ClientSession(node.url) as session:

        async def listed() -> dict[str, tuple[bytes, ...]] | None:
            found = {}
            for entry in await follower.entries(rollup.id):
                assert entry.held is not None
                stated = entry.held
                async with session.get(f"/held/{stated.hash}") as response:
                    assert response.status == 200
                    data = await response.read()
                assert (len(data), "0x" + keccak(data).hex()) == (stated.length, stated.hash)
                found[stated.id] = decode_segment(rollup.id, data)
            there = {raw for raws in found.values() for raw in raws}
            return found if there >= {one.raw for one in signed} else None

        return await eventually("held segments in the list", listed, seconds=WAIT_SECONDS)


async def credit(network: Network, holder: Address) -> int:
    """DATA-8."""
    contract = network.deployment.contracts.data_availability_challenge
    call = abi.function("DataAvailabilityChallenge", "credit").call(holder)
    (wei,) = decode(["uint256"], await network.anvil.call(contract, call))
    return int(wei)


async def test_challenged__the_committee_answers_and_is_paid(network: Network) -> None:
    signed = await send(network, SENDERS[0], 3)
    segments = await segments_with(network, signed)
    ordered = [raw for raws in segments.values() for raw in raws]
    assert ordered == [one.raw for one in signed]

    client = L1Client(network.anvil.url)
    search = HeldSearch(client, network.deployment, None)
    for index in await L1Facts(network.anvil, network.deployment).batches():
        call = await search.commit(BatchIndex(index))
        assert not any(raw in call.data for raw in ordered)
        blocks = decode_batch_data(call.data).blocks
        assert not any(raw for block in blocks for raw in decode_payload(block.payload))
    await client.close()

    ground, wanted = Ground(network.anvil, network.layout.folder), next(iter(segments))
    before = await network.anvil.balance(CHALLENGER.address)
    said = await ground.says("challenge_data", CHALLENGER.index, "--entry", wanted)
    assert "The price is" in said
    assert "Challenged. The committee must answer before" in said
    assert "Answered in L1 block" in said
    assert f"Transactions of rollup 2 in them: {len(segments[wanted])}." in said
    assert await network.anvil.balance(CHALLENGER.address) < before
    facts = L1Facts(network.anvil, network.deployment)
    found = await facts.events("DataAvailabilityChallenge", "CreditWithdrawn")
    drawn = {event.arguments["account"]: event.arguments["amountWei"] for event in found}
    earned = [drawn.get(f"0x{node.signer.hex()}", 0) for node in network.nodes]
    assert sorted(earned)[:3] == [0, 0, 0]
    assert max(earned) > drawn.get(f"0x{CHALLENGER.address.hex()}", 0)

    async def shown() -> list[tuple[bytes, ...]] | None:
        return await executed(network, []) or None

    assert (await eventually("L1's answer", shown, seconds=WAIT_SECONDS))[0] == segments[wanted]
    assert await executed(network, network.nodes) == list(segments.values())


async def test_withheld__void_and_all_signers_slashed(network: Network) -> None:
    segments = await segments_with(network, await send(network, SENDERS[1], 1))
    wanted = list(segments)[-1]
    await asyncio.gather(*(restart_withholding(node) for node in network.nodes))
    entry = await entry_of(network, wanted)
    held = entry.held
    assert held is not None
    async with (
        aiohttp.ClientSession(network.nodes[0].url) as session,
        session.get(f"/held/{held.hash}") as response,
    ):
        assert response.status == 404

    ground = Ground(network.anvil, network.layout.folder)
    command = ("challenge_data", CHALLENGER.index, "--entry", wanted, "--batch", str(entry.batch))
    await ground.killed("Challenged. The", *command)
    said = await ground.says(*command)
    assert "Challenged before" in said
    assert "nobody has answered. Settling" in said
    assert said.count(" lost 0.5 ETH") == 3  # a quorum of four, a twentieth of ten
    assert f"from challenges to 0x{CHALLENGER.address.hex()}" in said.lower()
    assert f"from rewards to 0x{CHALLENGER.address.hex()}" in said.lower()
    assert await credit(network, CHALLENGER.address) == 0
    facts = L1Facts(network.anvil, network.deployment)
    statuses = [(await facts.operator(number)).status for number in range(1, 5)]
    assert statuses.count(JAILED) == 3

    async def voided() -> DerivedEntry | None:
        last = (await network.followers[0].entries(network.rollups[1].id))[-1]
        return last if last.source == "void" else None

    mark = await eventually("a void mark in the list", voided, seconds=WAIT_SECONDS)
    assert mark.voids == wanted
    assert (await entry_of(network, wanted)).held == msgspec.structs.replace(
        held, voided_by=mark.index
    )


async def executed(network: Network, nodes: Sequence[NodeProcess]) -> list[tuple[bytes, ...]]:
    """What an executor with a follower and these nodes runs, entry by entry (DERIVE-17), up to what
    it waits for."""
    reader = RollupReader(
        network.followers[0].url, network.rollups[1].id, [node.url for node in nodes]
    )
    found = []
    with suppress(HeldMissing):
        async for step in reader.read():
            found.append(tuple(one.raw for one in step.transactions))  # noqa: PERF401 - kept
    await reader.close()
    return found


async def restart_withholding(node: NodeProcess) -> None:
    """HELD-5."""
    node.withhold()
    await node.stop()
    await node.start()
    await node.ready()


async def entry_of(network: Network, wanted: str) -> DerivedEntry:
    for entry in await network.followers[0].entries(network.rollups[1].id):
        if entry.hash == wanted:
            return entry
    raise AssertionError(f"{wanted} is not listed")
