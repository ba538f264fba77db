"""What a message costs and when it is in the order at the latest (WALLET-3, WALLET-4)."""

from dataclasses import dataclass

from sequencer.wallet.endpoint import Endpoint, Head

GRACE_BLOCKS = 2
"""L1 blocks after the deadline: the first that is due, and the one with `forceInclude`."""
_SAMPLE_BLOCKS = 8
_LEAST_BLOCKS = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """For a message that is sent now."""

    fee_wei: int
    """What the queue takes at this moment."""
    pay_wei: int
    """What is sent along, besides a deposit; the queue returns what it does not take."""
    before: int
    """Messages that wait before it."""
    latest_at: int
    """Seconds. If L1 mines its two transactions in the next block each."""


def block_seconds(endpoint: Endpoint, head: Head) -> int:
    """From one L1 block to the next, lately; rounded up."""
    count = min(_SAMPLE_BLOCKS, head.number)
    if count < _LEAST_BLOCKS:
        return 1
    passed = head.timestamp - endpoint.timestamp_of(head.number - count)
    return max(1, -(-passed // count))


def latest_inclusion(deadline: int, seconds: int) -> int:
    """Of a message that is due at `deadline`, with blocks `seconds` apart."""
    return deadline + GRACE_BLOCKS * seconds
