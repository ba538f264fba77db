"""What a contract has logged, the last first: for whoever looks for one thing of not long ago."""

from collections.abc import AsyncIterator

from sequencer.l1.client import L1Client
from sequencer.l1.logs import Log
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address

RANGE_BLOCKS = 1_000
"""Asked for at once, and fewer where the endpoint wants fewer; providers bound it."""


async def logs_backwards(client: L1Client, address: Address, start: int) -> AsyncIterator[Log]:
    """From L1's head down to block `start`. Raises `L1Error`."""
    length = RANGE_BLOCKS
    last = (await client.head()).number
    while last >= start:
        first = max(start, last - length + 1)
        try:
            logs = await client.logs_between([address], first, last)
        except L1Refused:
            if first == last:
                raise
            length = (last - first + 1) // 2
            continue
        for log in reversed(logs):
            yield log
        last = first - 1
