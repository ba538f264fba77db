"""Epochs of batches, and their settlement (WORK-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import Parameter
from tests.vectors import reference as ref

ZERO_TALLY = (0, b"\x00" * 20, [])
ALL = (0, 1, 2, 3)


@dataclass(frozen=True)
class Work:
    """In the order of the contract's struct."""

    counts_hash: bytes
    work: int
    commits: int
    absent: int


def commit_epoch(
    network: Network, clock: Clock, sender: Any, epoch: int, rows: Sequence[Sequence[int]]
) -> list[int]:
    """A batch for each row of members, in ``epoch``, whose committee is recorded if need be; the
    bitmaps."""
    start = network.times.start_of(epoch) + 5
    if clock.now < start:
        clock.jump_to(start)
    if int(network.committee.pointerOf(epoch), 16) == 0:
        network.committee.snapshot(epoch, sender=sender)
    for row in rows:
        network.commit(sender=sender, epoch=epoch, signers=row)
    return [ref.bitmap(row) for row in rows]


def close(network: Network, clock: Clock, epoch: int) -> None:
    """No commit of ``epoch`` is possible any more."""
    clock.jump_to(network.times.end_of(epoch) + network.times.commitGraceSeconds)


def settle_epoch(
    network: Network, clock: Clock, sender: Any, epoch: int, rows: Sequence[Sequence[int]]
) -> list[int]:
    """Commit the rows, wait and settle; the words of the counts."""
    bitmaps = commit_epoch(network, clock, sender, epoch, rows)
    close(network, clock, epoch)
    receipt = network.participation.settle(epoch, bitmaps, sender=sender)
    return list(events(receipt, "EpochSettled")[0]["counts"])


def work_of(network: Network, epoch: int) -> Work:
    return Work(*vars(network.participation.workOf(epoch)).values())


def words_of(counts: Sequence[int]) -> list[int]:
    """32 bits each, eight to a word, the first on top."""
    padded = [*counts, *[0] * (-len(counts) % 8)]
    chunks = (padded[at : at + 8] for at in range(0, len(padded), 8))
    return [int.from_bytes(b"".join(c.to_bytes(4, "big") for c in chunk)) for chunk in chunks]


def participation_of(epoch: int, bitmaps: Sequence[int]) -> bytes:
    """WORK-1."""
    found = ref.keccak(epoch.to_bytes(32, "big"))[:20]
    for bitmap in bitmaps:
        found = ref.keccak(found.ljust(32, b"\x00") + bitmap.to_bytes(32, "big"))[:20]
    return found


def set_parameter(network: Network, chain: Any, parameter: Parameter, value: int) -> None:
    """As its timelock does."""
    rpc, timelock = chain.provider.make_request, network.timelock.address
    rpc("anvil_setBalance", [timelock, hex(10**18)])
    rpc("anvil_impersonateAccount", [timelock])
    call = network.parameters.set.encode_input(parameter, value)
    message = {"from": timelock, "to": network.parameters.address, "data": "0x" + call.hex()}
    # No estimate: what is written depends on whether the second is the one of the last change.
    sent = rpc("eth_sendTransaction", [{**message, "gas": hex(1_000_000)}])
    # Where the processor is shared, the answer may come before the block.
    chain.provider.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
    rpc("anvil_stopImpersonatingAccount", [timelock])
    assert network.parameters.value(parameter) == value
