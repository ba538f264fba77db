"""What rollups pay for gas on top of their fees, for bench/gas.py (FEE-2, FEE-3)."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from bench.contracts import EMPTY_PAYLOAD, Deployment, rpc, run

ROLLUPS = 4
"""In each batch."""
BATCHES = 16
"""What nodes charge with one call (SUBMIT-9)."""
PREPAID_WEI = 10**18


def measure_fees(d: Deployment, epoch: int, signers: Sequence[int], gas: dict[str, int]) -> None:
    """Of accounts that have bought and paid before, as most have. In the last call one of them
    runs dry and gets its notice."""
    _start(d)
    for rollup_id in range(1, ROLLUPS + 1):
        if not d.rollups.functions.isRegistered(rollup_id).call():
            register = d.rollups.functions.register(42, "0x" + "00" * 20, False, (0, 0))
            run(register, d.user)
        for _ in range(2):
            gas["prepay"] = run(d.fees.functions.prepay(rollup_id), d.user, PREPAID_WEI)
    _charge(d, epoch, signers, 1)
    gas["charge_1_batch"] = _charge(d, epoch, signers, 1)
    gas[f"charge_{BATCHES}_batches"] = _charge(d, epoch, signers, BATCHES)
    left = d.fees.functions.accountOf(1).call()[1]
    gas["charge_1_batch_notice"] = _charge(d, epoch, signers, 1, first_bytes=left + 1)
    run(d.fees.functions.prepay(1), d.user, PREPAID_WEI)


def _start(d: Deployment) -> None:
    """As if everything before was charged: the position is in slot 0, the index in its low half."""
    at = "0x" + d.index.to_bytes(32, "big").hex()
    rpc(d.w3, "anvil_setStorageAt", d.fees.address, hex(0), at)


def _charge(
    d: Deployment, epoch: int, signers: Sequence[int], count: int, first_bytes: int = 20_000
) -> int:
    """Commit so many batches that use bytes of every rollup, and charge for them at once."""
    batches, usages = [], []
    for _ in range(count):
        sizes = [first_bytes] + [20_000] * (ROLLUPS - 1)
        usage = b"".join(
            rollup_id.to_bytes(4, "big") + size.to_bytes(8, "big")
            for rollup_id, size in enumerate(sizes, 1)
        )
        d.commit(epoch, signers, EMPTY_PAYLOAD, usageHash=keccak(usage))
        assert d.batch is not None
        batches.append(d.batch.as_tuple())
        usages.append(usage)
    return run(d.fees.functions.charge(batches, usages, ROLLUPS), d.submitter)
