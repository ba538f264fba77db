"""`switchyard devnet` as a process: up, stopped, continued, and honest when a part of it dies."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from sequencer.devnet.processes import Process, start
from sequencer.devnet.waiting import eventually

START_SECONDS = 180
PATIENCE_SECONDS = 10


async def devnet(folder: Path, *options: str, until: bytes = b"followers agree") -> Process:
    """Start it and wait until it has said something; at first until it is ready."""
    command = [sys.executable, "-m", "sequencer.cli", "devnet", "--folder", str(folder), *options]
    process = await start("devnet", command, folder.with_suffix(".log"))

    async def ready() -> bool | None:
        process.require_running()
        return until in process.written() or None

    try:
        await eventually("devnet is up", ready, seconds=START_SECONDS)
    except BaseException:
        await process.stop()
        raise
    return process


def children(process: Process) -> list[int]:
    """The processes it has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == process.pid:
            found.append(int(entry.name))
    return found


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_up_stopped_and_continued(tmp_path: Path) -> None:
    folder = tmp_path / "devnet"
    first = await devnet(folder)
    written = first.written().decode()
    url = r"http://127\.0\.0\.1:\d+"
    assert re.search(rf"^L1 \(chain id 31337\) is at {url}$", written, re.M)
    rpc = rf"^node-\d +{url}/rollup/1 +{url}/rollup/2$"
    assert len(re.findall(rpc, written, re.M)) == 4
    lists = rf"^follower-\d +{url}/rollup/1/entries +{url}/rollup/2/entries$"
    assert len(re.findall(lists, written, re.M)) == 2
    assert "ape run force_include" in written
    parts = children(first)
    assert len(parts) == 7
    first.signal(signal.SIGINT)
    assert await first.child.wait() == 0
    assert not any(map(is_alive, parts))
    assert "Traceback" not in first.written().decode()

    second = await devnet(folder, "--keep")
    parts = children(second)
    heights = re.search(r"heights (\d+)", second.written().decode())
    assert heights is not None
    assert int(heights[1]) > 1
    second.signal(signal.SIGTERM)
    assert await second.child.wait() == 0
    assert not any(map(is_alive, parts))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_interrupted_twice_while_it_starts(tmp_path: Path) -> None:
    process = await devnet(tmp_path / "devnet", until=b"bonded operators")
    parts = children(process)
    process.signal(signal.SIGINT)
    await asyncio.sleep(0.02)
    process.signal(signal.SIGINT)
    # The second may come when nobody handles it any more; then the kernel ends what is left.
    assert await asyncio.wait_for(process.child.wait(), 30) in (0, -signal.SIGINT)

    async def all_gone() -> bool | None:
        return not any(map(is_alive, parts)) or None

    await eventually("no part is left", all_gone, seconds=PATIENCE_SECONDS)
    assert "Traceback" not in process.written().decode()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_part_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    folder = tmp_path / "devnet"
    process = await devnet(folder)
    parts = children(process)
    (victim,) = [pid for pid in parts if b"node-3" in command_line(pid)]
    os.kill(victim, signal.SIGKILL)
    assert await asyncio.wait_for(process.child.wait(), 30) == 1
    written = process.written().decode()
    assert "switchyard: error: node-3 stopped (SIGKILL)" in written
    assert "node-3.log" in written
    assert "epoch 0 (member" in written.rpartition("node-3.log")[2]
    assert not any(map(is_alive, parts))
