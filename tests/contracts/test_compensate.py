"""SlashingLedger.compensate, releasePot and potOf (LEDGER-9)

compensate
├── when the caller is no slasher: refused
├── when nothing was slashed: slashes
├── when the slash had no victim: nobody is paid
└── victims are paid in the order they are named, and claim what is missing
    ├── each at most its loss, and CLAIM_CAP_WEI of the rest
    └── together at most what LEDGER-7 leaves

releasePot
├── while evidence of the epoch is heard: refused, to the second
├── when nothing is left: refused
└── what is left goes to the insurance, once
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Clock, Consequence, Network, Offence, events
from tests.contracts.settings import ETHER

PROMISE = Offence.PROMISE
SLASH = 10 * ETHER * 2_000 // 10_000
POT = SLASH * 7 // 10
"""Set apart: the victims' part, and what will be the insurance's."""
CLAIMABLE = SLASH * 95 // 100
"""What victims may get at all (LEDGER-7)."""


def slash(network: Network, victim: Any, loss_wei: int, sender: Any, **options: Any) -> Any:
    """Operator 1 breaks a promise in epoch 0."""
    return network.slash(
        1,
        offence=PROMISE,
        consequence=Consequence.NONE,
        victim=victim,
        loss_wei=loss_wei,
        sender=sender,
        **options,
    )


def compensate(network: Network, victim: Any, loss_wei: int, sender: Any, id_: int = 1) -> Any:
    arguments = (id_, ZERO, 0, PROMISE, Consequence.NONE, 1, ZERO, victim, loss_wei)
    return network.ledger.compensate(arguments, sender=sender)


def pot_of(network: Network) -> tuple[int, ...]:
    return tuple(network.ledger.potOf(0, 1, PROMISE))


def test_compensate__by_no_slasher__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, stranger: Any
) -> None:
    slash(network, stranger, 1, test_slasher)
    with faults.expect("NotASlasher", caller=stranger.address):
        compensate(network, stranger, ETHER, stranger)


def test_compensate__nothing_slashed__slashes_once(
    network: Network, faults: FaultCatalogue, test_slasher: Any, user: Any
) -> None:
    for _ in range(2):
        compensate(network, user, ETHER // 2, test_slasher)
    assert network.ledger.partOf(0, 1, PROMISE) == 2_000
    assert network.registry.stake(1).ownWei == 10 * ETHER - SLASH
    assert network.ledger.credit(user) == ETHER
    with faults.expect("AlreadySlashed", epoch=0, id=1, offence=PROMISE):
        slash(network, user, 1, test_slasher)
    with faults.expect("NotSlashable", id=99):
        compensate(network, user, 1, test_slasher, id_=99)


def test_compensate__slash_without_a_victim__sets_nothing_apart(
    network: Network, test_slasher: Any, user: Any
) -> None:
    slash(network, ZERO, 0, test_slasher)
    assert pot_of(network) == (0, 0)
    receipt = compensate(network, user, ETHER, test_slasher)
    (paid,) = events(receipt, "VictimCompensated")
    assert (paid["paidWei"], paid["filedWei"]) == (0, 0)
    assert network.ledger.balance == network.ledger.credit(user) == 0


def test_compensate__victims_in_turn__are_paid_until_nothing_is_left(
    network: Network, test_slasher: Any, user: Any, stranger: Any, reporter: Any
) -> None:
    slash(network, user, POT // 2, test_slasher)
    assert pot_of(network) == (POT // 2, CLAIMABLE - POT // 2)
    beyond = CLAIMABLE - POT
    steps = [
        # Who, how much lost, paid, filed.
        (stranger, POT // 4, POT // 4, 0),
        (user, 0, 0, 0),
        (reporter, POT // 4 + beyond // 2, POT // 4, beyond // 2),
        (stranger, beyond, 0, beyond - beyond // 2),
        (user, 2**96 - 1, 0, 0),
    ]
    for victim, loss, paid, filed in steps:
        before = network.ledger.credit(victim)
        receipt = compensate(network, victim, loss, test_slasher)
        assert events(receipt, "VictimCompensated") == [
            {
                "id": 1,
                "epoch": 0,
                "offence": PROMISE,
                "victim": victim.address,
                "paidWei": paid,
                "filedWei": filed,
            }
        ]
        assert network.ledger.credit(victim) - before == paid
        assert [event["amountWei"] for event in events(receipt, "ClaimFiled")] == [filed][
            : filed > 0
        ]
    assert pot_of(network) == (0, 0)
    assert network.ledger.balance == POT
    assert network.insurance.account().obligationsWei == beyond


def test_compensate__each_claim__is_at_most_the_cap(
    network: Network, test_slasher: Any, erin: Any, user: Any, stranger: Any
) -> None:
    network.bond(erin, 100 * ETHER)
    network.slash(
        5,
        offence=PROMISE,
        consequence=Consequence.NONE,
        victim=user,
        loss_wei=100 * ETHER,
        sender=test_slasher,
    )
    # Twenty are slashed: fourteen paid, five may be claimed, of which two are the cap of each.
    assert tuple(network.ledger.potOf(0, 5, PROMISE)) == (0, 3 * ETHER)
    receipt = compensate(network, stranger, 5 * ETHER, test_slasher, id_=5)
    assert events(receipt, "ClaimFiled")[0]["amountWei"] == 2 * ETHER
    assert tuple(network.ledger.potOf(0, 5, PROMISE)) == (0, ETHER)


def test_compensate__reporter_is_the_offenders_friend__nobody_gains(
    network: Network, clock: Clock, test_slasher: Any, reporter: Any, stranger: Any
) -> None:
    """LEDGER-7: reporter and all victims together get less than the operator lost of its own."""
    network.delegate(1, 90 * ETHER, sender=stranger)
    network.insurance.fund(value=50 * ETHER, sender=stranger)
    slash(network, reporter, 2**96 - 1, test_slasher, reporter=reporter)
    for _ in range(5):
        compensate(network, reporter, 2**96 - 1, test_slasher)
    for _ in range(3):
        clock.jump_to(clock.now + 86_400)
        if network.insurance.account().obligationsWei:
            network.insurance.pay(10, sender=reporter)
    back = network.ledger.credit(reporter) + network.insurance.credit(reporter)
    lost = 10 * ETHER - network.registry.stake(1).ownWei
    assert back == lost * 95 // 100


def test_release_pot__evidence_is_heard__is_refused_to_the_second(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    user: Any,
    stranger: Any,
) -> None:
    slash(network, user, 1, test_slasher)
    times = network.times
    until = times.end_of(0) + times.commitGraceSeconds + times.evidenceSeconds
    clock.set_next(until - 1)
    with faults.expect("PotNeeded", until=until, actual=until - 1):
        network.ledger.releasePot(0, 1, PROMISE, sender=stranger)
    clock.set_next(until)
    receipt = network.ledger.releasePot(0, 1, PROMISE, sender=stranger)
    left = POT - 1
    assert events(receipt, "PotReleased") == [
        {"id": 1, "epoch": 0, "offence": PROMISE, "amountWei": left}
    ]
    assert network.ledger.balance == network.ledger.credit(user) == 1
    assert network.insurance.account().balanceWei == left
    # Once, and then no victim finds anything.
    with faults.expect("EmptyPot", epoch=0, id=1, offence=PROMISE):
        network.ledger.releasePot(0, 1, PROMISE, sender=stranger)
    compensate(network, stranger, ETHER, test_slasher)
    assert network.ledger.credit(stranger) == 0
    assert network.insurance.account().obligationsWei == 0


@pytest.mark.parametrize("key", [(0, 1, Offence.DATA), (1, 1, PROMISE), (0, 2, PROMISE)])
def test_release_pot__nothing_set_apart__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    user: Any,
    key: tuple[int, int, int],
) -> None:
    slash(network, user, 1, test_slasher)
    clock.jump_to(network.times.end_of(3))
    with faults.expect("EmptyPot"):
        network.ledger.releasePot(*key, sender=user)
    assert pot_of(network) == (POT - 1, CLAIMABLE - 1)
