"""Batches that use bytes of rollups, and the charges for them (FEE-1, FEE-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.contracts.network import Network
from tests.contracts.settings import Parameter
from tests.vectors import reference as ref

Used = dict[int, int]
"""Bytes by rollup."""


@dataclass(frozen=True)
class UsedBatch:
    """A committed batch and what it stands for."""

    batch: ref.Batch
    usage: bytes


def usage_of(used: Used) -> bytes:
    """ENC-12, in the order given."""
    return b"".join(
        rollup_id.to_bytes(4, "big") + size.to_bytes(8, "big") for rollup_id, size in used.items()
    )


def commit_usage(network: Network, sender: Any, usage: bytes) -> UsedBatch:
    """Commit the next batch with this usage, whatever it says."""
    batch = network.next_batch(usageHash=ref.keccak(usage))
    network.commit(batch, sender=sender)
    return UsedBatch(batch, usage)


def commit_used(network: Network, sender: Any, *used: Used) -> list[UsedBatch]:
    """A batch for each."""
    return [commit_usage(network, sender, usage_of(one)) for one in used]


def charge(
    network: Network, sender: Any, batches: Sequence[UsedBatch], entries: int = 2**64
) -> Any:
    return network.fees.charge(
        [one.batch.as_tuple() for one in batches],
        [one.usage for one in batches],
        entries,
        sender=sender,
    )


def prepay(network: Network, sender: Any, rollup_id: int, amount_wei: int) -> Any:
    return network.fees.prepay(rollup_id, value=amount_wei, sender=sender)


def price(network: Network) -> int:
    """Of a byte, now."""
    return int(network.parameters.value(Parameter.FEE_WEI_PER_BYTE))


@dataclass(frozen=True)
class Account:
    """In the order of the contract's struct."""

    paid_wei: int = 0
    left: int = 0
    arrears: int = 0
    rest_wei: int = 0
    drop_at: int = 0


def account(network: Network, rollup_id: int) -> Account:
    return Account(*vars(network.fees.accountOf(rollup_id)).values())


def check_balance(network: Network, *rollup_ids: int) -> None:
    """FEE-7."""
    accounts = [account(network, rollup_id) for rollup_id in rollup_ids]
    assert network.fees.balance == sum(a.paid_wei + a.rest_wei for a in accounts)
