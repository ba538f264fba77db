"""Attempts at InactivitySlasher: every epoch and member of a committee that all sign in (WORK-3,
IDLE-1)."""

from collections.abc import Iterator
from random import Random

from sequencer.l1 import abi
from sequencer.types import MAX_MEMBERS, Epoch
from tests.honest.chain import Chain
from tests.honest.ground import Attempt, Ground

KIND = "inactivity"
UNSETTLED = 40
"""Epochs after those that are over."""
_SETTLE = abi.function("Participation", "settle")
_PUNISH = abi.function("InactivitySlasher", "punish")
SETTLE_GAS = 2_000_000


def punish(ground: Ground, epoch: int, member: int, expected: str) -> Attempt:
    slasher = ground.deployment.contracts.inactivity_slasher
    about = f"member {member} in epoch {epoch}"
    return Attempt(KIND, slasher, _PUNISH.call(epoch, member), frozenset({expected}), about)


async def settle(chain: Chain) -> list[Epoch]:
    """Wait until no epoch of the chain can have more commits, and settle all that had one."""
    ground = chain.ground
    participation = ground.deployment.contracts.participation
    await ground.wait_for_end(max(chain.signers))
    calls = [
        Attempt(KIND, participation, _SETTLE.call(epoch, signers), frozenset(), f"epoch {epoch}")
        for epoch, signers in chain.signers.items()
        if epoch not in chain.settled
    ]
    await ground.carry_out(calls, SETTLE_GAS)
    chain.settled.update(chain.signers)
    return list(chain.signers)


async def attempts(chain: Chain, random: Random) -> Iterator[Attempt]:
    """First the members of settled epochs; then others, and other epochs, without end."""
    epochs = await settle(chain)
    return _stream(chain, epochs, random)


def _stream(chain: Chain, epochs: list[Epoch], random: Random) -> Iterator[Attempt]:
    ground = chain.ground
    for epoch in epochs:
        for member in range(len(ground.signers)):
            yield punish(ground, epoch, member, "NotAbsent")
    while True:
        later = Epoch(max(epochs) + random.randint(1, UNSETTLED))
        epoch = random.choice((*epochs, later))
        member = random.choice((random.randrange(MAX_MEMBERS), random.randrange(2**256)))
        yield punish(ground, epoch, member, "NotSettled" if epoch == later else "NotAbsent")
