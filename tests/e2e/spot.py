"""Scripts on an L1 whose clock only the test moves. ape is loaded once, which takes longest."""

import asyncio
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sequencer.deployment.plan import snake_case
from sequencer.devnet.demo.ape import ape_environment
from sequencer.devnet.waiting import eventually
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit
from sequencer.l1.deployment import save_deployment
from sequencer.l1.rpc import to_hex
from sequencer.types import Address, BatchIndex, Epoch
from tests.e2e.ground import PASSWORD
from tests.integration.l1_world import COLD, DEPLOYER, World

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \([^)]*\)")


@dataclass(frozen=True)
class Spot:
    """What people do who have nothing but L1 and a deployment file."""

    world: World
    deployment: Path
    shell: asyncio.subprocess.Process

    @classmethod
    async def make(cls, world: World, folder: Path) -> Self:
        save_deployment(world.deployment, folder / "deployment.json")
        shell = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.ape_shell"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**ape_environment(folder), "SWITCHYARD_PASSWORD": PASSWORD},
        )
        return cls(world, folder / "deployment.json", shell)

    async def close(self) -> None:
        assert self.shell.stdin is not None
        self.shell.stdin.close()
        await self.shell.wait()

    async def says(self, name: str, account: int, *arguments: str) -> str:
        """What a script says that succeeds."""
        status, output = await self._run(name, account, *arguments)
        assert status == 0, output
        return output

    async def refuses(self, name: str, account: int, *arguments: str) -> str:
        """The error of a script that fails, which is its last line; nothing was sent."""
        before = await self._height()
        status, output = await self._run(name, account, *arguments)
        assert status == 1, output
        assert await self._height() == before
        assert output.count("Error: ") == 1
        return output.splitlines()[-1]

    async def does(self, name: str, account: int, *arguments: str) -> dict[str, str]:
        """What a script that succeeds shows beside each label: the same as with --dry-run, which
        sends nothing."""
        before = await self._height()
        dry = await self.says(name, account, *arguments, "--dry-run")
        assert "nothing was sent." in dry
        assert await self._height() == before
        wet = await self.says(name, account, *arguments)
        assert await self._height() > before
        assert figures(dry) == figures(wet)
        return figures(wet)

    async def commit(self, *indices: BatchIndex) -> None:
        """In one L1 block, a second later."""
        world, chain = self.world, self.world.deployment.contracts.commitment_chain
        await world.anvil.ask("evm_setAutomine", False)
        sent = []
        for index in indices:
            data = encode_commit(*world.certified[index], world.data[index])
            sent.append(await world.anvil.send(DEPLOYER, chain, data))
        await world.anvil.mine(seconds=1)
        assert all([await world.anvil.is_success(one) for one in sent])
        await world.anvil.ask("evm_setAutomine", True)

    async def send(
        self, contract: str, name: str, *arguments: object, sender: Address = COLD[4]
    ) -> None:
        """What no script is for."""
        address = getattr(self.world.deployment.contracts, snake_case(contract))
        anvil, data = self.world.anvil, abi.function(contract, name).call(*arguments)
        sent = await anvil.send(sender, address, data)
        await eventually(
            name,
            lambda: anvil.ask("eth_getTransactionReceipt", sent),
            seconds=10,
            poll_seconds=0.01,
        )
        assert await anvil.is_success(sent), name

    async def until(self, seconds: int) -> None:
        """Unless it is later: with the next block L1's time is at least this."""
        if await self.world.anvil.timestamp() < seconds:
            await self.world.anvil.mine_at(seconds)

    async def until_over(self, epoch: int) -> None:
        """The epoch can have no more commits (CERT-3)."""
        deployment = self.world.deployment
        end = deployment.schedule.end_of(Epoch(epoch))
        await self.until(end + deployment.commit_grace_seconds + 1)

    async def impersonate(self, address: Address) -> None:
        await self.world.anvil.ask("anvil_impersonateAccount", to_hex(address))
        await self.world.anvil.ask("anvil_setBalance", to_hex(address), hex(10**18))

    async def _height(self) -> int:
        block = await self.world.anvil.ask("eth_blockNumber")
        return int(str(block), 16)

    async def _run(self, name: str, account: int, *arguments: str) -> tuple[int, str]:
        command = ["run", *name.split(), "--network", self.world.anvil.url]
        command += ["--account", f"TEST::{account}", "--deployment", str(self.deployment)]
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(json.dumps([*command, *arguments]).encode() + b"\n")
        answer = await self.shell.stdout.readline()
        assert answer, "ape has ended"
        status, output = json.loads(answer)
        return status, output


def figures(output: str) -> dict[str, str]:
    """What stands beside each label, with single spaces and without moments: they are later in a
    later block."""
    lines = [line.strip() for line in output.splitlines() if line.startswith("  ")]
    pairs = (re.split(r"  +", line, maxsplit=1) for line in lines)
    return {label: " ".join(_MOMENT.sub("T", found).split()) for label, found in pairs}
