"""Carry a plan out against an L1 endpoint that holds the deployer's key, which is Anvil."""

from collections.abc import Mapping

from eth_utils.address import to_checksum_address

from sequencer.deployment.artifacts import Artifact
from sequencer.deployment.plan import Plan, init_codes
from sequencer.deployment.transactions import L1, send, wait
from sequencer.deployment.wiring import questions
from sequencer.errors import LocalFault

CREATION_GAS = 8_000_000
"""Enough for the largest contract. An estimate would need the ones before it to be mined."""


async def create_all(l1: L1, plan: Plan, artifacts: Mapping[str, Artifact]) -> int:
    """Send every creation at once, wait, and check the addresses; returns the first block.

    Raises `LocalFault` when a creation fails.
    """
    sent = [
        await send(
            l1,
            f"creating {creation.name}",
            plan.deployer,
            None,
            code,
            gas=CREATION_GAS,
            nonce=creation.nonce,
        )
        for creation, code in zip(plan.creations, init_codes(plan, artifacts), strict=True)
    ]
    receipts = await wait(l1, sent)
    for creation, receipt in zip(plan.creations, receipts, strict=True):
        if receipt["contractAddress"] != to_checksum_address(creation.address):
            raise LocalFault(
                f"{creation.name} is at {receipt['contractAddress']},"
                f" planned was 0x{creation.address.hex()}"
            )
    return min(receipt["blockNumber"] for receipt in receipts)


async def check_wiring(l1: L1, plan: Plan, artifacts: Mapping[str, Artifact]) -> None:
    """Read everything back; raises `LocalFault` at the first answer that is not as planned."""
    for question in questions(plan, artifacts):
        output = await l1.eth.call(
            {"to": to_checksum_address(question.address), "data": question.call_data()}
        )
        question.check(bytes(output))
