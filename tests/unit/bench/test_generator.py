"""The load generator, as far as it needs no network."""

from typing import Any

from bench.throughput.generator import Generator
from bench.throughput.plan import Plan
from bench.throughput.transactions import Pool


class Connection:
    """Sends as often as it may."""

    def __init__(self, generator: Generator, most: int) -> None:
        self._generator = generator
        self._most = most
        self.sent = 0

    def send_next(self) -> bool:
        if self.sent == self._most:
            return False
        self.sent += 1
        self._generator.accepted += 1
        return True


async def filled(window: int, *most: int) -> list[int]:
    """What connections have sent that may send so much each."""
    plan = Plan(
        nodes=(), paths=("/",), pool=Pool("", (1,)), first_group=0, seconds=1.0, window=window
    )
    generator = Generator(plan)
    connections: list[Any] = [Connection(generator, each) for each in most]
    generator._streams = connections
    generator.is_sending = True
    generator.fill()
    return [each.sent for each in connections]


async def test_fill__little_room__is_shared_by_turns() -> None:
    assert await filled(7, 100, 100, 100) == [3, 2, 2]


async def test_fill__more_room_than_may_be_sent__ends() -> None:
    assert await filled(1_000, 5, 0, 9) == [5, 0, 9]


async def test_fill__after_a_failure__sends_nothing() -> None:
    plan = Plan(nodes=(), paths=("/",), pool=Pool("", (1,)), first_group=0, seconds=1.0)
    generator = Generator(plan)
    connection: Any = Connection(generator, 10)
    generator._streams = [connection]
    generator.is_sending = True
    generator.fail(FileNotFoundError("no more transactions"))
    generator.fill()
    assert connection.sent == 0
