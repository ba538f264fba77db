"""How a wallet goes about it; every default stated."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sequencer.l1.account import MAX_FEE_WEI
from sequencer.wallet.outbox import RESUBMIT_SECONDS


@dataclass(frozen=True, slots=True)
class Options:
    """Amounts in wei."""

    fee_margin: int = 4
    """WALLET-3: how many times the queue's fee is sent along. 4 is for a load that doubles."""
    max_queue_fee_wei: int = 10**17
    """More than this is not paid to the queue."""
    max_fee_wei: int = MAX_FEE_WEI
    """Per gas of L1."""
    resubmit_seconds: int = RESUBMIT_SECONDS
    """Of L1 time, until a transaction that is not mined is replaced."""
    confirmations: int = 2
    """L1 blocks after the one with the end, until it is taken for one."""
    poll_seconds: float = 1.0
    pause: Callable[[float], None] = time.sleep
    follower_url: str | None = None
    """A follower to ask for the place in the rollup's list."""
    rollup_url: str | None = None
    """The rollup's Ethereum JSON-RPC, to ask whether it was executed."""
