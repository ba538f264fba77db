"""a. Many transactions: one order, on every node, on L1, and derived from it."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sequencer.devnet.demo.ledger import order_of
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.wallets import Signed, Wallet

TITLE = "a. 1,000 signed EIP-1559 transactions from 20 accounts to two rollups."
TRANSACTIONS = 1_000


async def run(stage: Stage, facts: dict[str, Any], transactions: int = TRANSACTIONS) -> None:
    check, rollups = stage.story.check, stage.network.rollups
    per_lane = transactions // len(stage.wallets) // len(rollups)
    sent = _sign(stage, per_lane)

    began = time.monotonic()
    await asyncio.gather(*(_send_all(stage, wallet, sent) for wallet in stage.wallets))
    facts["transactions"] = len(sent)
    facts["accepted_seconds"] = round(time.monotonic() - began, 3)
    check(True, f"{len(sent)} accepted by four nodes in {facts['accepted_seconds']:.1f} s")

    await stage.until_placed(sent, committed=False)
    facts["final_seconds"] = round(time.monotonic() - began, 3)
    check(True, f"all final {facts['final_seconds']:.1f} s after the first was sent")
    await _check_order(stage, sent)

    placed = await stage.until_placed(sent, committed=True)
    batches = {ordering.batch_index for ordering in placed}
    on_l1 = await stage.l1.batches()
    facts["batches"] = len(batches)
    check(
        batches <= set(on_l1),
        f"all committed on L1 in {len(batches)} batches, after {time.monotonic() - began:.1f} s",
    )
    await stage.until_derived()
    check(True, "two followers, who know nothing but L1, list exactly the order that was finalized")


def _sign(stage: Stage, per_lane: int) -> list[Signed]:
    """Every account to both rollups, to its neighbour."""
    neighbours = list(pairwise([*stage.wallets, stage.wallets[0]]))
    return [
        wallet.transfer(rollup, to.address, 1 + number)
        for number in range(per_lane)
        for rollup in stage.network.rollups
        for wallet, to in neighbours
    ]


async def _send_all(stage: Stage, wallet: Wallet, sent: Sequence[Signed]) -> None:
    """One account's transactions, one call after another, to one node."""
    node = stage.nodes[stage.wallets.index(wallet) % len(stage.nodes)]
    for signed in sent:
        if signed.sender == wallet.address:
            await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=signed.rollup.id)


async def _check_order(stage: Stage, sent: Sequence[Signed]) -> None:
    """The same blocks everywhere, each transaction once, each account's nonces in order."""
    chains = [await stage.finalized(node) for node in stage.nodes]
    common = min(map(len, chains))
    heads = {tuple(block.hash for block in chain[:common]) for chain in chains}
    stage.story.check(len(heads) == 1, f"the same {common} blocks on all four nodes")
    for rollup in stage.network.rollups:
        order = order_of(chains[0], rollup.id)
        position = {tx_hash: at for at, tx_hash in enumerate(order)}
        is_once = len(position) == len(order)
        lanes: dict[bytes, list[int]] = {}
        for signed in sent:
            if signed.rollup == rollup:
                place = position.get("0x" + signed.hash.hex(), -1)
                lanes.setdefault(signed.sender, []).append(place)
        is_ordered = all(-1 < a < b for lane in lanes.values() for a, b in pairwise([*lane]))
        stage.story.check(
            is_once and is_ordered,
            f"rollup {rollup.id}: each transaction once, the nonces of each account in order",
        )
