"""Many transactions in one call: by the C helper where there is one, else one by one, with equal
results.

Who recovered senders can give hints to those it passes the transactions on to: they check many
signatures at once in half the time (docs/adr/0009). A hint proves nothing by itself and needs no
trust: a transaction is verified, or has to be decoded as if there were none.
"""

import os
from collections.abc import Sequence

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


def decode_transactions(raws: Sequence[bytes], chain_id: int) -> list[Transaction | DecodeError]:
    """TX-1 and TX-2: what `decode_transaction` makes of each of `raws`, or what it raises.

    Safe from several threads, and the helper works without Python's lock: others run meanwhile.
    """
    return _with_others(raws, chain_id, _decoded(raws, chain_id, None))


def decode_with_hints(
    raws: Sequence[bytes], chain_id: int
) -> tuple[list[Transaction | DecodeError], list[bytes]]:
    """As `decode_transactions`, with a hint for each, which is empty where there is none."""
    hints: list[bytes] = []
    taken = _decoded(raws, chain_id, hints)
    return _with_others(raws, chain_id, taken), hints or [_NO_HINT] * len(raws)


def verify_transactions(
    raws: Sequence[bytes], chain_id: int, hints: Sequence[bytes]
) -> list[Transaction | None]:
    """What `decode_transaction` makes of each of `raws`, or None where its hint does not show it:
    no hint, a wrong one (then up to 1,024 beside it are None as well), or a wrong transaction.

    The larger the batch, the faster: two and a half times decoding from 256 on. Raises `ValueError`
    unless there are as many hints as transactions.
    """
    if len(raws) != len(hints):
        raise ValueError(f"{len(hints)} hints for {len(raws)} transactions")
    if bulk is None or not hasattr(bulk, "verify") or not _is_for_helper(chain_id):
        return [None] * len(raws)
    # No sender may know the factors: with them it could make two wrong signatures cancel out.
    factors = os.urandom(_FACTOR_BYTES * len(raws))
    verified: list[Transaction | None] = bulk.verify(
        raws, chain_id, Transaction, MAX_TRANSACTION_BYTES, hints, factors
    )
    return verified


def decode_hinted(
    raws: Sequence[bytes], chain_id: int, hints: Sequence[bytes]
) -> list[Transaction | DecodeError]:
    """As `decode_transactions`, by the hints where they show it. A few are not worth a sum."""
    if len(raws) < _FEW:
        return decode_transactions(raws, chain_id)
    verified = verify_transactions(raws, chain_id, hints)
    rest = [raw for raw, tx in zip(raws, verified, strict=True) if tx is None]
    decoded = iter(decode_transactions(rest, chain_id))
    return [next(decoded) if tx is None else tx for tx in verified]


def _is_for_helper(chain_id: int) -> bool:
    return 0 <= chain_id <= U64_MAX


def _decoded(
    raws: Sequence[bytes], chain_id: int, hints: list[bytes] | None
) -> Sequence[Transaction | None]:
    if bulk is None or not _is_for_helper(chain_id):
        return [None] * len(raws)
    taken: list[Transaction | None] = bulk.decode(
        raws, chain_id, Transaction, MAX_TRANSACTION_BYTES, hints
    )
    return taken


def _with_others(
    raws: Sequence[bytes], chain_id: int, taken: Sequence[Transaction | None]
) -> list[Transaction | DecodeError]:
    """Those that were taken, and what the plain reader says of the others."""
    return [
        _decode(raw, chain_id) if tx is None else tx for raw, tx in zip(raws, taken, strict=True)
    ]


def _decode(raw: bytes, chain_id: int) -> Transaction | DecodeError:
    try:
        return decode_transaction(raw, chain_id)
    except DecodeError as error:
        return error
