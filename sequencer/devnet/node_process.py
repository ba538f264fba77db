"""One sequencer node of a local network: its files, its process, its RPC."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sequencer.devnet.endpoints import listening_at
from sequencer.devnet.layout import Layout
from sequencer.devnet.processes import Process, start
from sequencer.devnet.rpc import NodeRpc, RpcUnreachable
from sequencer.types import Address

NODE_MODULE = "sequencer.cli"
EQUIVOCATOR_MODULE = "sequencer.devnet.equivocator"
DISORDERLY_MODULE = "sequencer.devnet.disorderly"
NEGLECTFUL_MODULE = "sequencer.devnet.neglectful"
KEYSTORE = "signer.json"
"""Of a node's first signing key, in its folder."""

_CONFIG = """\
# Written by `switchyard devnet`; see sequencer/config.py for what else can be set.

[node]
data_dir = "data"
rpc_listen = "127.0.0.1:{rpc_port}"
peer_listen = "127.0.0.1:{peer_port}"
peer_source = "{peer_source}"
withhold_data = {withhold_data}

[l1]
url = "{l1_url}"
deployment = "../deployment.json"
confirmations = {confirmations}
batches_together = 16  # Anvil's pool takes as many as there are

[keys]
signer = "{signer}"
former = {former}

[mempool]
deny_senders = {deny_senders}

[promises]
heights = {promise_heights}
break_promises = {break_promises}
"""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What goes into a node's configuration."""

    l1_url: str
    peer_port: int
    confirmations: int
    rpc_port: int = 0
    peer_source: str = ""
    deny_senders: tuple[Address, ...] = ()
    withhold_data: bool = False
    promise_heights: int = 256
    break_promises: bool = False
    keystores: tuple[str, ...] = (KEYSTORE,)
    """In the node's folder; the present key first, then those before it (STAKE-11)."""

    def to_toml(self) -> str:
        return _CONFIG.format(
            rpc_port=self.rpc_port,
            peer_port=self.peer_port,
            peer_source=self.peer_source,
            withhold_data=json.dumps(self.withhold_data),
            l1_url=self.l1_url,
            confirmations=self.confirmations,
            signer=self.keystores[0],
            former=json.dumps(self.keystores[1:]),
            promise_heights=self.promise_heights,
            break_promises=json.dumps(self.break_promises),
            deny_senders=json.dumps(["0x" + sender.hex() for sender in self.deny_senders]),
        )


class NodeProcess:
    """A node that can be started, killed and started again; its data stays."""

    def __init__(
        self,
        layout: Layout,
        number: int,
        signer: Address,
        settings: NodeSettings,
        module: str = NODE_MODULE,
    ) -> None:
        self.name = f"node-{number}"
        self._module = module
        self.number = number
        self.signer = signer
        self.settings = settings
        self._layout = layout
        self._folder = layout.process(self.name)
        self._process: Process | None = None
        self._rpc: NodeRpc | None = None

    @property
    def config_path(self) -> Path:
        return self._folder / "node.toml"

    @property
    def data_dir(self) -> Path:
        return self._folder / "data"

    def evidence_files(self) -> list[Path]:
        """The evidence that the node has found."""
        return sorted((self.data_dir / "evidence").glob("*.json"))

    def deny(self, senders: tuple[Address, ...]) -> None:
        """From the next start on, censor these accounts (POOL-6)."""
        self.settings = replace(self.settings, deny_senders=senders)

    def withhold(self) -> None:
        """From the next start on, keep held data to itself (HELD-5)."""
        self.settings = replace(self.settings, withhold_data=True)

    def promise(self, heights: int, *, breaks: bool = False) -> None:
        """From the next start on, promise over so many heights, and perhaps in vain (PROMISE-9)."""
        self.settings = replace(self.settings, promise_heights=heights, break_promises=breaks)

    def rotate(self, keystore: str, signer: Address) -> None:
        """From the next start on, sign with this key wherever a committee names it (STAKE-11)."""
        keystores = (keystore, *self.settings.keystores)
        self.settings, self.signer = replace(self.settings, keystores=keystores), signer

    @property
    def process(self) -> Process:
        assert self._process is not None, "the node was started"
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running

    @property
    def rpc(self) -> NodeRpc:
        """Raises `RpcUnreachable` while the node is down."""
        if self._rpc is None or not self.is_running:
            raise RpcUnreachable(f"{self.name} is down")
        return self._rpc

    @property
    def url(self) -> str:
        """Raises `RpcUnreachable` while the node is down."""
        return self.rpc.url

    async def start(self, module: str = "") -> None:
        """Start the process, perhaps as another program than usual; `ready` says when it
        answers."""
        module = module or self._module
        self._folder.mkdir(parents=True, exist_ok=True)
        self.config_path.write_text(self.settings.to_toml(), encoding="utf-8")
        command = [sys.executable, "-m", module]
        command += ["node"] if module == NODE_MODULE else []
        self._process = await start(
            self.name,
            [*command, "--config", str(self.config_path)],
            self._layout.log(self.name),
            env={
                "SWITCHYARD_PASSWORD_FILE": str(self._layout.password),
                # keccak in C for the libraries that we do not call with it ourselves.
                "ETH_HASH_BACKEND": "pysha3",
            },
        )

    async def ready(self) -> None:
        """Wait until the process serves its RPC; raises `LocalFault` if it ends instead."""
        url = await listening_at(self.process, self.data_dir)
        await self._close_rpc()
        self._rpc = NodeRpc(url)

    async def kill(self) -> None:
        """SIGKILL, as a power failure would."""
        await self.process.kill()
        await self._close_rpc()

    async def stop(self) -> None:
        if self._process is not None:
            await self._process.stop()
        await self._close_rpc()

    async def status(self) -> dict[str, Any]:
        """`seq_status`; raises `RpcUnreachable`."""
        answer = await self.rpc.call("seq_status")
        if not isinstance(answer, dict):
            raise RpcUnreachable(f"{self.name} answers seq_status with {type(answer).__name__}")
        return answer

    async def _close_rpc(self) -> None:
        if self._rpc is not None:
            await self._rpc.close()
            self._rpc = None
