"""The scripts, run by ape as a person runs them."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from sequencer.devnet.anvil import Anvil
from sequencer.devnet.demo.ape import ape_environment

PASSWORD = "correct horse"

Child = asyncio.subprocess.Process


@dataclass(frozen=True)
class Ground:
    """An L1 with contracts that `ape run deploy` has put there."""

    anvil: Anvil
    folder: Path

    @property
    def deployment(self) -> Path:
        return self.folder / "deployment.json"

    async def start(self, name: str, account: int | None, *arguments: str) -> Child:
        """Start a script."""
        target = [] if name == "deploy" else ["--deployment", str(self.deployment)]
        signing = [] if account is None else ["--account", f"TEST::{account}"]
        return await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("ape")),
            *("run", *name.split(), "--network", self.anvil.url, *signing),
            *target,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**ape_environment(self.folder), "SWITCHYARD_PASSWORD": PASSWORD},
        )

    async def killed(self, at: str, name: str, account: int | None, *arguments: str) -> None:
        """Run a script until it has said `at`, and kill it."""
        child = await self.start(name, account, *arguments)
        assert child.stdout is not None
        while line := await child.stdout.readline():
            if at in line.decode():
                break
        assert line, f"{name} has not said {at!r}"
        child.kill()
        await child.communicate()

    async def ape(self, name: str, account: int | None, *arguments: str) -> tuple[int, str]:
        """Run a script to its end; exit status and output, without ape's own remarks."""
        child = await self.start(name, account, *arguments)
        output, _ = await child.communicate()
        assert child.returncode is not None
        lines = output.decode().splitlines()
        kept = [line for line in lines if not line.startswith(("INFO:", "SUCCESS:"))]
        return child.returncode, "\n".join(kept)

    async def says(self, name: str, account: int | None, *arguments: str) -> str:
        """What a script says that succeeds."""
        status, output = await self.ape(name, account, *arguments)
        assert status == 0, output
        return output

    async def refuses(self, name: str, account: int | None, *arguments: str) -> str:
        """The error of a script that fails, which is its last line."""
        status, output = await self.ape(name, account, *arguments)
        assert status == 1, output
        assert "Traceback" not in output
        return output.splitlines()[-1]
