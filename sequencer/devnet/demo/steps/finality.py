"""How long a transaction takes to be final when it is alone."""

import time
from typing import Any

from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Signed

TITLE = "How fast is a transaction final? One at a time, through one node's JSON-RPC."
TRANSACTIONS = 200
MEDIAN_BOUND_MS = 50.0
_POLL_SECONDS = 0.005


async def run(
    stage: Stage,
    facts: dict[str, Any],
    transactions: int = TRANSACTIONS,
    bound_ms: float = MEDIAN_BOUND_MS,
) -> None:
    """The node measures from RPC accept to Finalize certificate; nothing was sent before."""
    node, rollup = stage.nodes[0], stage.network.rollups[0]
    took_ms: list[float] = []
    for _ in range(transactions):
        signed = stage.wallets[0].transfer(rollup, stage.wallets[1].address, 1)
        began = time.monotonic()
        await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
        await _until_final(stage, signed)
        took_ms.append((time.monotonic() - began) * 1e3)
    finality = (await stage.status(node)).finality_ms
    wallet_ms = sorted(took_ms)[len(took_ms) // 2]
    facts.update(
        transactions=finality.count,
        finality_ms_p50=finality.p50,
        finality_ms_p99=finality.p99,
        wallet_sees_ms_p50=round(wallet_ms, 2),
    )
    stage.story.check(
        finality.count == transactions, f"{transactions} transactions, all final, each by itself"
    )
    stage.story.check(
        finality.p50 is not None and finality.p50 < bound_ms,
        f"median {finality.p50} ms, 99th percentile {finality.p99} ms from RPC accept to Finalize"
        f" certificate (under {bound_ms:.0f} ms wanted); {wallet_ms:.0f} ms for the wallet,"
        " with sending and asking",
    )


async def _until_final(stage: Stage, signed: Signed) -> None:
    rpc = stage.nodes[0].rpc

    async def receipt() -> Any:
        tx_hash = "0x" + signed.hash.hex()
        return await rpc.call("eth_getTransactionReceipt", tx_hash, rollup=signed.rollup.id)

    await eventually("finality", receipt, seconds=30, poll_seconds=_POLL_SECONDS)
