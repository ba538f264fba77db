"""Every node refuses one user, who needs none of them (POOL-6)."""

from sequencer.devnet.accounts import WALLETS, account
from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.load import NOBODY
from sequencer.devnet.rpc import RpcRefused
from sequencer.devnet.wallets import Signed, Wallet
from sequencer.types import Address


async def run(scene: Scene) -> None:
    wallet, rollup = Wallet(account(WALLETS[0]).secret), scene.network.rollups[0]
    await _restart_each(scene, (wallet.address,))
    scene.say("every node has restarted, one after another, and censors one account")
    first = wallet.transfer(rollup, NOBODY, 1)
    accepting = [node.name for node in scene.nodes if await _takes(node, first)]
    fallback.require(not accepting, f"{accepting} take the transaction")
    scene.say("every node refuses its transaction; others are ordered as ever")
    await scene.until_final()
    await fallback.force(scene, first)
    await fallback.force(scene, wallet.transfer(rollup, NOBODY, 2))
    await _restart_each(scene, ())
    third = wallet.transfer(rollup, NOBODY, 3)
    fallback.require(await _takes(scene.nodes[0], third), "the node still refuses")
    entry = await fallback.until_listed(scene, third)
    fallback.require(entry.source == "block", f"listed as {entry}")
    scene.say("the nodes are honest again: its third transaction went through them")


async def _restart_each(scene: Scene, denied: tuple[Address, ...]) -> None:
    for node in scene.nodes:
        node.deny(denied)
        await scene.kill([node])
        await scene.bring_back([node])
        await scene.until_level()


async def _takes(node: NodeProcess, transaction: Signed) -> bool:
    try:
        await node.rpc.call("eth_sendRawTransaction", transaction.hex, rollup=transaction.rollup.id)
    except RpcRefused:
        return False
    return True
