"""Children of a network: their end is noticed, told with their last words, and complete."""

import os
import signal
import sys
from pathlib import Path

import pytest

from sequencer.devnet.processes import Process, start
from sequencer.devnet.waiting import eventually
from sequencer.errors import LocalFault

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER


async def python(log: Path, code: str) -> Process:
    return await start("worker", [sys.executable, "-c", code], log)


async def until_up(process: Process) -> None:
    async def up() -> bool | None:
        return b"up" in process.written() or None

    await eventually("worker is up", up, seconds=20)


def is_gone(pid: int) -> bool:
    """Ended; a zombie waits only for whoever has adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


async def test_stop__ends_it(tmp_path: Path) -> None:
    process = await python(tmp_path / "log", FOREVER)
    await until_up(process)
    await process.stop()
    assert not process.is_running
    process.require_running()  # it was told to: no complaint


async def test_stop__kills_what_does_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sequencer.devnet.processes.STOP_SECONDS", 0.2)
    process = await python(tmp_path / "log", DEAF)
    await until_up(process)
    await process.stop()
    assert process.child.returncode == -signal.SIGKILL


async def test_stop__takes_grandchildren_along(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', {DEAF!r}]);"
        "print('child', child.pid, flush=True); time.sleep(600)"
    )
    process = await python(tmp_path / "log", code)
    await until_up(process)
    grandchild = int(process.written().split(b"child ")[1].split()[0])
    await process.stop()

    async def gone() -> bool | None:
        return is_gone(grandchild) or None

    assert await eventually("the grandchild is gone", gone, seconds=10)


async def test_an_end_of_its_own_is_told_with_its_last_words(tmp_path: Path) -> None:
    process = await python(tmp_path / "log", "print('the disk is on fire'); raise SystemExit(3)")
    await process.child.wait()
    with pytest.raises(LocalFault) as caught:
        process.require_running()
    assert "worker stopped (exit status 3)" in str(caught.value)
    assert "the disk is on fire" in str(caught.value)


async def test_the_log_of_earlier_processes_is_kept_apart(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("words of the one before\n")
    process = await python(log, "print('mine')")
    await process.child.wait()
    assert process.written() == b"mine\n"
    assert process.tail() == "    mine"
    assert log.read_text() == "words of the one before\nmine\n"


async def test_no_such_program(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="worker: the program 'no-such-program' is not on PATH"):
        await start("worker", ["no-such-program"], tmp_path / "log")


async def test_ctrl_c_in_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    process = await python(tmp_path / "log", FOREVER)
    try:
        assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
    finally:
        await process.stop()
