"""A sink for readers, and a reader for it."""

from collections.abc import Callable

from sequencer.errors import PeerFault
from sequencer.l1.events import L1Block
from sequencer.l1.reader import L1Reader
from tests.unit.l1.fake_l1 import CONTRACTS, FakeL1

START = 2
"""The start block of these readers."""


class Recorder:
    """A sink that keeps the blocks it was given, and checks that they are a chain."""

    def __init__(self) -> None:
        self.blocks: list[L1Block] = []
        self.rollbacks: list[int] = []
        self.refuse: Callable[[L1Block], bool] = lambda block: False

    async def extend(self, block: L1Block) -> None:
        if self.blocks:
            last, new = self.blocks[-1].header, block.header
            assert new.number > last.number
            if new.number == last.number + 1:
                assert new.parent_hash == last.hash
        if self.refuse(block):
            raise PeerFault("logs are missing")
        self.blocks.append(block)

    async def rollback_to(self, number: int) -> None:
        self.rollbacks.append(number)
        while self.blocks and self.blocks[-1].header.number > number:
            self.blocks.pop()


def reader_of(l1: FakeL1, sink: Recorder, **options: object) -> L1Reader:
    return L1Reader(l1, CONTRACTS, START, sink, **options)  # type: ignore[arg-type]
