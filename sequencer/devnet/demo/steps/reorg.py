"""f. L1 goes back three blocks, and a commit with them."""

from typing import Any

from sequencer.devnet.demo.l1_facts import Happened
from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Signed

TITLE = "f. L1 reorganises three blocks right after a commit."
DEPTH = 3
TRANSACTIONS = 20


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    sent = await _send_some(stage)
    index, commit = await _until_fresh_commit(stage)
    batch_hash = commit.arguments["batchHash"]
    await stage.network.anvil.reorg(DEPTH)
    gone = (await stage.l1.batches()).get(index)
    check(gone is None, f"batch {index} was on L1 in block {commit.block}; now it is not")

    async def again() -> Happened | None:
        return (await stage.l1.batches()).get(index)

    second = await eventually("the batch is committed again", again, seconds=SETTLE_SECONDS)
    facts.update(batch=index, first_l1_block=commit.block, second_l1_block=second.block)
    check(
        second.arguments["batchHash"] == batch_hash,
        f"the nodes have committed the same batch, 0x{batch_hash.hex()[:16]}…, again in block"
        f" {second.block}",
    )
    await stage.until_placed(sent, committed=True)
    check(True, f"all {len(sent)} transactions sent around it are on L1")
    await stage.until_derived()
    check(True, "both followers went back, and list exactly the finalized order again")


async def _send_some(stage: Stage) -> list[Signed]:
    sent = []
    for number in range(TRANSACTIONS):
        wallet = stage.wallets[number % len(stage.wallets)]
        rollup = stage.network.rollups[number % len(stage.network.rollups)]
        signed = wallet.transfer(rollup, stage.wallets[0].address, 1)
        node = stage.running_nodes[number % len(stage.running_nodes)]
        await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
        sent.append(signed)
    return sent


async def _until_fresh_commit(stage: Stage) -> tuple[int, Happened]:
    """A batch that is committed from now on, as soon as it is."""
    before = max(await stage.l1.batches(), default=0)

    async def fresh() -> tuple[int, Happened] | None:
        found = await stage.l1.batches()
        last = max(found, default=0)
        return (last, found[last]) if last > before else None

    return await eventually("a commit", fresh, seconds=SETTLE_SECONDS)
