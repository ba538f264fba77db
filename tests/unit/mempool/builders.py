"""Transactions for the pool, which looks at nothing but a few of their fields."""

from collections.abc import Iterable
from itertools import count

from sequencer.crypto.hashing import keccak, word
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import TransactionKey
from sequencer.types import Address, RollupId

ONE, TWO = RollupId(1), RollupId(2)
ALICE, BOB, CAROL = (Address(bytes([letter]) * 20) for letter in b"abc")
_serial = count()


def tx(
    sender: Address,
    nonce: int,
    *,
    max_fee: int = 100,
    priority_fee: int = 100,
    size: int = 100,
    identity: int | None = None,
) -> Transaction:
    """A transaction that differs from every other one, or has an identity given."""
    raw = word(next(_serial) if identity is None else identity).rjust(size, b"\x01")
    return Transaction(
        raw=raw,
        hash=keccak(raw),
        type=2,
        chain_id=7,
        nonce=nonce,
        sender=sender,
        to=None,
        value=0,
        gas_limit=100_000,
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=priority_fee,
        data=b"",
        intrinsic_gas=21_000,
    )


def keys(entries: Iterable[tuple[RollupId, Transaction]]) -> set[TransactionKey]:
    """What `take` gave, as `exclude` wants it."""
    return {(rollup, transaction.hash) for rollup, transaction in entries}
