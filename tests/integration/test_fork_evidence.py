"""Above a third of the weight the chain may fork, and L1 then slashes more than a third.

Simulated schedules with the keys and the domain of a deployment; what honest nodes found is
reported to the real contracts, where exactly these members are bonded (SIMPLEX-11, SLASH-1).
"""

import pytest

from sequencer.consensus.pacemaker import Timing
from sequencer.evidence.equivocation import (
    EquivocationEvidence,
    StatementKind,
    dump_equivocation,
    load_equivocation,
    votes_evidence,
)
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.l1.rpc import to_hex
from sequencer.simulation.attackers import Twin
from sequencer.simulation.keys import DeploymentKeys
from sequencer.simulation.world import World
from sequencer.types import Epoch
from tests.integration.l1_world import DEPLOYER, Anvil, deploy, hot_secret, report_call
from tests.sim.scenarios import scenario

ETHER = 10**18
EQUIVOCATION = 1
SEEDS = range(30)
NOTARIZE, NULLIFY, FINALIZE = (
    StatementKind.NOTARIZE,
    StatementKind.NULLIFY,
    StatementKind.FINALIZE,
)
CONTRADICTIONS = {
    frozenset({NOTARIZE}),
    frozenset({FINALIZE}),
    frozenset({FINALIZE, NULLIFY}),
}
"""SLASH-1, of votes: two Notarize, two Finalize, and Finalize with Nullify."""


def fork(deployment: Deployment, weights: tuple[int, ...], twins: tuple[int, ...]) -> list[World]:
    """Schedules of members with these weights in ether, in which the chain forked."""
    secrets = [hot_secret(number) for number in range(len(weights))]
    keys = DeploymentKeys(deployment.domain.separator(), secrets)
    worlds = [
        World(
            scenario(
                seed=seed,
                weights=tuple(weight * ETHER for weight in weights),
                attackers=tuple((seat, Twin) for seat in twins),
                timing=Timing(timeout_ms=150, max_timeout_ms=1_000),
                chaos_ms=1_500,
                load="busy" if seed % 2 else "bursts",
                is_overrun=True,
            ),
            keys=keys,
        )
        for seed in SEEDS
    ]
    for world in worlds:
        assert not world.run().violations
    return [world for world in worlds if world.referee.forks]


def evidence_of(world: World, deployment: Deployment) -> list[EquivocationEvidence]:
    """As a node writes it and a reporter reads it."""
    members = world.committee.members
    files = [
        dump_equivocation(
            votes_evidence(
                deployment.domain, members[found.first.member].signer, found.first, found.second
            )
        )
        for found in world.referee.evidence
    ]
    return [load_equivocation(file) for file in files]


async def committee_hash(anvil: Anvil, deployment: Deployment, epoch: int) -> bytes:
    call = abi.function("Committee", "committeeHash").call(epoch)
    return await read(anvil, deployment.contracts.committee, call)


async def read(anvil: Anvil, to: bytes, call: bytes) -> bytes:
    """The answer of a contract; raises `L1Refused` when it reverts."""
    asked = {"from": to_hex(DEPLOYER), "to": to_hex(to), "data": to_hex(call)}
    return bytes.fromhex(str(await anvil.ask("eth_call", asked, "latest"))[2:])


async def slash(
    anvil: Anvil, deployment: Deployment, evidence: list[EquivocationEvidence], world: World
) -> int:
    """Report all; the weight of those whom L1 then has slashed."""
    slasher, ledger = (
        deployment.contracts.equivocation_slasher,
        deployment.contracts.slashing_ledger,
    )
    for found in evidence:
        await read(anvil, slasher, report_call(found))
    first = {found.signer: found for found in reversed(evidence)}
    sent = [await anvil.send(DEPLOYER, slasher, report_call(found)) for found in first.values()]
    await anvil.mine()
    assert all([await anvil.is_success(one) for one in sent])
    weight = 0
    for position, member in enumerate(world.committee.members):
        call = abi.function("SlashingLedger", "partOf").call(
            world.committee.epoch, position + 1, EQUIVOCATION
        )
        is_slashed = bool(int.from_bytes(await read(anvil, ledger, call), "big"))
        assert is_slashed == (member.signer in first)
        weight += member.weight * is_slashed
    return weight


@pytest.mark.parametrize(
    ("weights", "twins"), [((1,) * 6, (2, 3, 4, 5)), ((3, 2, 2, 1, 1), (0, 1))]
)
async def test_fork__l1_slashes_more_than_a_third(
    anvil: Anvil, weights: tuple[int, ...], twins: tuple[int, ...]
) -> None:
    deployment = await deploy(anvil, [weight * ETHER for weight in weights])
    # Nothing of an epoch is punished before it has begun (LEDGER-1).
    await anvil.mine_at(deployment.schedule.start_of(Epoch(1)) + 1)
    worlds = fork(deployment, weights, twins)
    kinds: set[frozenset[StatementKind]] = set()
    for world in worlds:
        committee = world.committee
        assert committee.hash == await committee_hash(anvil, deployment, committee.epoch)
        evidence = evidence_of(world, deployment)
        kinds |= {
            frozenset({one.first.statement.kind, one.second.statement.kind}) for one in evidence
        }
        before = await anvil.ask("evm_snapshot")
        weight = await slash(anvil, deployment, evidence, world)
        assert 3 * weight > committee.total_weight
        assert await anvil.ask("evm_revert", before)
    assert len(worlds) >= 3
    assert kinds == CONTRADICTIONS
