"""`switchyard node` as a process: how it starts, what it says when it cannot, how it ends."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from sequencer.deployment.parameters import PARAMETER_SETS
from sequencer.deployment.plan import deployment_of, plan_deployment
from sequencer.devnet.bootstrap import make_operators
from sequencer.devnet.layout import Layout
from sequencer.devnet.node_process import NodeProcess, NodeSettings
from sequencer.devnet.node_status import decode_status
from sequencer.devnet.ports import free_ports
from sequencer.errors import LocalFault
from sequencer.l1.deployment import save_deployment
from sequencer.types import Address

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "network")
    layout.begin()
    plan = plan_deployment(
        chain_id=31337,
        deployer=Address(bytes([1]) * 20),
        first_nonce=0,
        genesis=1_800_000_000,
        parameters=PARAMETER_SETS["devnet"],
    )
    save_deployment(deployment_of(plan, 0), layout.deployment)
    return layout


@pytest_asyncio.fixture
async def node(layout: Layout) -> AsyncIterator[NodeProcess]:
    operator = make_operators(layout, free_ports(4))[0]
    settings = NodeSettings(l1_url=NOBODY, peer_port=operator.peer_port, confirmations=2)
    node = NodeProcess(layout, operator.number, operator.hot.address, settings)
    yield node
    await node.stop()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def command(*arguments: str) -> str:
    """What `switchyard` prints, that ends well."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sequencer.cli", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    assert child.returncode == 0
    return output.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_l1_down_at_start__waits_says_so_and_ends_when_told(
    node: NodeProcess, number: signal.Signals
) -> None:
    await node.start()
    await node.ready()
    status = decode_status(await node.status())
    assert not status.l1.connected
    assert status.l1.last_error
    assert status.height == 0
    assert "NOT CONNECTED" in await command("status", "--rpc", node.url)
    assert f'"signer": "0x{node.signer.hex()}"' in await command(
        "status", "--json", "--rpc", node.url
    )
    node.process.signal(number)
    assert await node.process.child.wait() == 0
    assert b"Traceback" not in node.process.written()


async def fails(node: NodeProcess) -> str:
    """Start it; the last line it leaves."""
    await node.start()
    with pytest.raises(LocalFault, match="stopped while it was starting"):
        await node.ready()
    assert node.process.child.returncode == 1
    written = node.process.written().decode()
    assert "Traceback" not in written
    return written.splitlines()[-1]


async def test_rpc_port_in_use(node: NodeProcess, taken_port: int) -> None:
    node.settings = replace(node.settings, rpc_port=taken_port)
    line = await fails(node)
    assert line.startswith("switchyard: error: ")
    assert f"127.0.0.1:{taken_port}" in line


async def test_peer_port_in_use(node: NodeProcess, taken_port: int) -> None:
    node.settings = replace(node.settings, peer_port=taken_port)
    line = await fails(node)
    assert line.startswith("switchyard: error: ")
    assert f"127.0.0.1:{taken_port}" in line


async def test_wrong_password(node: NodeProcess, layout: Layout) -> None:
    layout.password.write_text("not the password\n")
    line = await fails(node)
    assert line.endswith("wrong password")
    assert "not the password" not in line


async def test_another_process_has_the_journal(node: NodeProcess, layout: Layout) -> None:
    """JOURNAL-4."""
    await node.start()
    await node.ready()
    twin = NodeProcess(
        layout,
        node.number,
        node.signer,
        replace(node.settings, peer_port=free_ports(1)[0]),
    )
    assert "journal" in await fails(twin)
    assert node.is_running
