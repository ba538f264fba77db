"""A watchtower's reports when L1 goes back (WATCH-2).

L1 takes back
├── the report, or its commitment too: sent again, also after a restart; paid for and paid once
├── the report, and another's comes in its place: settled, and nothing more is paid
├── another's report: ours is sent
└── a settlement of a promise, or its price too: sent again
"""

from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.evidence.promise import PromiseEvidence
from sequencer.l1.promises import find_challenge
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, BatchIndex, Epoch, Height
from sequencer.watch.store import Status
from tests.integration.l1_world import DEPLOYER, ROLLUP, SECRETS, World, report_call
from tests.integration.tower import CONFIRMATIONS, OFFENDER, Tower, evidence_of

VICTIM, VALUE_WEI = Address(b"\x0b" * 20), 10**15


class Branches:
    """L1 as it was at some block, to go back to: what was mined since is forgotten."""

    def __init__(self, world: World) -> None:
        self._anvil = world.anvil
        self._point = ""

    async def keep(self) -> None:
        self._point = str(await self._anvil.ask("evm_snapshot"))

    async def go_back(self) -> None:
        """To another branch of the same length, at most: of empty blocks."""
        await self._anvil.ask("evm_revert", self._point)
        await self._anvil.mine(seconds=13)


@pytest.mark.parametrize("is_commitment_lost", [False, True])
async def test_report__taken_back__is_sent_again_and_paid_once(
    tower: Tower, tmp_path: Path, *, is_commitment_lost: bool
) -> None:
    evidence = evidence_of(tower.world)
    tower.files.keep(evidence)
    operator_id = await tower.contracts.operator_of(evidence.signer)
    branches = Branches(tower.world)
    if is_commitment_lost:
        await branches.keep()
    assert (await tower.step()).status is Status.BEGUN
    if not is_commitment_lost:
        await branches.keep()
    shown = await tower.step()
    assert shown.status is Status.PENDING
    await tower.world.anvil.mine(CONFIRMATIONS - 1)
    assert await tower.step() == shown
    await branches.go_back()
    assert not await tower.contracts.is_slashed(evidence.epoch, operator_id, evidence.offence)
    tower.store.close()

    again = Tower(tower.world, tmp_path)
    if is_commitment_lost:
        assert (await again.step()).status is Status.BEGUN
    assert (await again.step()).status is Status.PENDING
    done = await again.later()
    assert done.status is Status.REPORTED
    assert await again.contracts.credit(again.address) == done.reward_wei == shown.reward_wei > 0
    assert (await again.later(), await again.sent()) == (done, 2)
    await again.close()


async def test_report__taken_back_and_another_is_in_its_place__is_settled(tower: Tower) -> None:
    evidence = evidence_of(tower.world)
    tower.files.keep(evidence)
    await tower.step()
    branches = Branches(tower.world)
    await branches.keep()
    assert (await tower.step()).status is Status.PENDING
    await branches.go_back()
    slasher = tower.contracts.address("EquivocationSlasher")
    await tower.world.anvil.send(DEPLOYER, slasher, report_call(evidence))
    await tower.world.anvil.mine()
    assert (await tower.step()).status is Status.PENDING
    assert (await tower.later()).status is Status.SETTLED
    assert (await tower.sent(), await tower.contracts.credit(tower.address)) == (1, 0)


async def test_report_of_another__taken_back__ours_is_sent(tower: Tower) -> None:
    branches = Branches(tower.world)
    await branches.keep()
    await tower.world.report_double_attestation(OFFENDER)
    tower.files.keep(evidence_of(tower.world))
    assert (await tower.step()).status is Status.PENDING
    await branches.go_back()
    statuses = [(await tower.step()).status for _ in range(2)]
    assert statuses == [Status.BEGUN, Status.PENDING]
    assert (await tower.later()).status is Status.REPORTED
    assert await tower.contracts.credit(tower.address) > 0


def promise_of(world: World) -> PromiseEvidence:
    """What a member promised, and no batch has."""
    view, signer = world.nodes[0].view, Signer(SECRETS[OFFENDER])
    assert view.head is not None
    committee = view.committee_at(Epoch(0), view.head.number)
    assert committee is not None
    said = InclusionPromise(Epoch(0), ROLLUP, keccak(b"never"), Height(1), VICTIM, VALUE_WEI)
    signature = signer.sign(said.digest(world.separator, committee.hash))
    signed = SignedPromise(said, committee.hash, signature)
    return PromiseEvidence(world.deployment.domain, signer.address, signed)


@pytest.mark.parametrize("is_price_lost", [False, True])
async def test_settlement__taken_back__is_sent_again(tower: Tower, *, is_price_lost: bool) -> None:
    world, evidence = tower.world, promise_of(tower.world)
    batch = world.certified[world.batch(world.block())][0]
    await world.nodes[BatchIndex(1) % 4].step()
    await tower.challenge(evidence, batch)
    tower.files.keep(evidence)
    assert (await tower.step()).status is Status.BEGUN, "it may still be answered"
    promise_id = evidence.id(OFFENDER + 1)
    asked = await find_challenge(tower.client, world.deployment, promise_id)
    await world.anvil.mine_at(asked.deadline)
    branches = Branches(world)
    if is_price_lost:
        await branches.keep()
    else:
        await tower.reclaim(promise_id, asked)
        await branches.keep()
    assert (await tower.step()).status is Status.PENDING
    sent = await tower.sent()
    assert (await tower.step()).status is Status.PENDING
    await branches.go_back()
    assert await tower.contracts.read("PromiseSlasher", "statusOf", promise_id) == (
        1,
        not is_price_lost,
    )
    assert (await tower.step()).status is Status.PENDING
    assert (await tower.later()).status is Status.REPORTED
    assert await tower.sent() == sent
    assert await tower.contracts.read("PromiseSlasher", "statusOf", promise_id) == (3, True)
    assert await tower.contracts.read("SlashingLedger", "credit", VICTIM) == VALUE_WEI
