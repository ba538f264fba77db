"""Many transactions in one call: by the C helper where there is one, else one by one, with equal
results.

Who recovered senders can give hints to those it passes the transactions on to: they check many
signatures at once in half the time (docs/adr/0009). A hint proves nothing by itself and needs no
trust: a transaction is verified, or has to be decoded as if there were none.
"""

import os
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.errors import DecodeError
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.native import bulk
from sequencer.types import U64_MAX

HINT_BYTES = 96
"""The point of the sender's key (64 bytes) and the y of the signature's point (32 bytes)."""

_NO_HINT = b""
_FACTOR_BYTES = 16
_FEW = 8


class Hinted(NamedTuple):
    """A transaction that somebody passed on, and the hint that came with it, perhaps empty."""

    raw: bytes
    chain_id: int
    hint: bytes


class Heard(NamedTuple):
    """What became of the transactions of one message."""

    decoded: list[Transaction | DecodeError]
    has_wrong_hints: bool
    """Whether a hint was seen not to show its transaction."""


def decode_transactions(raws: Sequence[bytes], chain_id: int) -> list[Transaction | DecodeError]:
    """TX-1 and TX-2: what `decode_transaction` makes of each of `raws`, or what it raises.

    Safe from several threads, and the helper works without Python's lock: others run meanwhile.
    """
    return _decoded(raws, [chain_id] * len(raws), None)


def decode_with_hints(
    raws: Sequence[bytes], chain_id: int
) -> tuple[list[Transaction | DecodeError], list[bytes]]:
    """As `decode_transactions`, with a hint for each, which is empty where there is none."""
    hints: list[bytes] = []
    decoded = _decoded(raws, [chain_id] * len(raws), hints)
    return decoded, hints or [_NO_HINT] * len(raws)


def verify_transactions(hinted: Sequence[Hinted]) -> list[Transaction | None]:
    """What `decode_transaction` makes of each, or None where its hint does not show it: no hint, a
    wrong one (then up to 1,024 beside it are None as well), or a wrong transaction.

    The larger the batch, the faster: two and a half times decoding from 256 on.
    """
    if bulk is None or not hasattr(bulk, "verify") or not hinted:
        return [None] * len(hinted)
    raws, chain_ids, hints = zip(*hinted, strict=True)
    if not _are_for_helper(chain_ids):
        return [None] * len(hinted)
    # No sender may know the factors: with them it could make two wrong signatures cancel out.
    factors = os.urandom(_FACTOR_BYTES * len(raws))
    verified: list[Transaction | None] = bulk.verify(
        raws, chain_ids, Transaction, MAX_TRANSACTION_BYTES, hints, factors
    )
    return verified


def decode_hinted(messages: Sequence[Sequence[Hinted]]) -> list[Heard]:
    """As `decode_transactions`, of some messages whose signatures are checked together, by their
    hints where these show them. A few are not worth a sum.

    Where the sum does not hold, for a wrong hint of one message, each is checked by itself: the
    others are not recovered one by one.
    """
    together = [each for message in messages for each in message]
    if len(together) < _FEW or not hasattr(bulk, "verify"):
        return [Heard(_decode_all(message, [None] * len(message)), False) for message in messages]
    verified = iter(verify_transactions(together))
    found = [list(islice(verified, len(message))) for message in messages]
    if len(messages) > 1 and not any(tx for taken in found for tx in taken):
        found = [verify_transactions(message) for message in messages]
    return [
        Heard(_decode_all(message, taken), _lacks(message, taken))
        for message, taken in zip(messages, found, strict=True)
    ]


def _lacks(message: Sequence[Hinted], taken: Sequence[Transaction | None]) -> bool:
    """Whether a hint does not show what it is for."""
    return any(
        tx is None and len(each.hint) == HINT_BYTES for each, tx in zip(message, taken, strict=True)
    )


def _decode_all(
    message: Sequence[Hinted], taken: Sequence[Transaction | None]
) -> list[Transaction | DecodeError]:
    """Those that were taken, and the others decoded."""
    rest = [each for each, tx in zip(message, taken, strict=True) if tx is None]
    others = iter(
        _decoded([each.raw for each in rest], [each.chain_id for each in rest], None)
        if rest
        else ()
    )
    return [next(others) if tx is None else tx for tx in taken]


def _are_for_helper(chain_ids: Sequence[int]) -> bool:
    return all(0 <= chain_id <= U64_MAX for chain_id in set(chain_ids))


def _decoded(
    raws: Sequence[bytes], chain_ids: Sequence[int], hints: list[bytes] | None
) -> list[Transaction | DecodeError]:
    """By the helper, and where it does not take one by the plain reader."""
    taken: Sequence[Transaction | None] = [None] * len(raws)
    if bulk is not None and _are_for_helper(chain_ids):
        taken = bulk.decode(raws, chain_ids, Transaction, MAX_TRANSACTION_BYTES, hints)
    return [
        _decode(raw, chain_id) if tx is None else tx
        for raw, chain_id, tx in zip(raws, chain_ids, taken, strict=True)
    ]


def _decode(raw: bytes, chain_id: int) -> Transaction | DecodeError:
    try:
        return decode_transaction(raw, chain_id)
    except DecodeError as error:
        return error
