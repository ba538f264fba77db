"""A trickle of sample traffic: a transfer now and then, from node to node and rollup to rollup."""

import asyncio
import itertools
import secrets
from collections.abc import Sequence

from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Rollup, Wallet

INTERVAL_SECONDS = 0.5
MAX_VALUE_WEI = 10**15


class Trickle:
    """Sends until cancelled. A node that is down is passed over."""

    def __init__(self, nodes: Sequence[NodeProcess], rollups: Sequence[Rollup]) -> None:
        self._nodes = nodes
        self._rollups = rollups
        self._wallets = [Wallet(account(index).secret) for index in TRAFFIC]
        self.sent = 0
        self.refused = 0
        self.last_refusal: str | None = None

    async def run(self) -> None:
        await self._resume()
        turns = zip(
            itertools.cycle(self._nodes),
            itertools.cycle(self._pairs()),
            strict=False,
        )
        for node, (wallet, rollup) in turns:
            await self._send(node, wallet, rollup)
            await asyncio.sleep(INTERVAL_SECONDS)

    def _pairs(self) -> list[tuple[Wallet, Rollup]]:
        return [(wallet, rollup) for wallet in self._wallets for rollup in self._rollups]

    async def _resume(self) -> None:
        """A network that was kept has ordered transactions of these wallets before."""
        for wallet, rollup in self._pairs():
            address = "0x" + wallet.address.hex()
            nonce = await self._nodes[0].rpc.call(
                "eth_getTransactionCount", address, rollup=rollup.id
            )
            wallet.resume(rollup, int(nonce, 16))

    async def _send(self, node: NodeProcess, wallet: Wallet, rollup: Rollup) -> None:
        to = self._wallets[secrets.randbelow(len(self._wallets))].address
        value_wei = 1 + secrets.randbelow(MAX_VALUE_WEI)
        signed = wallet.transfer(rollup, to, value_wei)
        try:
            await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
            self.sent += 1
        except RpcUnreachable:
            wallet.resume(rollup, signed.nonce)
        except RpcRefused as refusal:
            self.refused += 1
            self.last_refusal = refusal.message
