"""`switchyard devnet`: a network until Ctrl-C, with sample traffic and a live status."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sequencer.devnet.accounts import TRAFFIC, WALLETS, Account, account
from sequencer.devnet.interruption import cancel_on_signals
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, Ports, running
from sequencer.devnet.progress import Progress
from sequencer.devnet.screen import Screen
from sequencer.devnet.status import render, summary
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.wallets import Wallet
from sequencer.devnet.watch import look

TRAFFIC_SECONDS = 0.5
"""Between two sample transactions."""
REFRESH_SECONDS = 1.0
LINE_SECONDS = 5.0
"""Between the lines for an output that is no terminal."""


@dataclass(frozen=True, slots=True)
class DevnetOptions:
    """The options of the command."""

    folder: Path
    keep: bool
    ports: Ports

    @classmethod
    def of(cls, args: argparse.Namespace) -> Self:
        ports = Ports(l1=args.l1_port, rpc=args.rpc_port, follower=args.follower_port)
        return cls(args.folder, args.keep, ports)


async def run_devnet(options: DevnetOptions) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP, which is success; raises `LocalFault` when something
    could not be started or has stopped by itself."""
    work = asyncio.create_task(_run(options))
    cancel_on_signals(work)
    try:
        await work
    except asyncio.CancelledError:
        print(f"stopped; logs and data are in {options.folder}")
    return 0


async def _run(options: DevnetOptions) -> None:
    progress = Progress()
    layout = Layout(options.folder)
    async with running(layout, DEVNET, options.ports, progress, keep=options.keep) as network:
        progress.say("ready")
        print(_introduction(network))
        wallets = [Wallet(account(index).secret) for index in TRAFFIC]
        traffic = Traffic(network.nodes, network.rollups, wallets, TRAFFIC_SECONDS)
        await traffic.resume()
        await network.guard(_send_and_show(network, traffic))


async def _send_and_show(network: Network, traffic: Traffic) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(traffic.run())
        tasks.create_task(_show(network, traffic))


async def _show(network: Network, traffic: Traffic) -> None:
    """Refresh the status until cancelled."""
    started = time.monotonic()
    screen = Screen() if sys.stdout.isatty() else None
    while True:
        view = await look(network, traffic, started)
        if screen is not None:
            screen.draw(render(view))
        else:
            print(summary(view), flush=True)
        await asyncio.sleep(LINE_SECONDS if screen is None else REFRESH_SECONDS)


def _introduction(network: Network) -> str:
    """Where everything is, and what to try."""
    wallets = [account(index) for index in WALLETS]
    lines = [
        "",
        f"L1 (chain id {network.deployment.chain_id}) is at {network.anvil.url}",
        "",
        *_endpoints(network),
        "",
        "Wallets with 10000 ETH on L1. Their keys are known to everybody.",
        *(f"  {w.ape_alias}  0x{w.address.hex()}  0x{w.secret.hex()}" for w in wallets),
        "",
        "Try in another terminal, for a transaction that no sequencer can keep out:",
        _force_example(network, wallets[0], wallets[1]),
        "",
    ]
    return "\n".join(lines)


def _endpoints(network: Network) -> Iterator[str]:
    """A line for each process, a column for each rollup."""
    rollups = network.rollups
    titles = [f"rollup {rollup.id} (chain id {rollup.chain_id})" for rollup in rollups]
    yield _row("", titles)
    for node in network.nodes:
        yield _row(node.name, [f"{node.url}/rollup/{rollup.id}" for rollup in rollups])
    for follower in network.followers:
        urls = [f"{follower.url}/rollup/{rollup.id}/entries" for rollup in rollups]
        yield _row(follower.name, urls)


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:12}" + "".join(f"{cell:44}" for cell in cells).rstrip()


def _force_example(network: Network, sender: Account, to: Account) -> str:
    return (
        f"  .venv/bin/ape run force_include --network {network.anvil.url}"
        f" --deployment {network.layout.deployment} --account {sender.ape_alias}"
        f" --rollup {network.rollups[0].id} --nonce 0 --to 0x{to.address.hex()} --value 1"
    )
