"""A case: which actions, in which order. Of a seed, or of a line of JSON."""

from random import Random

import msgspec

from sequencer.l1.events import MessageKind
from sequencer.types import RollupId
from tests.hostile.roles import MAKERS, ROLES
from tests.hostile.user import Account, Wish

FEWEST, MOST = 10, 40
USER = "user"
"""The action in which the user decides."""
LOOK = "look"
"""The live follower reads L1 as it is now."""
LOOK_WEIGHT = 2
REORG = "reorg"
MOODS = (0.0, 0.3, 1.0, 1.0, 3.0)
"""How busy a role is: not at all, or above all others."""


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One action. `number` seeds what it draws."""

    action: str
    number: int


class Case(msgspec.Struct, frozen=True):
    """`number` seeds what the user wants and how the end is checked."""

    number: int
    steps: tuple[Step, ...]

    def line(self) -> str:
        """JSON: `make hostile CASE='...'` runs it again."""
        return msgspec.json.encode(self).decode()


def draw_case(seed: int) -> Case:
    """10 to 40 actions of every role; the user decides at a random moment."""
    draw = Random(seed)
    weights = {name: weight for name, (_, weight) in MAKERS.items()}
    busy = 0.0
    for actions in ROLES.values():
        mood = draw.choice(MOODS)
        for name, (_, weight) in actions.items():
            weights[name] = mood * weight
            busy += mood * weight
    # About a third of the actions make a block, whoever else is busy.
    scale = busy / (2 * sum(weight for _, weight in MAKERS.values())) or 1.0
    for name, (_, weight) in MAKERS.items():
        weights[name] = weight * scale
    weights[LOOK] = LOOK_WEIGHT * scale
    count = draw.randint(FEWEST, MOST)
    names = draw.choices(list(weights), list(weights.values()), k=count - 1)
    names.insert(draw.randrange(count * 2 // 3), USER)
    return Case(seed, tuple(Step(name, draw.getrandbits(32)) for name in names))


def draw_wish(draw: Random) -> Wish:
    """Something that no rollup's owner can refuse: a deposit only where the vault is good."""
    rollup = RollupId(draw.choice((1, 1, 2, 3)))
    kinds = [MessageKind.TRANSACTION, MessageKind.TRANSACTION, MessageKind.CALL]
    kind = draw.choice([*kinds, MessageKind.ETHER] if rollup == 1 else kinds)
    return Wish(rollup, kind, draw.choice((Account.KEY, *Account)))
