"""Whoever makes L1's blocks: when, and on which branch."""

from collections.abc import Iterator
from random import Random

from tests.hostile.base import GENESIS, PARAMETERS, SLOT_SECONDS
from tests.hostile.scene import Scene

DEEPEST = 8


def mine(scene: Scene, draw: Random) -> None:
    """An ordinary block, or one after a few empty slots."""
    slots = draw.choice((1, 1, 1, 1, 2, 4))
    scene.mine(scene.world.now + slots * SLOT_SECONDS - draw.randrange(SLOT_SECONDS))


def mine_at_edge(scene: Scene, draw: Random) -> None:
    """A second before, at or after a moment that decides something."""
    now = scene.world.now
    edges = [edge for edge in _edges(scene) if now < edge <= now + 130]
    target = draw.choice(edges) if edges else now + SLOT_SECONDS
    scene.mine(max(now + 1, target + draw.randrange(-1, 2)))


def be_silent(scene: Scene, draw: Random) -> None:
    """A long time without blocks."""
    scene.mine(scene.world.now + draw.choice((61, 120, 121, 130, 900)))


def reorg(scene: Scene, draw: Random) -> None:
    """L1 goes back some blocks; what they held waits for nobody."""
    possible = min(DEEPEST, len(scene.world.blocks))
    if possible:
        scene.world.roll_back(draw.randint(1, possible))


def send_again(scene: Scene, draw: Random) -> None:
    """Some of what the last reorg took back, in another order."""
    taken_back = list(scene.world.taken_back)
    draw.shuffle(taken_back)
    for one in taken_back[: draw.randint(1, 6)]:
        scene.world.send(one.call, one.fact)


def _edges(scene: Scene) -> Iterator[int]:
    ledger = scene.world.ledger
    times, fallback = PARAMETERS.times, PARAMETERS.fallback
    for index in range(ledger.consumed, len(ledger.messages)):
        yield ledger.messages[index].deadline
        if index == ledger.consumed:
            yield ledger.messages[index].deadline + fallback.overdue_seconds
    if scene.user.deadline is not None:
        yield from [scene.user.deadline] * 4
    for rollup in ledger.rollups.values():
        if rollup.announced is not None:
            yield rollup.announced[1]
    yield ledger.committed_at + fallback.liveness_seconds
    yield ledger.based_until
    begun = (scene.world.now - GENESIS) // times.epoch_seconds
    yield GENESIS + (begun + 1) * times.epoch_seconds
    for epoch in ledger.epochs[-2:]:
        yield GENESIS + (epoch + 1) * times.epoch_seconds + times.commit_grace_seconds
