"""Ask every part of a network how it is doing."""

import asyncio
import time

from sequencer.devnet.follower_process import FollowerProcess
from sequencer.devnet.network import Network
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.node_status import decode_status
from sequencer.devnet.rpc import RpcUnreachable
from sequencer.devnet.status import CommitteeState, FollowerView, L1Status, NodeView, View
from sequencer.devnet.traffic import Traffic
from sequencer.l1 import abi
from sequencer.l1.rpc import L1Unavailable

_HEALTH = abi.function("CommitmentChain", "health")


async def look(network: Network, traffic: Traffic, started: float) -> View:
    """The network now; what does not answer is shown as not answering. `started` is a reading of
    the monotonic clock."""
    nodes = asyncio.gather(*map(_look_at_node, network.nodes))
    followers = asyncio.gather(*map(_look_at_follower, network.followers))
    return View(
        uptime_seconds=round(time.monotonic() - started),
        sent=traffic.sent,
        refused=traffic.refused,
        l1=await _look_at_l1(network),
        nodes=tuple(await nodes),
        followers=tuple(await followers),
    )


async def _look_at_node(node: NodeProcess) -> NodeView:
    try:
        return NodeView(node.name, decode_status(await node.status()))
    except RpcUnreachable:
        return NodeView(node.name, None)


async def _look_at_follower(follower: FollowerProcess) -> FollowerView:
    try:
        status = await follower.status()
    except RpcUnreachable:
        return FollowerView(follower.name, None)
    return FollowerView(follower.name, status.rollups)


async def _look_at_l1(network: Network) -> L1Status | None:
    schedule = network.deployment.schedule
    chain = network.deployment.contracts.commitment_chain
    try:
        head = await network.anvil.client.head()
        health = _HEALTH.returned(await network.anvil.call(chain, _HEALTH.call()))
    except L1Unavailable:
        return None
    epoch = schedule.epoch_of(head.timestamp)
    left = schedule.genesis if epoch is None else schedule.end_of(epoch)
    return L1Status(
        head=head.number,
        epoch=epoch or 0,
        epoch_seconds_left=left - head.timestamp,
        last_batch=health["lastIndex"],
        seconds_since_batch=health["secondsSince"],
        pending=health["pending"],
        due=health["due"],
        committee=CommitteeState(health["committee"]),
        bonded_wei=health["coverage"]["bondedWei"],
        insured_wei=health["coverage"]["insuredWei"],
        promisable_wei=health["coverage"]["promisableWei"],
    )
