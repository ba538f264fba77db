"""The watchtower as a whole, with nothing around it that works."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession

from sequencer.devnet.endpoints import _read
from sequencer.devnet.waiting import eventually
from sequencer.errors import LocalFault
from sequencer.watch.run import WatchConfig, Watchtower
from tests.unit.l1.fake_l1 import DEPLOYMENT

NOBODY = "http://127.0.0.1:9"


def config(state: Path, listen: str = "127.0.0.1:0") -> WatchConfig:
    return WatchConfig(
        state / "unused", NOBODY, (NOBODY,), state, webhook=f"{NOBODY}/hook", listen=listen
    )


async def test_run__l1_nodes_and_webhook_dead__serves_and_waits(tmp_path: Path) -> None:
    tower = Watchtower(config(tmp_path), DEPLOYMENT, None)
    (tmp_path / "evidence" / "garbage.json").write_bytes(b"{}")
    running = asyncio.create_task(tower.run())

    async def told() -> str | None:
        assert not running.done(), running
        found = _read(tmp_path / "endpoints.json")
        if found is None:
            return None
        async with ClientSession() as session, session.get(f"{found.rpc}/metrics") as answer:
            text = await answer.text()
        return text if 'kind="no-evidence"' in text else None

    text = await eventually("an alert", told, seconds=20.0)
    assert "switchyard_watch_l1_connected 0" in text
    assert 'switchyard_watch_node_up{node="http://127.0.0.1:9"} 0' in text
    assert 'switchyard_watch_evidence{status="settled"} 1' in text
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_run__address_that_is_none__says_which_option(tmp_path: Path) -> None:
    tower = Watchtower(config(tmp_path, "nowhere"), DEPLOYMENT, None)
    with pytest.raises(LocalFault, match="--listen"):
        await tower.run()


async def test_state__in_use__a_second_watchtower_does_not_start(tmp_path: Path) -> None:
    tower = Watchtower(config(tmp_path, "nowhere"), DEPLOYMENT, None)
    with pytest.raises(LocalFault, match="locked"):
        Watchtower(config(tmp_path), DEPLOYMENT, None)
    with pytest.raises(LocalFault, match="--listen"):
        await tower.run()
