"""The ape scripts, run as a person runs them."""

import asyncio
import os
import sys
from pathlib import Path

from sequencer.devnet.accounts import Account
from sequencer.devnet.demo.stage import Stage
from sequencer.errors import LocalFault

SCRIPT_SECONDS = 300.0
_NOISE = ("INFO:", "SUCCESS:", "WARNING:")


async def run_script(stage: Stage, name: str, account: Account, *arguments: str) -> None:
    """`ape run NAME` with an account of the local L1, for a group and one of its commands by both
    names; its words become part of the story.

    Raises `LocalFault` when it fails or takes too long.
    """
    command = [_ape(name), "run", *name.split(), "--account", account.ape_alias]
    command += ["--network", stage.network.anvil.url]
    command += ["--deployment", str(stage.network.layout.deployment), *arguments]
    stage.story.note(f"$ ape run {name} --account {account.ape_alias} {' '.join(arguments)}")
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=ape_environment(stage.network.layout.folder),
    )
    try:
        async with asyncio.timeout(SCRIPT_SECONDS):
            await _quote(stage, child)
            status = await child.wait()
    except TimeoutError:
        raise LocalFault(f"ape run {name} took more than {SCRIPT_SECONDS:.0f} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if status != 0:
        raise LocalFault(f"ape run {name} ended with exit status {status}")


def ape_environment(folder: Path) -> dict[str, str]:
    """For ape on the L1 of a network in `folder`: what it remembers of contracts by their addresses
    is true of one chain."""
    data_folder = (folder / "ape").absolute()
    return {**os.environ, "APE_DATA_FOLDER": str(data_folder), "PYTHONUNBUFFERED": "1"}


def _ape(script: str) -> str:
    """The program, installed next to the Python that runs us."""
    program = Path(sys.executable).with_name("ape")
    if not program.exists():
        raise LocalFault(f"{program} is not installed; `make` installs it")
    file = script.split(maxsplit=1)[0] + ".py"
    if not Path("scripts", file).exists():
        raise LocalFault(f"scripts/{file} is not here; run this in the project's folder")
    return str(program)


async def _quote(stage: Stage, child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None, "opened as a pipe"
    async for line in child.stdout:
        text = line.decode("utf-8", "replace").rstrip()
        if text and not text.startswith(_NOISE):
            stage.story.quote(text)
