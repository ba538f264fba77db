"""What things cost a node. The defaults are what `bench/wan_costs.py` measured on a cloud machine
(one core of an Intel Xeon), rounded up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """In microseconds: of a node's one processor, and of its disk."""

    receive_us: float = 8.0
    """Take a message from the socket and decode it."""
    verify_us: float = 45.0
    """Recover the signer of one signature."""
    handle_us: float = 12.0
    """One input through the core."""
    sign_us: float = 30.0
    send_us: float = 2.0
    """Hand one message to the socket of one peer."""
    build_us_per_kib: float = 65.0
    """Compress and hash a payload."""
    judge_us_per_kib: float = 40.0
    """Decode and hash a payload whose transactions are pooled."""
    sync_us: float = 300.0
    """Make a vote durable (JOURNAL-1): the disk works, the processor waits."""


FREE = Costs(0, 0, 0, 0, 0, 0, 0, 0)
"""Only light takes time, and links."""
