"""Transactions for the pool, which looks at nothing but a few of their fields."""

from collections.abc import Iterable
from itertools import count

from sequencer.crypto.hashing import keccak, word
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import Mempool, MempoolConfig, TransactionKey
from sequencer.types import Address, RollupId

ONE, TWO = RollupId(1), RollupId(2)
ALICE, BOB, CAROL = (Address(bytes([letter]) * 20) for letter in b"abc")
NOTHING: frozenset[object] = frozenset()
MUCH = 1 << 20
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


def pool_of(*transactions: Transaction, **config: int) -> Mempool:
    """A pool of these, all of which arrived at 0."""
    pool = Mempool(MempoolConfig(gap_wait_ms=2_000, **config))  # type: ignore[arg-type]
    for transaction in transactions:
        pool.add(ONE, transaction, 0)
    return pool


def ready(pool: Mempool, now_ms: int = 0) -> list[Transaction]:
    """All that could be taken."""
    return [found for _, found in pool.take(MUCH, 1_000, NOTHING, now_ms)]


def pool_after(nonce: int) -> Mempool:
    """A pool that has seen Alice's transaction with this nonce ordered."""
    pool = pool_of()
    pool.finalized([(ONE, tx(ALICE, nonce))])
    return pool
