"""What the constructors refuse: every relation between parameters that a promise rests on

BondRegistry
├── a zero where nothing would be promised: refused
└── unbonding shorter than three epochs, grace and evidence (TIME-4): refused, by one second

SlashingLedger, InsurancePool
├── no slasher, or a zero one, no registry, no ledger: refused
└── a registry with another ledger, insurance of another ledger or registry: refused

Committee
├── no registry: refused
└── sizes that are zero, reversed, or above 128: refused

ForcedInbox
├── a zero where nothing would be promised: refused
├── maxBytes above what a rollup node takes: refused
└── maxGas below the cheapest transaction: refused

RollupRegistry, RollupInbox
└── a zero where nothing would be promised: refused

CommitmentChain, EquivocationSlasher
├── a zero where the fallback would be open to anyone, or to nobody: refused
├── a committee of another registry: refused
├── an inbox that serves another chain: refused
├── parameters whose timelock knows other rollups, or is too short for exit or unbonding: refused
└── a ledger that does not know the slasher: refused

SequencingFees
└── a splitter of another registry: refused

InactivitySlasher
└── a ledger that does not know it, participation in another committee: refused

DataAvailabilityChallenge
├── a ledger that does not know it, a chain of another committee: refused
└── a time of zero, times as long together as evidence lives (DATA-7): refused
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sequencer.deployment.plan import CONTRACTS
from tests.contracts.deployment import create_address
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network
from tests.contracts.settings import (
    DataParameters,
    FallbackParameters,
    FloorParameters,
    InboxParameters,
    Times,
)

ZERO = "0x" + "00" * 20
GOOD_TIMES = Times(genesis=1_000)
GOOD_QUEUE = InboxParameters()
GOOD_FALLBACK = FallbackParameters()


@pytest.mark.parametrize(
    "name", ["genesis", "epochSeconds", "commitGraceSeconds", "evidenceSeconds"]
)
def test_bond_registry__zero_time__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue, name: str
) -> None:
    times = replace(GOOD_TIMES, **{name: 0})
    with faults.expect("ZeroParameter", name=name):
        deployer.deploy(project.BondRegistry, times.as_tuple(), network.parameters, deployer)


def test_bond_registry__zero_address__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="parameters"):
        deployer.deploy(project.BondRegistry, GOOD_TIMES.as_tuple(), ZERO, deployer)
    with faults.expect("ZeroParameter", name="ledger"):
        deployer.deploy(project.BondRegistry, GOOD_TIMES.as_tuple(), network.parameters, ZERO)


def test_bond_registry__short_unbonding__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    t = GOOD_TIMES
    at_least = 3 * t.epochSeconds + t.commitGraceSeconds + t.evidenceSeconds
    with faults.expect("UnbondingTooShort", minimumSeconds=at_least, actualSeconds=at_least - 1):
        short = replace(t, unbondingSeconds=at_least - 1)
        deployer.deploy(project.BondRegistry, short.as_tuple(), network.parameters, deployer)
    enough = replace(t, unbondingSeconds=at_least)
    registry = deployer.deploy(
        project.BondRegistry, enough.as_tuple(), network.parameters, deployer
    )
    assert tuple(vars(registry.times()).values()) == enough.as_tuple()


def test_bond_registry__unbonding_without_end__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    most = 365 * 24 * 3600
    with faults.expect("UnbondingTooLong", maximumSeconds=most, actualSeconds=most + 1):
        long = replace(GOOD_TIMES, unbondingSeconds=most + 1)
        deployer.deploy(project.BondRegistry, long.as_tuple(), network.parameters, deployer)


def test_insurance_pool__zero_address__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="registry"):
        deployer.deploy(project.InsurancePool, ZERO, deployer)
    with faults.expect("ZeroParameter", name="ledger"):
        deployer.deploy(project.InsurancePool, network.registry, ZERO)


@pytest.fixture
def future_ledger(project: Any, deployer: Any, network: Network) -> tuple[Any, str]:
    """A committee whose registry names the ledger that is deployed after one more contract."""
    # Registry, committee, one more; ape runs a reverted creation once more to learn why, one nonce
    # and so one address later.
    ledger = create_address(deployer.address, deployer.nonce + 4)
    registry = deployer.deploy(
        project.BondRegistry, GOOD_TIMES.as_tuple(), network.parameters, ledger
    )
    return deployer.deploy(project.Committee, registry, 1, 1), ledger


def test_slashing_ledger__wrong_wiring__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    actual = network.ledger.address
    with faults.expect("LedgerOfAnotherRegistry", actual=actual):
        deployer.deploy(
            project.SlashingLedger, network.committee, network.insurance, [deployer.address]
        )


def test_slashing_ledger__insurance_of_another_ledger__is_refused(
    project: Any,
    deployer: Any,
    network: Network,
    faults: FaultCatalogue,
    future_ledger: tuple[Any, str],
) -> None:
    committee, ledger = future_ledger
    pool = deployer.deploy(project.InsurancePool, network.registry, network.ledger)
    with faults.expect("InsuranceOfAnotherLedger", expected=ledger, actual=network.ledger.address):
        deployer.deploy(project.SlashingLedger, committee, pool, [deployer.address])


def test_slashing_ledger__insurance_of_another_registry__is_refused(
    project: Any,
    deployer: Any,
    network: Network,
    faults: FaultCatalogue,
    future_ledger: tuple[Any, str],
) -> None:
    committee, ledger = future_ledger
    pool = deployer.deploy(project.InsurancePool, network.registry, ledger)
    with faults.expect("InsuranceOfAnotherRegistry", actual=network.registry.address):
        deployer.deploy(project.SlashingLedger, committee, pool, [deployer.address])


@pytest.mark.parametrize(("name", "slashers"), [("slashers", []), ("slasher", [ZERO])])
def test_slashing_ledger__no_slasher__is_refused(
    project: Any,
    deployer: Any,
    faults: FaultCatalogue,
    future_ledger: tuple[Any, str],
    name: str,
    slashers: list[str],
) -> None:
    committee, ledger = future_ledger
    pool = deployer.deploy(project.InsurancePool, committee.registry(), ledger)
    with faults.expect("ZeroParameter", name=name):
        deployer.deploy(project.SlashingLedger, committee, pool, slashers)


def test_committee__no_registry__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="registry"):
        deployer.deploy(project.Committee, ZERO, 1, 1)


@pytest.mark.parametrize("sizes", [(0, 4), (5, 4), (1, 129)])
def test_committee__bad_sizes__are_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue, sizes: tuple[int, int]
) -> None:
    with faults.expect("SizesOutOfRange", minSize=sizes[0], maxSize=sizes[1], maximum=128):
        deployer.deploy(project.Committee, network.registry, *sizes)


@pytest.mark.parametrize(
    "name", ["forceWindowSeconds", "baseFeeWei", "congestionTarget", "maxBytes"]
)
def test_forced_inbox__zero_parameter__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue, name: str
) -> None:
    queue = replace(GOOD_QUEUE, **{name: 0})
    with faults.expect("ZeroParameter", name=name):
        deployer.deploy(project.ForcedInbox, network.rollups, deployer.address, queue.as_tuple())


def test_forced_inbox__zero_address__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="rollups"):
        deployer.deploy(project.ForcedInbox, ZERO, deployer.address, GOOD_QUEUE.as_tuple())
    with faults.expect("ZeroParameter", name="chain"):
        deployer.deploy(project.ForcedInbox, network.rollups, ZERO, GOOD_QUEUE.as_tuple())


def test_forced_inbox__bounds_that_cannot_work__are_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    def deploy(queue: InboxParameters) -> None:
        deployer.deploy(project.ForcedInbox, network.rollups, deployer.address, queue.as_tuple())

    with faults.expect("MaxBytesOutOfRange", maximum=131_072, actual=131_073):
        deploy(replace(GOOD_QUEUE, maxBytes=131_073))
    with faults.expect("MaxGasOutOfRange", minimum=21_000, actual=20_999):
        deploy(replace(GOOD_QUEUE, maxGas=20_999))
    deploy(replace(GOOD_QUEUE, maxBytes=131_072, maxGas=21_000))


def test_forced_inbox__parameters__are_readable(network: Network) -> None:
    assert tuple(vars(network.inbox.parameters()).values()) == network.queue.as_tuple()


def test_rollup_registry__no_delay__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="exitDelaySeconds"):
        deployer.deploy(project.RollupRegistry, 0)


def test_sequencing_fees__splitter_of_another_registry__is_refused(
    project: Any,
    deployer: Any,
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
) -> None:
    other = deploy_network()
    with faults.expect("SplitterOfAnotherRegistry", actual=other.registry.address):
        deployer.deploy(project.SequencingFees, network.chain, other.splitter)


def test_rollup_inbox__zero_parameter__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    floor = FloorParameters()
    wiring = {"rollups": network.rollups.address, "chain": network.chain.address}
    for name in wiring:
        with faults.expect("ZeroParameter", name=name):
            addresses = {**wiring, name: ZERO}.values()
            deployer.deploy(project.RollupInbox, *addresses, floor.as_tuple())
    with faults.expect("ZeroParameter", name="floorWei"):
        free = replace(floor, floorWei=0)
        deployer.deploy(project.RollupInbox, *wiring.values(), free.as_tuple())
    assert tuple(vars(network.posts.parameters()).values()) == network.floor.as_tuple()


@pytest.mark.parametrize("name", ["livenessSeconds", "overdueSeconds", "tailSeconds"])
def test_commitment_chain__zero_parameter__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue, name: str
) -> None:
    wiring = (network.registry, network.committee, network.inbox)
    with faults.expect("ZeroParameter", name=name):
        fallback = replace(GOOD_FALLBACK, **{name: 0})
        deployer.deploy(project.CommitmentChain, *wiring, fallback.as_tuple())


def test_commitment_chain__longest_tail__lets_a_commit_pass(
    deploy_network: Callable[..., Network], network: Network, clock: Clock, user: Any
) -> None:
    # No sum of a time and a tail may come near FOREVER, or the first commit would revert.
    longest = replace(GOOD_FALLBACK, tailSeconds=2**32 - 1)
    other = deploy_network(genesis=clock.now + 500, fallback=longest)
    other.members = network.members
    for actor in other.members:
        other.bond(actor)
    clock.jump_to(other.times.genesis + 1)
    other.committee.snapshot(0, sender=user)
    other.enter_based(clock, user)
    receipt = other.commit(sender=user)
    assert other.chain.health().basedUntil == receipt.timestamp + 2**32 - 1
    assert tuple(vars(other.chain.fallbackParameters()).values()) == longest.as_tuple()


def test_commitment_chain__wrong_wiring__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    fallback = GOOD_FALLBACK.as_tuple()
    with faults.expect("InboxOfAnotherChain", actual=network.chain.address):
        deployer.deploy(
            project.CommitmentChain, network.registry, network.committee, network.inbox, fallback
        )
    other = deployer.deploy(
        project.BondRegistry, GOOD_TIMES.as_tuple(), network.parameters, deployer
    )
    with faults.expect(
        "CommitteeOfAnotherRegistry", expected=other.address, actual=network.registry.address
    ):
        deployer.deploy(project.CommitmentChain, other, network.committee, network.inbox, fallback)


def test_commitment_chain__hasty_parameters__are_refused(
    project: Any,
    deployer: Any,
    network: Network,
    faults: FaultCatalogue,
) -> None:
    """PARAM-1: the timelock's floor is that of the rollups and epochs which the chain has."""

    def deploy(rollups: Any, margin: int) -> Any:
        values = network.parameters.values()
        wiring = (10**6, margin, rollups, [deployer])
        timelock = deployer.deploy(project.ParameterTimelock, *wiring)
        parameters = deployer.deploy(project.Parameters, timelock, values)
        times = network.times.as_tuple()
        registry = deployer.deploy(project.BondRegistry, times, parameters, deployer)
        committee = deployer.deploy(project.Committee, registry, 4, 64)
        # Chain and inbox know each other: the inbox names who comes after it, and ape runs a
        # reverted creation once more to learn why, one nonce and so one address later.
        queue = GOOD_QUEUE.as_tuple()
        chain = create_address(deployer.address, deployer.nonce + 2)
        inbox = deployer.deploy(project.ForcedInbox, network.rollups, chain, queue)
        fallback = GOOD_FALLBACK.as_tuple()
        return deployer.deploy(project.CommitmentChain, registry, committee, inbox, fallback)

    least = network.times.unbondingSeconds + 2 * network.times.epochSeconds
    margin = least - network.exit_delay
    others = deployer.deploy(project.RollupRegistry, network.exit_delay)
    with faults.expect(
        "TimelockOfOtherRollups", expected=network.rollups.address, actual=others.address
    ):
        deploy(others, margin)
    with faults.expect("TimelockFloorTooShort", minimumSeconds=least, actualSeconds=least - 1):
        deploy(network.rollups, margin - 1)


