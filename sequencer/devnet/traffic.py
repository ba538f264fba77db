"""Transfers sent to nodes one after another, for as long as it takes."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence

from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Rollup, Signed, Wallet

MAX_VALUE_WEI = 10**15


class Traffic:
    """Sends until cancelled. Each wallet keeps to one node, so that its nonces reach the
    mempools in order; the wallets of a node that is down wait."""

    def __init__(
        self,
        nodes: Sequence[NodeProcess],
        rollups: Sequence[Rollup],
        wallets: Sequence[Wallet],
        interval_seconds: float,
        on_accepted: Callable[[NodeProcess, Signed], None] = lambda _node, _signed: None,
    ) -> None:
        self._nodes = nodes
        self._rollups = rollups
        self._wallets = wallets
        self._interval_seconds = interval_seconds
        self._on_accepted = on_accepted
        self.sent = 0
        self.refused = 0

    async def run(self) -> None:
        while True:
            for wallet, node, rollup in self._turns():
                if node.is_running:
                    await self._send(wallet, node, rollup)
                await asyncio.sleep(self._interval_seconds)

    async def resume(self) -> None:
        """Go on from the nonces that the nodes have seen: a network that was kept has ordered
        transactions of these wallets before."""
        for wallet, node, rollup in self._turns():
            address = "0x" + wallet.address.hex()
            nonce = await node.rpc.call("eth_getTransactionCount", address, rollup=rollup.id)
            wallet.resume(rollup, int(nonce, 16))

    def _turns(self) -> Iterator[tuple[Wallet, NodeProcess, Rollup]]:
        for number, wallet in enumerate(self._wallets):
            for rollup in self._rollups:
                yield wallet, self._nodes[number % len(self._nodes)], rollup

    async def _send(self, wallet: Wallet, node: NodeProcess, rollup: Rollup) -> None:
        to = self._wallets[secrets.randbelow(len(self._wallets))].address
        signed = wallet.transfer(rollup, to, 1 + secrets.randbelow(MAX_VALUE_WEI))
        try:
            await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
        except RpcUnreachable:
            wallet.resume(rollup, signed.nonce)
        except RpcRefused:
            self.refused += 1
        else:
            self.sent += 1
            self._on_accepted(node, signed)
