"""Carry a plan out against an L1 endpoint that holds the deployer's key."""

from collections.abc import Mapping, Sequence

from sequencer.deployment.artifacts import Artifact
from sequencer.deployment.endpoint import Mined, Sent, UnlockedEndpoint
from sequencer.deployment.plan import Plan, init_codes
from sequencer.deployment.wiring import questions
from sequencer.errors import LocalFault

CREATION_GAS = 8_000_000
"""Enough for the largest contract. An estimate would need the ones before it to be mined."""


async def send_creations(
    l1: UnlockedEndpoint, plan: Plan, artifacts: Mapping[str, Artifact]
) -> list[Sent]:
    """Send every creation at once; raises `LocalFault` when one is refused."""
    return [
        await l1.send(
            f"creating {creation.name}",
            plan.deployer,
            None,
            code,
            gas=CREATION_GAS,
            nonce=creation.nonce,
        )
        for creation, code in zip(plan.creations, init_codes(plan, artifacts), strict=True)
    ]


def check_creations(plan: Plan, mined: Sequence[Mined]) -> int:
    """The first block of the deployment; raises `LocalFault` when an address is not as planned."""
    for creation, one in zip(plan.creations, mined, strict=True):
        if one.created != creation.address:
            found = "nowhere" if one.created is None else f"at 0x{one.created.hex()}"
            raise LocalFault(f"{creation.name} is {found}, planned was 0x{creation.address.hex()}")
    return min(one.block_number for one in mined)


async def check_wiring(l1: UnlockedEndpoint, plan: Plan, artifacts: Mapping[str, Artifact]) -> None:
    """Read everything back; raises `LocalFault` at the first answer that is not as planned."""
    for question in questions(plan, artifacts):
        question.check(await l1.call(question.address, question.call_data()))
