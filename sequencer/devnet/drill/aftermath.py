"""What must hold after every drill, whatever it did."""

import asyncio
from dataclasses import dataclass

from sequencer.devnet.demo.ledger import is_from_block
from sequencer.devnet.demo.story import CheckFailed
from sequencer.devnet.drill.canon import Canon
from sequencer.devnet.drill.scene import PATIENCE_SECONDS, Scene
from sequencer.devnet.follower_process import Derived, FollowerProcess
from sequencer.devnet.outages.stores import stored_blocks
from sequencer.devnet.waiting import eventually


@dataclass(frozen=True, slots=True)
class Hashes:
    """A rollup's running hash as two followers derived it, at one L1 block."""

    rollup: int
    entries: int
    live: str
    late: str


async def settle(scene: Scene) -> list[Hashes]:
    """Nothing may be sent any more. All nodes are level; what any of them ever showed as final is
    on L1, and in the list of the follower that was there all the time; and one that begins now
    derives the same from L1 alone. Raises `CheckFailed`, or `LocalFault` for what does not come.
    """
    await scene.until_level()
    scene.say("all nodes are level")
    await _until_all_derived(scene)
    late = FollowerProcess(scene.network.layout, 2, scene.network.anvil.url)
    await late.start()
    scene.network.followers.append(late)
    await late.ready()
    found = await _until_comparable(scene.live, late)
    for one in found:
        if one.live != one.late:
            raise CheckFailed(f"the followers differ: {one}")
    counts = ", ".join(f"{one.entries} entries of rollup {one.rollup}" for one in found)
    scene.say(f"a follower that begins now derives the same hashes: {counts}")
    return found


async def look_back(scene: Scene) -> None:
    """Nobody watches any more, and the nodes are stopped. Each has the whole chain, in its answers
    and on disk, and nobody has signed what contradicts itself. Raises `CheckFailed`."""
    history, promises, nodes = scene.history, scene.promises, scene.nodes
    for node in nodes:
        await scene.until_height(node, history.height)
        await history.check(node, 1, history.height)
    await asyncio.gather(*(node.stop() for node in nodes))
    promises.read_journals()
    for node in nodes:
        hashes = []
        for stored in stored_blocks(node):
            hashes.append("0x" + stored.block.header.hash.hex())
            if stored.certificate is not None:
                promises.add_certificate(stored.certificate)
        history.check_stored(node.name, hashes)
    if history.changed:
        raise CheckFailed("final and lost: " + "; ".join(history.changed[:3]))
    if found := promises.evidence():
        raise CheckFailed("signed in contradiction: " + "; ".join(found[:3]))
    scene.say(
        f"{len(nodes)} nodes have all {history.height} blocks on disk; no two of {len(promises)}"
        " votes in journals and certificates contradict each other"
    )


async def _until_all_derived(scene: Scene) -> None:
    """Wait until L1 has all blocks that are final now, and the live follower's lists with them."""
    height = scene.history.height
    canon = Canon(scene.network.anvil, scene.l1)

    async def committed() -> bool | None:
        return await canon.last_height() >= height or None

    await eventually(f"block {height} on L1", committed, seconds=PATIENCE_SECONDS, poll_seconds=1)
    batches = await canon.batches()

    async def seen() -> bool | None:
        return scene.history.height >= batches[-1].last_height or None

    await eventually("what L1 has, from a node", seen, seconds=PATIENCE_SECONDS)
    await _until_at(scene.live, batches[-1].l1_block)
    rollups = [rollup.id for rollup in scene.network.rollups]
    orders = await canon.orders(batches, scene.history.chain, rollups)
    for rollup, order in orders.items():
        entries = await scene.live.entries(rollup)
        # More batches may have come meanwhile.
        up_to_last = [entry for entry in entries if entry.l1_block <= batches[-1].l1_block]
        found = [entry.hash for entry in up_to_last if is_from_block(entry)]
        if found != order:
            raise CheckFailed(f"rollup {rollup}: {_difference(found, order)}")
    scene.say(
        f"{height} blocks that were final are on L1, with {sum(map(len, orders.values()))}"
        " transactions in the followers' lists"
    )


async def _until_at(follower: FollowerProcess, l1_block: int) -> None:
    async def there() -> bool | None:
        head = (await follower.status()).l1.head
        return (head is not None and head >= l1_block) or None

    await eventually(f"{follower.name} at L1 block {l1_block}", there, seconds=PATIENCE_SECONDS)


async def _until_comparable(live: FollowerProcess, late: FollowerProcess) -> list[Hashes]:
    """What both say of the same L1 block."""
    said: dict[int | None, tuple[Derived, ...]] = {}

    async def same() -> list[Hashes] | None:
        mine = await live.status()
        said[mine.l1.head] = mine.rollups
        other = await late.status()
        if other.l1.head is None or other.l1.head not in said:
            return None
        pairs = zip(said[other.l1.head], other.rollups, strict=True)
        return [Hashes(a.rollup, a.entries, a.running_hash, b.running_hash) for a, b in pairs]

    return await eventually("two followers at one L1 block", same, seconds=PATIENCE_SECONDS)


def _difference(found: list[str], expected: list[str]) -> str:
    for position, (one, other) in enumerate(zip(found, expected, strict=False)):
        if one != other:
            return f"the follower has {one} at position {position}, expected {other}"
    return f"the follower has {len(found)} transactions of blocks, expected {len(expected)}"
