"""Playing a case, and making one that fails smaller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from sequencer.errors import SwitchyardError
from tests.hostile.base import SLOT_SECONDS, Base
from tests.hostile.case import LOOK, REORG, USER, Case, draw_wish
from tests.hostile.roles import ACTIONS
from tests.hostile.scene import Scene
from tests.hostile.user import User
from tests.hostile.world import Violation, World

SHRINK_RUNS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case; `violation` is None if every promise was kept."""

    violation: str | None
    accepted: Mapping[str, int] = field(default_factory=dict)
    """Transactions that the contracts took, by action."""
    refused: Mapping[str, int] = field(default_factory=dict)
    blocks: int = 0
    reorgs: int = 0
    forced_by_user: bool = False
    """Nobody else put the user's message into the order."""


async def play(base: Base, case: Case) -> Outcome:
    """From the base state to the end: the user's message is in the order and all agree."""
    base.l1.return_to(base.mark)
    world = World(base)
    scene = Scene(world, User(world))
    try:
        for step in case.steps:
            world.action = step.action
            if step.action == USER:
                scene.user.wish = draw_wish(Random(case.number))
            elif step.action == LOOK:
                await world.look()
            else:
                if step.action == REORG and step.number % 4:
                    await world.look()  # what the follower has not seen, it need not take back
                ACTIONS[step.action](scene, Random(step.number))
        _finish(scene)
        scene.user.check_entry()
        await world.check_all(Random(case.number))
    except (Violation, SwitchyardError) as error:
        return Outcome(f"{type(error).__name__}: {error}")
    found = (world.accepted, world.refused, len(world.blocks), world.reorgs)
    return Outcome(None, *found, scene.user.has_forced)


def _finish(scene: Scene) -> None:
    """Blocks until the user's message is in the order: two are enough (User.check)."""
    if scene.user.message is None:
        scene.mine(scene.world.now + SLOT_SECONDS)
    if scene.user.deadline is not None:
        scene.mine(max(scene.user.deadline, scene.world.now + 1))
    if scene.world.waiting or scene.world.is_between:
        scene.mine(scene.world.now + SLOT_SECONDS)


async def shrink(base: Base, case: Case, runs: int = SHRINK_RUNS) -> tuple[Case, Outcome]:
    """Leave out actions, many at once and then one by one, as long as it fails."""
    outcome = await play(base, case)
    size = len(case.steps) // 2
    while size and runs:
        is_smaller = False
        for at in range(len(case.steps) - size, -1, -size):
            steps = case.steps[:at] + case.steps[at + size :]
            if runs == 0 or not any(step.action == USER for step in steps):
                continue
            runs -= 1
            found = await play(base, Case(case.number, steps))
            if found.violation is not None:
                case, outcome, is_smaller = Case(case.number, steps), found, True
        if size > 1 or not is_smaller:
            size //= 2
    return case, outcome
