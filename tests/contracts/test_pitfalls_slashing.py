"""Faults of slashing elsewhere (docs/spec/pitfalls.md), each tried against these contracts

P9 evidence used twice, P10 rewards taken by the wrong one, P16 parameters that change what is
past, P17 slashers wired so that they never run. The number in a name is that of the pitfall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import chain_of, challenge_held, commit_blocks
from tests.contracts.network import (
    ZERO,
    Actor,
    Clock,
    Consequence,
    Network,
    Offence,
    Status,
    events,
)
from tests.contracts.settings import ETHER, VALUES, Parameter
from tests.contracts.timelock import Change
from tests.vectors import reference as ref

A, B = b"\xaa" * 32, b"\xbb" * 32
SALT = b"\x05" * 32
# What one of four equal members with ten ether loses by signing twice (settings.VALUES).
SLASH = 10 * ETHER * 35 // 100

Evidence = tuple[tuple[Any, ...], tuple[Any, ...]]


@pytest.fixture
def double_vote(network: Network, alice: Actor) -> Evidence:
    first, second = (
        network.signed(alice, network.statement("Notarize", 3, content)) for content in (A, B)
    )
    return first, second


def commit_report(network: Network, evidence: Evidence, reporter: Any) -> None:
    evidence_hash = network.slasher.evidenceHash(*evidence)
    commitment = network.slasher.reportCommitment(reporter, SALT, evidence_hash)
    network.slasher.commitReport(commitment, sender=reporter)


def test_p09_evidence__convicts_once(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    votes = [
        network.signed(alice, network.statement("Notarize", view, content))
        for view in (3, 4)
        for content in (A, B)
    ]
    network.slasher.report(votes[0], votes[1], SALT, sender=reporter)
    # Again, the other way round, and for another view of the same epoch.
    for pair in (votes[:2], votes[1::-1], votes[2:]):
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
            network.slasher.report(*pair, SALT, sender=reporter)
    with faults.expect("NothingToEscalate"):
        network.ledger.escalate(0, 1, Offence.EQUIVOCATION, sender=reporter)
    assert network.registry.stake(1).ownWei == 10 * ETHER - SLASH


def test_p09_slash__calls_nobody_it_pays(
    network: Network, contract_actor: Any, test_slasher: Any, user: Any
) -> None:
    # Reporter and victim are one contract, which would re-enter with any ether, or refuse it.
    escalate = network.ledger.escalate.encode_input(0, 1, Offence.EQUIVOCATION)
    contract_actor.reenter(network.ledger, escalate, sender=user)
    contract_actor.refuseEther(True, sender=user)
    network.slash(
        1,
        reporter=contract_actor,
        victim=contract_actor,
        loss_wei=100 * ETHER,
        sender=test_slasher,
    )
    network.slash(2, sender=test_slasher)
    contract_actor.execute(network.ledger, escalate, sender=user)
    network.insurance.pay(10, sender=user)
    assert (contract_actor.balance, contract_actor.reentered()) == (0, 0)
    assert network.ledger.credit(contract_actor) == network.ledger.balance > SLASH // 2
    assert network.insurance.credit(contract_actor) > 0


def test_p10_copied_report__earns_nothing(
    network: Network, reporter: Any, stranger: Any, double_vote: Evidence
) -> None:
    commit_report(network, double_vote, reporter)
    # The copy is in front, salt and all, but the commitment names its reporter.
    receipt = network.slasher.report(*double_vote, SALT, sender=stranger)
    assert network.ledger.credit(stranger) == network.ledger.credit(reporter) == 0
    split = list(events(receipt, "OperatorSlashed")[0]["split"])
    assert split == [0, 0, SLASH // 5, SLASH - SLASH // 5]


def test_p10_commitment_in_the_block_of_the_report__earns_nothing(
    network: Network, chain: Any, stranger: Any, double_vote: Evidence
) -> None:
    evidence = network.slasher.evidenceHash(*double_vote)
    commitment = network.slasher.reportCommitment(stranger, SALT, evidence)
    calls = [
        network.slasher.commitReport.encode_input(commitment),
        network.slasher.report.encode_input(*double_vote, SALT),
    ]
    rpc = chain.provider.make_request
    rpc("evm_setAutomine", [False])
    try:
        for nonce, call in enumerate(calls, start=stranger.nonce):
            transaction = {"from": stranger.address, "to": network.slasher.address}
            transaction |= {"data": call.hex(), "nonce": hex(nonce), "gas": hex(10**6)}
            rpc("eth_sendTransaction", [transaction])
        chain.mine()
    finally:
        rpc("evm_setAutomine", [True])
    assert network.slasher.committedIn(commitment) == chain.blocks.head.number
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) > 0
    assert network.ledger.credit(stranger) == 0


def test_p10_slashing_oneself__costs_and_does_not_shorten_an_exit(
    network: Network, alice: Actor, double_vote: Evidence
) -> None:
    commit_report(network, double_vote, alice.account)
    receipt = network.slasher.report(*double_vote, SALT, sender=alice.account)
    operator = network.registry.operator(1)
    assert operator.status == Status.EJECTED
    assert operator.releaseAt == receipt.timestamp + network.times.unbondingSeconds
    back = network.ledger.credit(alice.account)
    assert (back, network.registry.stake(1).ownWei) == (SLASH // 10, 10 * ETHER - SLASH)


def test_p10_slashing_oneself__at_the_delegators_cost__loses_too(
    network: Network, stranger: Any, alice: Actor, double_vote: Evidence
) -> None:
    # A tenth of all that was slashed would be three and a half ether, all that it loses.
    network.delegate(1, 90 * ETHER, sender=stranger)
    commit_report(network, double_vote, alice.account)
    receipt = network.slasher.report(*double_vote, SALT, sender=alice.account)
    assert sum(events(receipt, "OperatorSlashed")[0]["split"]) == 10 * SLASH
    assert network.ledger.credit(alice.account) == SLASH // 10


def test_p10_jailing_oneself__releases_nothing_sooner(
    network: Network, test_slasher: Any, alice: Actor
) -> None:
    receipt = network.registry.undelegate(1, 4 * ETHER, sender=alice.account)
    (before,) = events(receipt, "Undelegated")
    network.slash(1, consequence=Consequence.JAIL, sender=test_slasher)
    exited = network.registry.initiateExit(sender=alice.account)
    assert network.registry.ticketOf(before["ticket"]).releaseAt == before["releaseAt"]
    release_at = network.registry.operator(1).releaseAt
    assert release_at == exited.timestamp + network.times.unbondingSeconds


def test_p16_parameter_changed_after_the_offence__does_not_judge_it(
    network: Network, clock: Clock, deployer: Any, test_slasher: Any, reporter: Any, user: Any
) -> None:
    # Proposed in epoch 0, in force within epoch 5: what was done in epoch 4, and what is done in
    # epoch 5, costs and pays what it did when those epochs began.
    changes = [
        Change.of(network, Parameter.EQUIVOCATION_BASE_BPS, 5_000),
        Change.of(network, Parameter.CORRELATION_BPS, 0),
        Change.of(network, Parameter.REWARD_BPS, 1_500),
        Change.of(network, Parameter.INSURANCE_BPS, 0),
    ]
    ready_at = [change.schedule(network, sender=deployer) for change in changes][-1]
    for epoch in range(1, 6):
        clock.jump_to(network.times.start_of(epoch) - 1)
        network.committee.snapshot(epoch, sender=user)
    clock.jump_to(ready_at)
    for change in changes:
        change.execute(network, sender=deployer)
    assert network.times.start_of(5) < clock.now < network.times.end_of(5)
    assert network.parameters.value(Parameter.EQUIVOCATION_BASE_BPS) == 5_000

    for id_, epoch in ((1, 4), (2, 5)):
        receipt = network.slash(id_, epoch=epoch, reporter=reporter, sender=test_slasher)
        split = list(events(receipt, "OperatorSlashed")[0]["split"])
        assert split[:3] == [SLASH // 10, 0, SLASH // 5]
        assert sum(split) == SLASH
    # So does what is added to it (LEDGER-3).
    network.slash(3, epoch=4, sender=test_slasher)
    network.ledger.escalate(4, 1, Offence.EQUIVOCATION, sender=user)
    assert network.ledger.partOf(4, 1, Offence.EQUIVOCATION) == 6_000

    network.committee.snapshot(6, sender=user)
    clock.jump_to(network.times.start_of(6) + 1)
    receipt = network.slash(4, epoch=6, reporter=reporter, sender=test_slasher)
    assert list(events(receipt, "OperatorSlashed")[0]["split"]) == [
        75 * ETHER // 100,
        0,
        0,
        425 * ETHER // 100,
    ]


def test_p16_claim_filed__stays_whatever_the_cap_becomes(
    network: Network, clock: Clock, deployer: Any, test_slasher: Any, user: Any
) -> None:
    change = Change.of(network, Parameter.CLAIM_CAP_WEI, 0)
    ready_at = change.schedule(network, sender=deployer)
    network.slash(
        1,
        offence=Offence.PROMISE,
        consequence=Consequence.NONE,
        victim=user,
        loss_wei=100 * ETHER,
        sender=test_slasher,
    )
    owed = network.insurance.account().obligationsWei
    clock.jump_to(ready_at)
    change.execute(network, sender=deployer)
    network.insurance.fund(value=ETHER, sender=deployer)
    network.insurance.pay(1, sender=deployer)
    assert network.insurance.credit(user) == owed == ETHER // 2


@pytest.fixture
def real(
    deploy_network: Callable[..., Network], network: Network, clock: Clock, reporter: Any
) -> Network:
    """Wired as in production: the slashers alone, at their predicted addresses."""
    real = deploy_network(genesis=clock.now + 500)
    real.members = network.members
    for actor in real.members:
        real.bond(actor)
    clock.jump_to(real.times.genesis + 1)
    real.committee.snapshot(0, sender=reporter)
    return real


def test_p17_equivocation_slasher__reaches_a_bond(real: Network, reporter: Any) -> None:
    assert real.ledger.isSlasher(real.slasher)
    first, second = (
        real.signed(real.members[2], real.statement("Finalize", 1, content)) for content in (A, B)
    )
    real.slasher.report(first, second, SALT, sender=reporter)
    assert real.registry.operator(3).status == Status.EJECTED
    assert real.registry.stake(3).ownWei == 10 * ETHER - SLASH
    assert real.insurance.balance == SLASH // 5


def test_p17_data_challenge__reaches_a_bond(
    real: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    assert real.ledger.isSlasher(real.data)
    blocks = chain_of([[(1, b"one"), (2, b"two")]])
    real.rollups.register(42, ZERO, False, (0, 0), sender=user)
    batch = commit_blocks(real, blocks, submitter)
    challenge_held(real, blocks, 0, 0, user, batches=[batch])
    clock.jump_to(clock.now + real.held.answerSeconds)
    id_ = blocks[0].challenge_id(0)
    real.data.settle(id_, sender=user)
    signature = ref.sign(real.members[1].key, real.attestation_digest(batch, 0))
    real.data.punish(id_, 0, signature, sender=user)
    assert real.registry.operator(2).status == Status.JAILED
    lost = 10 * ETHER * VALUES[Parameter.DATA_BASE_BPS] // 10_000
    assert real.registry.stake(2).ownWei == 10 * ETHER - lost
    assert real.ledger.credit(user) == lost // 10


def test_p17_every_slasher_of_the_deployment__is_known(real: Network) -> None:
    for slasher in (real.slasher, real.data, real.inactivity):
        assert real.ledger.isSlasher(slasher)
        assert slasher.ledger() == real.ledger.address
    assert real.registry.ledger() == real.insurance.ledger() == real.ledger.address
    assert real.parameters.timelock() == real.timelock.address
