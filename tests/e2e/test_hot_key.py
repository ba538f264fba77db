"""An operator replaces its hot key while the network runs (STAKE-11, JOURNAL-9).

Once it has the new key, another node is killed: from then on nothing is final, attested or
committed without the rotated one, whichever of its keys the committee names. What the old key
signed convicts its owner as before, and whoever has found the old key can do nothing else with it.
"""

import asyncio
import contextlib
import io
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.keystore import load_secret
from sequencer.crypto.signatures import Signer
from sequencer.devnet.accounts import WALLETS, account
from sequencer.devnet.demo.l1_facts import EJECTED
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.membership import Membership
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.node_process import KEYSTORE, NodeProcess, NodeSettings
from sequencer.devnet.ports import free_ports
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.witness import Witness
from sequencer.errors import LocalFault
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.l1 import abi
from sequencer.types import Address, Epoch, Hash32

WAIT_SECONDS = 180.0
GAS = 2_000_000
MORE_BLOCKS = 5
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        DEMO.parameters,
        times=msgspec.structs.replace(DEMO.parameters.times, epoch_seconds=10),
    ),
    confirmations=2,
    followers=1,
)


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    layout = Layout(tmp_path / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        yield Stage(network, Story(io.StringIO()))


@contextlib.asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[Witness]:
    """Transfers to every node, and somebody who notes what becomes of them."""
    witness = Witness(stage, 0.2)
    for node in stage.nodes:
        witness.begin(node)
    watching = asyncio.create_task(witness.watch())
    try:
        yield witness
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


async def test_rotation__network_goes_on__old_key_still_convicts(stage: Stage) -> None:
    *_, killed, rotated = stage.nodes
    async with watched(stage) as witness:
        await witness.end(rotated)
        old, operator_id = await _rotate(stage, rotated)
        witness.begin(rotated)
        await _until_height(rotated, (await stage.status(stage.nodes[0])).height)
        await witness.end(killed)
        await killed.kill()
        height = (await stage.status(rotated)).height
        last = await _until_handed_over(stage, rotated, old)
        await witness.end()
        chain = await witness.check()

    proposers = {(block.epoch, block.proposer) for block in chain if block.height > height}
    assert any(one == _hex(old.address) for _, one in proposers)
    assert any(one == _hex(rotated.signer) for _, one in proposers)
    assert all(epoch <= last for epoch, one in proposers if one == _hex(old.address))
    assert await _has_signed(stage, rotated, after=last)

    await _nobody_listens_to(stage, old)
    await _nobody_may_have(stage, old)
    await _report(stage, old, last)
    assert (await stage.l1.operator(operator_id)).status == EJECTED


async def _rotate(stage: Stage, node: NodeProcess) -> tuple[Signer, int]:
    """The key of before, and whose it is."""
    operator = stage.network.operators[node.number - 1]
    await Membership(stage.network).rotate(node)
    assert node.signer != operator.hot.address
    return operator.hot, await stage.l1.operator_id(operator.cold.address)


async def _until_height(node: NodeProcess, height: int) -> None:
    async def is_there() -> bool | None:
        return (await node.status())["height"] >= height or None

    await eventually(f"{node.name} at {height}", is_there, seconds=WAIT_SECONDS)


async def _until_handed_over(stage: Stage, node: NodeProcess, old: Signer) -> Epoch:
    """Wait until a batch is committed in an epoch whose committee names the new key; the last one
    that names the old."""

    async def handed_over() -> Epoch | None:
        committed = {event.arguments["epoch"] for event in (await stage.l1.batches()).values()}
        seats = {epoch: await stage.l1.members(Epoch(epoch)) for epoch in committed}
        assert not any({old.address, node.signer} <= set(members) for members in seats.values())
        if not any(node.signer in members for members in seats.values()):
            return None
        return Epoch(max(epoch for epoch, members in seats.items() if old.address in members))

    return await eventually("a commit with the new key", handed_over, seconds=WAIT_SECONDS)


async def _has_signed(stage: Stage, node: NodeProcess, *, after: Epoch) -> bool:
    """Whether L1 saw a batch attested by the node's present key in the epochs after one."""
    for event in (await stage.l1.batches()).values():
        epoch = Epoch(event.arguments["epoch"])
        if epoch > after:
            member = (await stage.l1.members(epoch)).index(node.signer)
            if event.arguments["signers"] >> member & 1:
                return True
    return False


async def _nobody_listens_to(stage: Stage, old: Signer) -> None:
    """A node with the old key alone is nobody's peer: it never learns of a block (NET-2)."""
    network, number = stage.network, len(stage.nodes) + 1
    folder = network.layout.process(f"node-{number}")
    folder.mkdir()
    shutil.copy(network.layout.process(stage.nodes[-1].name) / KEYSTORE, folder / KEYSTORE)
    secret = load_secret(folder / KEYSTORE, network.layout.read_password())
    assert Signer(secret).address == old.address
    (port,) = free_ports(1)
    settings = NodeSettings(network.anvil.url, port, PROFILE.confirmations)
    thief = NodeProcess(network.layout, number, old.address, settings)
    await thief.start()
    try:
        await thief.ready()
        first = stage.running_nodes[0]
        await _until_height(first, (await stage.status(first)).height + MORE_BLOCKS)
        status = await thief.status()
        # All but the one that it takes itself for.
        assert status["peers"]["known"] == len(stage.nodes) - 1
        assert status["height"] == 0
    finally:
        await thief.stop()


async def _nobody_may_have(stage: Stage, old: Signer) -> None:
    """STAKE-11: not the operator again, and not another one."""
    for operator in (stage.network.operators[-1], stage.network.operators[0]):
        cold, domain = operator.cold.address, stage.network.deployment.domain
        proof = prove_possession(old, domain, cold, operator.transport_key)
        rotate = abi.function("BondRegistry", "rotateSigner").call(old.address, proof)
        with pytest.raises(LocalFault, match="SignerUsed"):
            await _send(stage, cold, "BondRegistry", rotate)


async def _report(stage: Stage, old: Signer, epoch: Epoch) -> None:
    """Two blocks of one view, signed by the old key in its last epoch (SLASH-1)."""
    committee = (await stage.l1.committee(epoch)).hash
    separator = stage.network.deployment.domain.separator()

    def notarized(block: bytes) -> SignedStatement:
        kind = StatementKind.NOTARIZE
        statement = Statement(kind, epoch, committee, 10**6, Hash32(block * 32))
        return SignedStatement(statement, old.sign(statement.digest(separator)))

    statements = [notarized(block).for_contract() for block in (b"\x01", b"\x02")]
    report = abi.function("EquivocationSlasher", "report").call(*statements, bytes(32))
    await _send(stage, account(WALLETS[0]).address, "EquivocationSlasher", report)


async def _send(stage: Stage, sender: Address, contract: str, data: bytes) -> None:
    anvil, to = stage.network.anvil, stage.l1.address(contract)
    await anvil.wait([await anvil.send("the old key", sender, to, data, gas=GAS)])


def _hex(address: Address) -> str:
    return "0x" + address.hex()
