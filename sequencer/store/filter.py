"""Which of the newest runs of the index may have a transaction: a Bloom filter for each of 16 runs,
bit by bit side by side, so that one look at three words answers for all.

The probes are cut out of the transaction's hash, which is random already. With 65,536 transactions
in each run one word in eleven has the bit of a run, and one foreign hash in 1,400 all three.
"""

import struct
import sys
from array import array
from collections.abc import Sequence

RUNS = 16
"""Slots for runs: bit `run % RUNS` of each word is that run's."""
CLEARING_STEPS = 16
_WORDS = 1 << 21
"""Four MiB."""
_MASK = _WORDS - 1
_HASH_WORDS = 8
_PROBES = (1, 2, 3)
"""Of the words of a hash. Word 0 tells the bucket: so the two are independent."""
_probes_of = struct.Struct("4x3I").unpack_from
_SLICE_BYTES = 2 * _WORDS // CLEARING_STEPS


class RunFilter:
    """Says "may have" of everything that was added since its slot was cleared. Reading takes no
    lock."""

    def __init__(self) -> None:
        self._words = array("H", bytes(2 * _WORDS))

    def add(self, run: int, hashes: bytes, stride_bytes: int = 4 * _HASH_WORDS) -> None:
        """Hashes, one at each stride."""
        words, bit = self._words, 1 << run % RUNS
        cut = array("I", hashes)
        for first in _PROBES:
            for probe in cut[first :: stride_bytes // 4]:
                words[probe & _MASK] |= bit

    def slots(self, tx_hash: bytes) -> int:
        """The slots of the runs that may have a transaction, as bits."""
        words = self._words
        probes: tuple[int, int, int] = _probes_of(tx_hash)
        a, b, c = probes
        return words[a & _MASK] & words[b & _MASK] & words[c & _MASK]

    def slots_of(self, hashes: Sequence[bytes]) -> list[tuple[int, int]]:
        """`slots` of many; of those with any, the place in the sequence and the slots."""
        words = self._words
        cut = array("I", b"".join(hashes))
        columns = [cut[first::_HASH_WORDS] for first in _PROBES]
        return [
            (index, slots)
            for index, (a, b, c) in enumerate(zip(*columns, strict=True))
            if (slots := words[a & _MASK] & words[b & _MASK] & words[c & _MASK])
        ]

    def clear(self, run: int, step: int) -> None:
        """Empty the slot of a run to come, a part at each of `CLEARING_STEPS`."""
        part = slice(step * _SLICE_BYTES, (step + 1) * _SLICE_BYTES)
        kept = _all_but(run % RUNS)
        with memoryview(self._words) as words, words.cast("B") as view:
            rest = int.from_bytes(view[part], "little") & kept
            view[part] = rest.to_bytes(_SLICE_BYTES, "little")


def _all_but(slot: int) -> int:
    """A part in which each word has all bits but one."""
    word = (0xFFFF ^ 1 << slot).to_bytes(2, sys.byteorder)
    return int.from_bytes(word * (_SLICE_BYTES // 2), "little")
