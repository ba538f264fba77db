"""What takes nodes out, and what brings them back."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from sequencer.devnet.network import Network
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.links import Cut, Link, Links


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that fails, and comes back when `lift` returns."""

    strike: Callable[[], Awaitable[None]]
    lift: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Field:
    """What faults strike."""

    network: Network
    links: Links

    @property
    def everybody(self) -> range:
        return range(len(self.network.nodes))

    def kill(self, node: int) -> Step:
        """SIGKILL; started again it is back when it listens."""
        process = self.network.nodes[node]
        return Step(process.kill, lambda: _start(process))

    def stop(self, node: int) -> Step:
        """SIGSTOP and SIGCONT."""
        process = self.network.nodes[node].process
        return Step(
            lambda: _soon(process.signal, signal.SIGSTOP),
            lambda: _soon(process.signal, signal.SIGCONT),
        )

    def hole(self, node: int) -> Step:
        """Nothing to it or from it is delivered."""
        return self._cut(self._around(node), Cut.HOLE)

    def reset(self, node: int) -> Step:
        """Every connection to it or from it is reset."""
        return self._cut(self._around(node), Cut.RESET)

    def blink(self, node: int) -> Step:
        """A hole that is gone before anybody notices: only the connections stay dead."""
        return self.hole(node)

    def mute(self, node: int) -> Step:
        """It hears, and is not heard."""
        return self._cut(product([node], self.everybody), Cut.HOLE)

    def deaf(self, node: int) -> Step:
        """It is heard, and hears nothing."""
        return self._cut(product(self.everybody, [node]), Cut.HOLE)

    def halves(self, size: int, how: Cut) -> Step:
        """The first `size` nodes and the others are two networks."""
        near, far = self.everybody[:size], self.everybody[size:]
        return self._cut([*product(near, far), *product(far, near)], how)

    def _around(self, node: int) -> list[Link]:
        return [*product([node], self.everybody), *product(self.everybody, [node])]

    def _cut(self, links: Iterable[Link], how: Cut) -> Step:
        cut: Sequence[Link] = list(links)
        return Step(lambda: _soon(self.links.cut, cut, how), lambda: _soon(self.links.heal, cut))


async def _start(node: NodeProcess) -> None:
    await node.start()
    await node.ready()


async def _soon(function: Callable[..., None], *arguments: object) -> None:
    function(*arguments)
    await asyncio.sleep(0)
