"""What an action gets: L1 and the user. Everybody sees everything, as on L1."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.hostile.user import User
from tests.hostile.world import World


@dataclass(frozen=True, slots=True)
class Scene:
    world: World
    user: User

    def mine(self, timestamp: int) -> None:
        """The next block; the user's transaction is its last."""
        self.user.act(timestamp)
        self.user.check(self.world.mine(timestamp))


Action = Callable[[Scene, Random], None]
"""One thing that somebody does. What it draws comes from a generator of its own, so that it is
the same, as far as it can be, when the actions before it are left out."""
