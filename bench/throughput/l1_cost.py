"""What L1 was given for what was ordered."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from bench.throughput.bed import Bed
from sequencer.errors import LocalFault

GWEI = 10**9
BASE_FEES_GWEI = (1, 10, 50)
"""For gas; a byte in a blob costs the blob base fee, of which the model takes 1 gwei."""
BLOB_FEE_GWEI = 1
_MINED_SECONDS = 2.0


async def head(bed: Bed) -> int:
    """The number of the last L1 block, after it had time to take what was on its way."""
    await asyncio.sleep(_MINED_SECONDS)
    return (await bed.network.anvil.client.head()).number


async def posted(bed: Bed, first: int, last: int, transactions: int) -> dict[str, Any]:
    """The commits in these L1 blocks, and what they come to for each ordered transaction."""
    chain = "0x" + bed.network.deployment.contracts.commitment_chain.hex()
    commits: list[Mapping[str, Any]] = []
    async with aiohttp.ClientSession(bed.network.anvil.url) as session:
        for number in range(first + 1, last + 1):
            block = await _ask(session, "eth_getBlockByNumber", hex(number), True)
            for tx in block["transactions"]:
                if tx["to"] == chain:
                    receipt = await _ask(session, "eth_getTransactionReceipt", tx["hash"])
                    commits.append({**receipt, "input": tx["input"]})
    return cost_of(commits, transactions)


def cost_of(commits: list[Mapping[str, Any]], transactions: int) -> dict[str, Any]:
    """Pure: from receipts, with the input data, to figures for each transaction. Wei by base fee in
    gwei."""
    gas = sum(int(commit["gasUsed"], 16) for commit in commits)
    blob_gas = sum(int(commit.get("blobGasUsed") or "0x0", 16) for commit in commits)
    calldata = sum(len(commit["input"]) // 2 - 1 for commit in commits)
    each = max(1, transactions)
    return {
        "transactions": transactions,
        "commits": len(commits),
        "transactions_per_commit": round(transactions / max(1, len(commits))),
        "calldata_bytes_per_tx": round(calldata / each, 1),
        "blob_bytes_per_tx": round(blob_gas / each, 1),
        "gas_per_tx": round(gas / each, 1),
        "gwei_per_tx": {
            f"{fee}": round((gas * fee + blob_gas * BLOB_FEE_GWEI) / each, 1)
            for fee in BASE_FEES_GWEI
        },
    }


async def _ask(session: aiohttp.ClientSession, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    async with session.post("/", json=body) as response:
        answer = await response.json(content_type=None)
    if answer.get("result") is None:
        raise LocalFault(f"L1: {method} answers {answer}")
    return answer["result"]
