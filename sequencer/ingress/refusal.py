"""Why a valid transaction is not taken in now: nobody broke a rule.

The message goes to the wallet as it is (TX-4), so it says what would be right.
"""

from sequencer.errors import SwitchyardError

_L1_RETRY_MS = 1_000


class Refused(SwitchyardError):
    """A transaction this node does not take in; TX-4 code -32000."""


class AlreadyKnown(Refused):
    """TX-6: pooled, or ordered not long ago."""

    def __init__(self) -> None:
        super().__init__("already known")


class Underpriced(Refused):
    """POOL-2: a replacement that does not raise both fees by 10%."""


class Promised(Refused):
    """PROMISE-4: it would replace what this node has promised."""


class NoPromise(Refused):
    """PROMISE-2: the transaction is taken in, but this node promises nothing about it."""


class FeeTooLow(Refused):
    """TX-3: below this node's floor."""


class SenderDenied(Refused):
    """POOL-6: this operator does not serve the sender. L1 does (INBOX-1)."""


class RollupAway(Refused):
    """Somebody else orders the rollup, or will before this could count (BLOCK-5), or it is dropped
    for what it owes (BLOCK-8)."""


class OverLimit(Refused):
    """POOL-3: a bound is reached; TX-4 code -32005. It may be free again in a moment."""


class LaneFull(OverLimit):
    """The sender has as many transactions waiting as one may have."""


class PoolFull(OverLimit):
    """The pool has as many transactions or bytes as it may have."""


class Later(OverLimit):
    """It is known when to try again."""

    def __init__(self, why: str, retry_after_ms: int) -> None:
        super().__init__(f"{why}, try again in {retry_after_ms} ms")
        self.retry_after_ms = retry_after_ms


class Busy(Later):
    """POOL-7: more than this node can bring to an end soon."""

    def __init__(self, retry_after_ms: int) -> None:
        super().__init__("this node has as many transactions as it can order soon", retry_after_ms)


class L1Unread(Later):
    """TX-10: L1 may know the rollup, but this node does not yet."""

    def __init__(self, rollup: int) -> None:
        super().__init__(
            f"this node has not read L1 to its head and knows nothing of rollup {rollup}",
            _L1_RETRY_MS,
        )
