"""Others that order transactions, under the same load: Anvil alone, and CometBFT.

Each is set up as well as we know how, and not to lose: what it would do besides ordering is turned
off, and no bound of its own is reached.
"""

import asyncio
import contextlib
import json
import re
import shutil
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.throughput.bed import FIRST_CHAIN_ID, FOLDER, TRANSACTIONS, generator
from bench.throughput.machine import cpu_seconds
from bench.throughput.plan import Node, Plan
from bench.throughput.transactions import Pool, senders
from sequencer.devnet.ports import free_ports
from sequencer.devnet.processes import Process, start
from sequencer.devnet.waiting import eventually
from sequencer.errors import LocalFault

COMETBFT = "github.com/cometbft/cometbft/cmd/cometbft@v0.38.17"
VALIDATORS = 4
START_SECONDS = 30.0
DRAIN_SECONDS = 60.0
QUIET_SECONDS = 8.0
"""Longer than a block takes; then what is not ordered is given up."""
FUNDED_GROUPS = 16
"""200,000 transactions: more than a peer takes in a load."""
POOL = Pool(TRANSACTIONS, (FIRST_CHAIN_ID,), depth=128)
"""For one chain, and many transactions of each account: Anvil copies all accounts for each block,
and is faster with few."""
_GAS_LIMIT = 10**12
_BALANCE_WEI = 10**18
_FUNDED_AT_A_TIME = 1_000
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that runs. `count` says how many transactions are ordered in all."""

    processes: Sequence[Process]
    nodes: tuple[Node, ...]
    dialect: str
    count: Callable[[], Awaitable[int]]


async def offer(peer: Peer, plan: Plan) -> dict[str, Any]:
    """The figures of a load: everything that was accepted, over the time until it was ordered."""

    def used() -> float:
        return sum(cpu_seconds(process.pid) for process in peer.processes)

    await asyncio.to_thread(plan.pool.ensure, 0, FUNDED_GROUPS)
    before = await peer.count()
    async with generator(plan) as go:
        cpu = used()
        outcome = await go()
        accepted = sum(r.count - len(r.refused) for r in outcome.requests if r.answered_ns)
        ordered, at_ns = await _drained(peer, before, accepted)
        cpu = used() - cpu
    took = (at_ns - outcome.started_ns) / 1e9
    return {
        "accepted": accepted,
        "final": ordered,
        "refusals": outcome.refusals,
        "first_refusal": outcome.first_refusal,
        "accepted_tx_s": round(accepted / ((outcome.ended_ns - outcome.started_ns) / 1e9)),
        "tx_s": round(ordered / took),
        "cpu_us_per_tx_all": round((cpu + outcome.cpu_seconds) / max(1, ordered) * 1e6, 1),
    }


def median_run(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the median run, with the median of all, and every run's rate."""
    middle = sorted(runs, key=lambda run: float(run["tx_s"]))[(len(runs) - 1) // 2]
    rates = [run["tx_s"] for run in runs]
    return {**middle, "tx_s": statistics.median(rates), "rates_of_runs": rates}


async def _drained(peer: Peer, before: int, accepted: int) -> tuple[int, int]:
    """How many were ordered when nothing more came, and when the last was seen to be."""
    deadline = time.monotonic() + DRAIN_SECONDS
    ordered, at_ns = 0, time.monotonic_ns()
    while time.monotonic() < deadline:
        now = await peer.count() - before
        if now > ordered:
            ordered, at_ns = now, time.monotonic_ns()
        if ordered >= accepted or time.monotonic_ns() - at_ns > QUIET_SECONDS * 1e9:
            break
        await asyncio.sleep(_POLL_SECONDS)
    return ordered, at_ns


def plan_for(peer: Peer, seconds: float, **options: Any) -> Plan:
    """A load of transactions for the first chain alone, whose path is the only one."""
    connections = 8 // len(peer.nodes)
    return Plan(
        nodes=peer.nodes,
        paths=("/",),
        pool=POOL,
        first_group=0,
        seconds=seconds,
        dialect=peer.dialect,
        **{"connections": connections, **options},
    )


class _Rpc:
    """JSON-RPC of a peer. Raises `LocalFault` when it does not answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def ask(self, *calls: tuple[str, Any]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            async with self._session.post(self._url, json=body) as response:
                answers = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise LocalFault(f"a peer does not answer: {error!r}") from error
        answers = answers if isinstance(answers, list) else [answers]
        if failed := [answer for answer in answers if "error" in answer]:
            raise LocalFault(f"a peer answers {failed[0]['error']}")
        return [answer["result"] for answer in sorted(answers, key=lambda a: int(a["id"]))]

    async def close(self) -> None:
        await self._session.close()


@contextlib.asynccontextmanager
async def anvil(*, is_automining: bool) -> AsyncIterator[Peer]:
    """Anvil, with money for the senders; where each transaction is a block, for few of them."""
    (port,) = free_ports(1)
    command = ["anvil", "--port", str(port), "--chain-id", str(FIRST_CHAIN_ID), "--silent"]
    command += ["--gas-limit", str(_GAS_LIMIT), "--base-fee", "1", "--order", "fifo"]
    command += ["--prune-history"]
    command += [] if is_automining else ["--block-time", "1"]
    process = await start("anvil", command, FOLDER / "logs" / "anvil-alone.log")
    rpc = _Rpc(f"http://127.0.0.1:{port}")
    counted: dict[int, int] = {}

    async def count() -> int:
        (latest,) = await rpc.ask(("eth_blockNumber", []))
        while new := range(len(counted), int(latest, 16) + 1)[:1_000]:
            calls = [("eth_getBlockTransactionCountByNumber", [hex(number)]) for number in new]
            answers = await rpc.ask(*calls)
            counted.update(zip(new, (int(answer, 16) for answer in answers), strict=True))
        return sum(counted.values())

    try:
        await _answers("anvil", process, rpc, ("eth_blockNumber", []))
        await _fund(rpc, 1 if is_automining else FUNDED_GROUPS)
        yield Peer([process], (Node("127.0.0.1", port),), "ethereum", count)
    finally:
        await rpc.close()
        await process.stop()


async def _fund(rpc: _Rpc, groups: int) -> None:
    accounts = await asyncio.to_thread(senders, range(groups))
    for first in range(0, len(accounts), _FUNDED_AT_A_TIME):
        part = accounts[first : first + _FUNDED_AT_A_TIME]
        calls = [("anvil_setBalance", ["0x" + a.hex(), hex(_BALANCE_WEI)]) for a in part]
        await rpc.ask(*calls)


async def install_cometbft() -> Path | str:
    """The program, built from its Go module if it is not there; or why it is not."""
    folder = (FOLDER / "go").resolve()
    program = folder / "cometbft"
    if program.exists():
        return program
    if shutil.which("go") is None:
        return "there is no `go` here to build it with"
    process = await start(
        "go install",
        ["go", "install", COMETBFT],
        FOLDER / "logs/go.log",
        env={"GOBIN": str(folder)},
    )
    await process.child.wait()
    return program if program.exists() else f"go install {COMETBFT} failed"


@contextlib.asynccontextmanager
async def cometbft(program: Path, *, is_hurried: bool) -> AsyncIterator[Peer]:
    """Four validators with the kvstore in their processes, each on an address of its own.
    `is_hurried`: a block follows as soon as the one before it is committed, not a second later."""
    home = FOLDER / "cometbft"
    shutil.rmtree(home, ignore_errors=True)
    p2p, rpc_port = free_ports(2)
    command = [str(program), "testnet", "--v", str(VALIDATORS), "--o", str(home)]
    command += ["--starting-ip-address", "127.0.0.2", "--p2p-port", str(p2p)]
    made = await start("cometbft testnet", command, FOLDER / "logs" / "cometbft.log")
    if await made.child.wait():
        raise made.fault("failed")
    processes, nodes = [], []
    try:
        for number in range(VALIDATORS):
            host = f"127.0.0.{2 + number}"
            folder = home / f"node{number}"
            settings = _settings(host, p2p, rpc_port, is_hurried=is_hurried)
            configure(folder / "config" / "config.toml", settings)
            run = [str(program), "start", "--home", str(folder), "--proxy_app", "kvstore"]
            log = FOLDER / "logs" / f"cometbft-{number}.log"
            processes.append(await start(f"cometbft {number}", run, log))
            nodes.append(Node(host, rpc_port))
        rpc = _Rpc(f"http://{nodes[0].host}:{rpc_port}")
        try:
            await _answers("cometbft", processes[0], rpc, ("status", {}))
            yield Peer(processes, tuple(nodes), "cometbft", _counter(rpc))
        finally:
            await rpc.close()
    finally:
        await asyncio.gather(*(process.stop() for process in processes))


def _counter(rpc: _Rpc) -> Callable[[], Awaitable[int]]:
    counted: dict[int, int] = {}

    async def count() -> int:
        (status,) = await rpc.ask(("status", {}))
        latest = int(status["sync_info"]["latest_block_height"])
        while len(counted) < latest:
            low, high = len(counted) + 1, min(latest, len(counted) + 20)
            asked = {"minHeight": str(low), "maxHeight": str(high)}
            (found,) = await rpc.ask(("blockchain", asked))
            counted.update(
                (int(m["header"]["height"]), int(m["num_txs"])) for m in found["block_metas"]
            )
        return sum(counted.values())

    return count


def _settings(host: str, p2p: int, rpc_port: int, *, is_hurried: bool) -> dict[str, Any]:
    """By section and key. Bounds are out of the way; nothing is indexed or checked again."""
    hurried = {"consensus.timeout_commit": "0s", "consensus.skip_timeout_commit": True}
    return {
        "log_level": "error",
        "rpc.laddr": f"tcp://{host}:{rpc_port}",
        "rpc.max_body_bytes": 10_000_000,
        "rpc.max_request_batch_size": 1_000,
        "rpc.pprof_laddr": "",
        "p2p.laddr": f"tcp://{host}:{p2p}",
        "p2p.addr_book_strict": False,
        "p2p.allow_duplicate_ip": True,
        "p2p.send_rate": 512_000_000,
        "p2p.recv_rate": 512_000_000,
        "mempool.size": 200_000,
        "mempool.cache_size": 400_000,
        "mempool.max_txs_bytes": 1 << 30,
        "mempool.recheck": False,
        "tx_index.indexer": "null",
        "instrumentation.prometheus": False,
        **(hurried if is_hurried else {}),
    }


def configure(file: Path, settings: dict[str, Any]) -> None:
    """Replace values in a TOML file; keys that it does not have are left out."""
    section, lines = "", []
    for line in file.read_text("utf-8").splitlines():
        if heading := re.match(r"\[(\w+)\]", line):
            section = heading[1] + "."
        found = re.match(r"(\w+) *=", line)
        if found and section + found[1] in settings:
            line = f"{found[1]} = {json.dumps(settings[section + found[1]])}"
        lines.append(line)
    file.write_text("\n".join(lines) + "\n", "utf-8")


async def _answers(name: str, process: Process, rpc: _Rpc, call: tuple[str, Any]) -> None:
    async def does() -> bool | None:
        process.require_running()
        with contextlib.suppress(LocalFault):
            return bool(await rpc.ask(call))
        return None

    await eventually(f"{name} to answer", does, seconds=START_SECONDS)
