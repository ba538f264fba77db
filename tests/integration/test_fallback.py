"""Posts, the fallback and the way out, against Anvil and the real contracts."""

from eth_abi.abi import encode

from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.deployment.artifacts import load_artifact
from sequencer.derivation.entries import DerivedPost, Source
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit, encode_post
from sequencer.l1.events import RollupMode
from sequencer.l1.modes import FOREVER
from sequencer.l1.rpc import hex_data
from sequencer.types import Address, BatchIndex
from tests.integration.l1_world import (
    COLD,
    DEPLOYER,
    GENESIS,
    PARAMETERS,
    ROLLUP,
    Follower,
    World,
)
from tests.unit.derivation.worlds import transaction

A, B, C, D, E = (transaction(nonce) for nonce in range(5))
ETHER = 10**18
STRANGER = COLD[4]
NOBODY = Address(bytes(20))


async def call(world: World, sender: Address, to: Address, data: bytes, value_wei: int = 0) -> bool:
    """A transaction in a block of its own, soon after the last one; whether it went through."""
    sent = await world.anvil.send(sender, to, data, value_wei)
    await world.anvil.mine(seconds=2)
    return await world.anvil.is_success(sent)


def post_of(*raws: bytes) -> bytes:
    return encode_post(ROLLUP, encode_payload([(ROLLUP, raws)]))


async def post(world: World, sender: Address, *raws: bytes, value_wei: int = ETHER) -> bool:
    inbox = world.deployment.contracts.rollup_inbox
    return await call(world, sender, inbox, post_of(*raws), value_wei)


async def new_contract(world: World) -> Address:
    """A contract that forwards calls."""
    sent = await world.anvil.send(STRANGER, None, load_artifact("ContractActor").bytecode)
    await world.anvil.mine(seconds=2)
    receipt = await world.anvil.ask("eth_getTransactionReceipt", sent)
    return Address(hex_data(receipt["contractAddress"], 20))  # type: ignore[index]


def through(target: Address, data: bytes) -> bytes:
    """The call of such a contract that makes it call another."""
    return keccak(b"execute(address,bytes)")[:4] + encode(["address", "bytes"], [target, data])


async def announce(world: World, mode: RollupMode, sequencer: Address = NOBODY) -> None:
    data = abi.function("RollupRegistry", "announceMode").call(ROLLUP, mode.value, sequencer)
    assert await call(world, DEPLOYER, world.deployment.contracts.rollup_registry, data)


async def commit(world: World, *transactions: bytes) -> None:
    """The committee certifies a batch of them, and anyone commits it."""
    await commit_certified(world, world.batch(world.block(transactions)))


async def commit_certified(world: World, index: BatchIndex) -> None:
    data = encode_commit(*world.certified[index], world.data[index])
    assert await call(world, STRANGER, world.deployment.contracts.commitment_chain, data)
    await world.nodes[0].watcher.step()


async def agreed(world: World, live: Follower) -> Follower:
    """The follower that saw it all, after one that starts now has derived the same."""
    await live.reader.advance()
    fresh = await world.follower()
    assert fresh.outputs == live.outputs
    assert fresh.deriver.rollup(ROLLUP) == live.deriver.rollup(ROLLUP)
    return live


