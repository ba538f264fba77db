"""P27: a committee that returns after the force window loses no batch. What it attested before
the outage is committed as it was signed, one after another, whatever L1 forced meanwhile."""

from sequencer.types import BatchIndex
from tests.integration.conftest import anvil, world
from tests.integration.l1_world import World
from tests.unit.derivation.worlds import transaction

__all__ = ["anvil", "world"]

FORCED = [transaction(nonce) for nonce in range(10, 13)]
ORDERED = [transaction(nonce) for nonce in range(6)]


async def test_p27_outage_longer_than_the_window__every_batch_is_committed_as_signed(
    world: World,
) -> None:
    for raw in FORCED[:2]:
        await world.enqueue(raw)
    # The batches count no message: their origins lie before the queue began to fill.
    for raw in ORDERED:
        world.batch(world.block([raw]))
    signed = {index: batch.hash for index, (batch, _) in world.certified.items()}
    await world.anvil.mine(6)  # 72 seconds, of which the messages had 30
    await world.enqueue(FORCED[2])

    while world.nodes[0].view.last_index < len(ORDERED):
        for node in world.nodes:
            await node.step()
        world.now_ms += 1_000

    follower = await world.follower()
    assert follower.included == [*FORCED[:2], *ORDERED]
    assert all(batch.void is None for batch in follower.batches)
    view = world.nodes[0].view
    for index, batch_hash in signed.items():
        commit = view.commit_of(BatchIndex(index))
        assert commit is not None
        assert commit.batch_hash == batch_hash

    # And the order goes on from there, with the message that was not due yet.
    world.batch(world.block(forced=3))
    while world.nodes[0].view.last_index < len(ORDERED) + 1:
        for node in world.nodes:
            await node.step()
        world.now_ms += 1_000
    await follower.reader.advance()
    assert follower.included == [*FORCED[:2], *ORDERED, FORCED[2]]
