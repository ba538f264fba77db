"""A whole node in this process, without an L1 that answers.

L1 down at start: the node runs, says so, is not ready, and keeps trying (L1-3)
RPC address in use: a LocalFault that names it
data folder in use by another node: refused, naming the danger
a journal of another key: refused
deny_senders with rubbish: refused, naming it
open promises of before: in the pool again, as they were made (PROMISE-3)
"""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from sequencer.config import Config, KeysSection, L1Section, MempoolSection, NodeSection
from sequencer.errors import LocalFault
from sequencer.l1.deployment import Contracts, Deployment
from sequencer.l1.schedule import Schedule
from sequencer.node.node import Node
from sequencer.store.promises import PromiseStore
from sequencer.types import Address
from tests.unit.promises.test_book import World as PromiseWorld

SECRET = b"\x01" * 32


def deployment() -> Deployment:
    addresses = [Address(bytes([number]) * 20) for number in range(1, 1 + len(fields(Contracts)))]
    return Deployment(
        chain_id=31_337,
        start_block=0,
        contracts=Contracts(*addresses),
        schedule=Schedule(1_000, 100),
        force_window_seconds=20,
        commit_grace_seconds=60,
        unbonding_seconds=600,
        data_window_seconds=120,
        data_answer_seconds=40,
        batch_bytes=60_000,
        batch_age_ms=2_000,
        block_bytes=50_000,
        blob_bytes_min=16 << 10,
    )


def config(
    folder: Path, rpc: str = "127.0.0.1:0", withhold_data: bool = False, **mempool: Any
) -> Config:
    return Config(
        node=NodeSection(data_dir=str(folder), rpc_listen=rpc, withhold_data=withhold_data),
        l1=L1Section(url="http://127.0.0.1:1", deployment="", poll_ms=10),
        keys=KeysSection(signer=""),
        mempool=MempoolSection(**mempool),
    )


async def stop(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Poll what nothing announces: a file of the node, a field of its status."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing sets an event for it
            await asyncio.sleep(0.01)


async def test_run__l1_down_at_start__says_so_and_is_not_ready(tmp_path: Path) -> None:
    node = Node(config(tmp_path), deployment(), SECRET)
    running = asyncio.create_task(node.run())
    await until((tmp_path / "endpoints.json").exists)
    rpc = json.loads((tmp_path / "endpoints.json").read_bytes())["rpc"]
    await until(lambda: node.status()["l1"]["lastError"] is not None)  # type: ignore[index]
    async with aiohttp.ClientSession() as session:
        async with session.get(rpc + "/readyz") as ready:
            assert ready.status == 503
        call = {"jsonrpc": "2.0", "id": 1, "method": "seq_status"}
        async with session.post(rpc + "/", json=call) as answer:
            status = (await answer.json())["result"]
    assert status["l1"]["connected"] is False
    assert "127.0.0.1:1" in status["l1"]["lastError"]
    assert not running.done()
    await stop(running)


async def test_run__rpc_address_in_use__is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        node = Node(config(tmp_path, address), deployment(), SECRET)
        with pytest.raises(LocalFault, match=f"RPC address {address}"):
            await node.run()


async def test_init__data_folder_of_a_running_node__is_refused(tmp_path: Path) -> None:
    node = Node(config(tmp_path), deployment(), SECRET)
    with pytest.raises(LocalFault, match="in use by another process"):
        Node(config(tmp_path), deployment(), SECRET)
    node.close()


async def test_init__journal_of_another_key__is_refused(tmp_path: Path) -> None:
    Node(config(tmp_path), deployment(), SECRET).close()
    with pytest.raises(LocalFault, match="belongs to another key"):
        Node(config(tmp_path), deployment(), b"\x02" * 32)


async def test_init__rubbish_in_deny_senders__is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="'0xzz' is no address"):
        Node(config(tmp_path, deny_senders=("0xzz",)), deployment(), SECRET)


async def test_run__open_promises__are_in_the_pool_again(tmp_path: Path) -> None:
    made = PromiseWorld()
    one = made.make(made.pooled(), 7)
    store = PromiseStore(tmp_path / "promises.sqlite")
    store.write([(one.key, msgspec.msgpack.encode(one))], [])
    store.close()
    node = Node(config(tmp_path), deployment(), SECRET)
    running = asyncio.create_task(node.run())
    await until((tmp_path / "endpoints.json").exists)
    assert node.mempool.is_ready(one.key)
    assert node.status()["promises"] == {"open": 1, "openWei": "7", "coverageWei": None}
    assert node._backend.promise(*one.key, 0) == one.signed
    await stop(running)