async def test_outage__anyone_posts_until_a_commit_has_caught_up(world: World) -> None:
    """FALLBACK-2 to FALLBACK-5, POST-1, POST-3."""
    live = await world.follower()
    finalized = world.batch(world.block([A]))  # and then nobody is there to commit it
    chain = world.deployment.contracts.commitment_chain
    inbox = world.deployment.contracts.rollup_inbox
    enter = abi.function("CommitmentChain", "enterBased").call()
    assert not await call(world, STRANGER, chain, enter)
    assert not await post(world, STRANGER, B)
    await world.anvil.mine_at(GENESIS + PARAMETERS.fallback.liveness_seconds)
    assert await call(world, STRANGER, chain, enter)
    contract = await new_contract(world)

    before = str(await world.anvil.ask("evm_snapshot"))
    assert await post(world, STRANGER, E)
    await live.reader.advance()
    assert (live.included, live.deriver.based_until) == ([E], FOREVER)
    await world.anvil.ask("evm_revert", before)

    assert not await post(world, STRANGER, B, value_wei=0)  # below the floor price
    assert await post(world, STRANGER, B)
    assert await call(world, STRANGER, contract, through(inbox, post_of(C)), ETHER)
    await live.reader.advance()
    assert live.included == [B, C]

    await commit_certified(world, finalized)
    assert await post(world, STRANGER, D)  # on its way when the commit came
    assert (await agreed(world, live)).included == [B, C, A, D]
    sources = [entry.source for entry in live.entries]
    assert sources == [Source.POST, Source.POST, Source.BLOCK, Source.POST]
    until = live.deriver.based_until
    assert until == world.nodes[0].view.based_until
    committed = world.nodes[0].view.commit_of(BatchIndex(1))
    assert committed is not None
    header = await live.client.header(committed.l1_number)
    assert header is not None
    assert until == header.timestamp + PARAMETERS.fallback.tail_seconds
    await world.anvil.mine_at(until)
    assert not await post(world, STRANGER, E)


async def test_leaving__a_contract_sequences_the_rollup_until_it_returns(world: World) -> None:
    """ROLL-3, POST-1, DERIVE-11; and a user is included all the while."""
    live = await world.follower()
    inbox = world.deployment.contracts.rollup_inbox
    contract = await new_contract(world)
    await announce(world, RollupMode.SOLO, contract)
    await commit(world, A)
    await live.reader.advance()
    pending = live.deriver.modes(ROLLUP).pending_at(live.deriver.timestamp)
    assert pending is not None
    assert live.included == [A]

    # To the second: in the block of that time the contract may post, free of charge.
    sent = await world.anvil.send(COLD[3], contract, through(inbox, post_of(B)))
    stranger = await world.anvil.send(STRANGER, inbox, post_of(E), ETHER)
    await world.anvil.mine_at(pending.effective_at)
    assert await world.anvil.is_success(sent)
    assert not await world.anvil.is_success(stranger)
    await commit(world, E)
    await world.enqueue(C)
    await announce(world, RollupMode.SHARED)
    await live.reader.advance()
    assert live.included == [A, B]
    assert live.batches[1].void is None
    modes = world.nodes[0].view.modes_at(ROLLUP, live.deriver.number)
    assert modes.at(live.deriver.timestamp).sequencer == contract

    back = live.deriver.modes(ROLLUP).pending_at(live.deriver.timestamp)
    assert back is not None
    force = abi.function("ForcedInbox", "forceInclude").call(1)
    await world.anvil.mine_at(back.effective_at - 10)
    assert await call(world, STRANGER, world.deployment.contracts.forced_inbox, force)
    last = await world.anvil.send(COLD[3], contract, through(inbox, post_of(D)))
    await world.anvil.mine_at(back.effective_at - 1)
    assert await world.anvil.is_success(last)
    await commit(world, transaction(5))
    assert (await agreed(world, live)).included == [A, B, C, D, transaction(5)]
    assert not await post(world, COLD[3], E)


async def test_post_that_is_no_payload__is_void_and_holds_nothing_up(world: World) -> None:
    """DERIVE-10: L1 reads nothing of it (POST-4)."""
    live = await world.follower()
    await announce(world, RollupMode.BASED)
    await world.anvil.mine(6)
    inbox = world.deployment.contracts.rollup_inbox
    assert await call(world, STRANGER, inbox, encode_post(ROLLUP, b"rubbish"), ETHER)
    assert await post(world, STRANGER, A)
    await live.reader.advance()
    posts = [found for _, found in live.outputs if isinstance(found, DerivedPost)]
    assert [found.void is None for found in posts] == [False, True]
    assert (await agreed(world, live)).included == [A]
