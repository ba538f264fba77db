"""A watchtower of a local network: `switchyard watch` as a process."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sequencer.crypto.keystore import create_keystore
from sequencer.devnet.accounts import Account
from sequencer.devnet.endpoints import listening_at
from sequencer.devnet.layout import Layout
from sequencer.devnet.processes import Process, start


class WatchProcess:
    """It can be killed and started again; what it has found stays."""

    def __init__(
        self,
        layout: Layout,
        name: str,
        l1_url: str,
        nodes: Sequence[str],
        reporter: Account | None = None,
        webhook: str | None = None,
    ) -> None:
        """`reporter` pays for reports; None: it only tells."""
        self.name = name
        self._layout = layout
        self._l1_url = l1_url
        self._nodes = nodes
        self._reporter = reporter
        self._webhook = webhook
        self._process: Process | None = None
        self.url = ""

    @property
    def process(self) -> Process:
        assert self._process is not None, "the watchtower was started"
        return self._process

    @property
    def state(self) -> Path:
        """Its folder."""
        return self._layout.process(self.name)

    def evidence_files(self) -> list[Path]:
        """What it has found, or was given."""
        return sorted((self.state / "evidence").glob("*.json"))

    async def start(self) -> None:
        """Start it and wait until it listens; raises `LocalFault` if it ends instead."""
        command = [sys.executable, "-m", "sequencer.cli", "watch", "--listen", "127.0.0.1:0"]
        command += ["--deployment", str(self._layout.deployment), "--l1", self._l1_url]
        command += ["--state", str(self.state)]
        for node in self._nodes:
            command += ["--node", node]
        if self._reporter is not None:
            command += ["--key", str(self._keystore(self._reporter))]
        if self._webhook is not None:
            command += ["--webhook", self._webhook]
        environment = {"SWITCHYARD_PASSWORD_FILE": str(self._layout.password)}
        self._process = await start(
            self.name, command, self._layout.log(self.name), env=environment
        )
        self.url = await listening_at(self._process, self.state)

    async def kill(self) -> None:
        """SIGKILL, as a power failure would."""
        await self.process.kill()

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()

    def _keystore(self, reporter: Account) -> Path:
        path = self.state / "reporter.json"
        if not path.exists():
            self.state.mkdir(parents=True, exist_ok=True)
            create_keystore(path, reporter.secret, self._layout.read_password())
        return path