def test_equivocation_slasher__unknown_to_its_ledger__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue
) -> None:
    with faults.expect("UnknownToLedger", ledger=network.ledger.address):
        deployer.deploy(project.EquivocationSlasher, network.ledger)


def test_inactivity_slasher__wrong_wiring__is_refused(
    project: Any,
    deployer: Any,
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
) -> None:
    with faults.expect("UnknownToLedger", ledger=network.ledger.address):
        deployer.deploy(project.InactivitySlasher, network.ledger, network.participation)
    # ape runs a reverted creation once more to learn why, one nonce and so one address later.
    nonce = deployer.nonce + len(CONTRACTS)
    following = [create_address(deployer.address, nonce + n) for n in (0, 1)]
    other = deploy_network(extra_slashers=following)
    with faults.expect(
        "ParticipationOfAnotherCommittee",
        expected=other.committee.address,
        actual=network.committee.address,
    ):
        deployer.deploy(project.InactivitySlasher, other.ledger, network.participation)


def test_data_availability_challenge__wrong_wiring__is_refused(
    project: Any,
    deployer: Any,
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
) -> None:
    held = network.held.as_tuple()
    with faults.expect("UnknownToLedger", ledger=network.ledger.address):
        deployer.deploy(project.DataAvailabilityChallenge, network.ledger, network.chain, held)
    # ape runs a reverted creation once more to learn why, one nonce and so one address later.
    nonce = deployer.nonce + len(CONTRACTS)
    following = [create_address(deployer.address, nonce + n) for n in (0, 1)]
    other = deploy_network(extra_slashers=following)
    with faults.expect(
        "ChainOfAnotherCommittee",
        expected=other.committee.address,
        actual=network.committee.address,
    ):
        deployer.deploy(project.DataAvailabilityChallenge, other.ledger, network.chain, held)


@pytest.mark.parametrize("name", ["windowSeconds", "answerSeconds"])
def test_data_availability_challenge__zero_parameter__is_refused(
    project: Any, deployer: Any, network: Network, faults: FaultCatalogue, name: str
) -> None:
    held = replace(network.held, **{name: 0}).as_tuple()
    with faults.expect("ZeroParameter", name=name):
        deployer.deploy(project.DataAvailabilityChallenge, network.ledger, network.chain, held)


def test_data_availability_challenge__as_long_as_evidence_lives__is_refused(
    project: Any,
    deployer: Any,
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
) -> None:
    life = network.times.evidenceSeconds
    # Two times that overflow together are too long, not short.
    for times in ((life - 60, 60), (2**64 - 1, 1)):
        with faults.expect("TimesTooLong", maximum=life - 1, actual=sum(times)):
            wiring = (network.ledger, network.chain)
            deployer.deploy(project.DataAvailabilityChallenge, *wiring, times)
    longest = DataParameters(windowSeconds=life - 61, answerSeconds=60)
    other = deploy_network(held=longest)
    assert tuple(vars(other.data.parameters()).values()) == longest.as_tuple()
    assert other.data.committee() == other.committee
