"""ORDER-1 to ORDER-3: what a transaction is worth in its rollup's order, and the order keys of a
block. Pure arithmetic; `contracts/libraries/OrderLib.sol` is the twin."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import Hash32, RollupId

KEY_BYTES = 16
_BASE_FEE_BYTES = 12
_PACKED = struct.Struct(f">B{_BASE_FEE_BYTES}s")
_MAX_VALUE = (1 << 8 * KEY_BYTES) - 1


class OrderingPolicy(IntEnum):
    """The numbers of `OrderingPolicy` in `IRollupRegistry`."""

    PRIORITY = 0
    SHUFFLED = 1
    ARRIVAL = 2


_POLICIES = frozenset(OrderingPolicy)
_PRIORITY = OrderingPolicy.PRIORITY


@dataclass(frozen=True, slots=True)
class Ordering:
    """ORDER-1: how the transactions of a rollup stand in a block, for ever."""

    policy: OrderingPolicy = OrderingPolicy.PRIORITY
    base_fee_wei: int = 0


PRIORITY = Ordering()
"""What a rollup has that names nothing else."""

OrderingOf = Callable[[RollupId], Ordering]


def pack_ordering(ordering: Ordering) -> bytes:
    """As a payload states it (ENC-10)."""
    return _PACKED.pack(ordering.policy, ordering.base_fee_wei.to_bytes(_BASE_FEE_BYTES, "big"))


def unpack_ordering(data: bytes) -> Ordering:
    """What `pack_ordering` gave. Raises `DecodeError`."""
    policy, base_fee = _PACKED.unpack(data)
    if policy not in _POLICIES:
        raise DecodeError(f"ordering policy {policy}, expected 0 to {max(_POLICIES)}")
    ordering = Ordering(OrderingPolicy(policy), int.from_bytes(base_fee, "big"))
    if ordering.base_fee_wei and ordering.policy != OrderingPolicy.PRIORITY:
        raise DecodeError(f"{ordering.policy.name} order with a base fee, expected none")
    return ordering


def by_priority(_: RollupId) -> Ordering:
    """Where all rollups have the default, and where it does not matter (posts)."""
    return PRIORITY


def value_of(
    ordering: Ordering, fees: tuple[int, int] | None, tx_hash: Hash32, parent_hash: Hash32
) -> int:
    """ORDER-2: a u128. `fees` are max fee and max priority fee in wei per gas, None for bytes that
    are no transaction; `parent_hash` is of the block before."""
    if fees is None:
        return 0
    if ordering.policy is _PRIORITY:
        max_fee, max_priority_fee = fees
        tip = min(max_priority_fee, max_fee - ordering.base_fee_wei)
        return min(max(tip, 0), _MAX_VALUE)
    if ordering.policy is OrderingPolicy.SHUFFLED:
        return int.from_bytes(keccak(parent_hash + tx_hash)[:KEY_BYTES], "big")
    return 0


def order_keys(values: Iterable[tuple[RollupId, int]]) -> list[int]:
    """ORDER-3: the keys of a block's transactions, from the value of each, in their order."""
    keys: list[int] = []
    last: RollupId | None = None
    for rollup, value in values:
        keys.append(min(value, keys[-1]) if rollup == last else value)
        last = rollup
    return keys
