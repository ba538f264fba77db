"""How long accepted transactions take to be final, over the last ones."""

from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import islice

from sequencer.mempool.pool import TransactionKey

REMEMBERED = 1_000
SHOWN = 64
"""Single figures in the summary: who asks often enough sees each."""
MAX_WAITING = 100_000


class FinalityLatency:
    """From the moment a wallet's transaction was accepted here to its Finalize certificate."""

    def __init__(self) -> None:
        self._accepted: OrderedDict[TransactionKey, float] = OrderedDict()
        self._took_ms: deque[float] = deque(maxlen=REMEMBERED)
        self._count = 0

    def on_accepted(self, key: TransactionKey, now_ms: float) -> None:
        self._accepted[key] = now_ms
        if len(self._accepted) > MAX_WAITING:
            self._accepted.popitem(last=False)

    def on_final(self, keys: Iterable[TransactionKey], now_ms: float) -> float | None:
        """The transactions of a block; how long its own wallets' took, the median: one that waited
        for an earlier nonce says nothing about others. None if it has none of them."""
        since = [at for key in keys if (at := self._accepted.pop(key, None)) is not None]
        if not since:
            return None
        took = [now_ms - at for at in since]
        self._took_ms.extend(took)
        self._count += len(took)
        return sorted(took)[len(took) // 2]

    def summary(self) -> dict[str, object]:
        """Median and 99th percentile of the last ones in ms, how many there were in all, and the
        very last, the newest at the end."""
        took = sorted(self._took_ms)
        if not took:
            return {"p50": None, "p99": None, "count": 0, "last": []}
        return {
            "p50": round(took[len(took) // 2], 2),
            "p99": round(took[min(len(took) - 1, len(took) * 99 // 100)], 2),
            "count": self._count,
            "last": [round(ms, 2) for ms in islice(reversed(self._took_ms), SHOWN)][::-1],
        }
