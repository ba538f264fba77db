"""BondRegistry as a state machine, against a ledger that is kept beside it (BOND-1 to BOND-10)

Invariants, in prose:
- the contract's balance is the sum of bonds and credits, to the wei (BOND-10);
- each operator's bond, status, release time and weight are those of the ledger;
- what was burned and what is left make up what was ever paid in;
- an operator that left never has weight again, and no release comes early.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

ACTIVE, EXITING, EJECTED, RELEASED = 1, 2, 3, 4
BURN = "0x" + "00" * 20


@dataclass
class Entry:
    """What the ledger knows of one operator."""

    bond: int
    cold: str
    status: int = ACTIVE
    release_at: int = 0

    @property
    def weight(self) -> int:
        return self.bond if self.status == ACTIVE else 0


@dataclass
class Ledger:
    entries: dict[int, Entry] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=dict)
    slashed: set[tuple[int, int]] = field(default_factory=set)
    burned: int = 0
    paid_out: int = 0
    paid_in: int = 0

    def id_of(self, cold: str) -> int | None:
        """The id under which a cold key holds a place."""
        for number, entry in self.entries.items():
            if entry.cold == cold and entry.status != RELEASED:
                return number
        return None

    def give(self, account: str, amount: int) -> None:
        self.credits[account] = self.credits.get(account, 0) + amount


class BondActions(RuleBasedStateMachine):
    """The actions, each with what the ledger expects of it. Subclasses bring the network."""

    network: Network
    faults: FaultCatalogue
    clock: Clock
    chain: Any
    accounts: list[Any]
    slasher: Any

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.chain.snapshot()
        self.ledger = Ledger()
        self.burned_before = self.chain.provider.get_balance(BURN)
        self.keys = iter(range(10_000, 20_000))

    def teardown(self) -> None:
        self.chain.restore(self.snapshot)

    def _at_next_second(self) -> int:
        """Each action has a second of its own."""
        now = self.clock.now + 1
        self.clock.set_next(now)
        return now

    @rule(who=st.integers(0, 2), amount=st.integers(ETHER, 40 * ETHER))
    def bond(self, who: int, amount: int) -> None:
        actor = Actor(self.accounts[who], ref.account_of(next(self.keys)))
        held = self.ledger.id_of(actor.account.address)
        self._at_next_second()
        if held is not None:
            with self.faults.expect("AlreadyBonded", id=held):
                self.network.bond(actor, amount)
            return
        self.network.bond(actor, amount)
        number = len(self.ledger.entries) + 1
        assert self.network.id_of(actor) == number
        self.ledger.entries[number] = Entry(amount, actor.account.address)
        self.ledger.paid_in += amount

    @rule(who=st.integers(0, 2), amount=st.integers(0, 5 * ETHER))
    def increase(self, who: int, amount: int) -> None:
        account = self.accounts[who]
        held = self.ledger.id_of(account.address)
        self._at_next_second()
        if held is None or self.ledger.entries[held].status != ACTIVE:
            with self.faults.expect("NotAnOperator" if held is None else "NotActive"):
                self.network.registry.increaseBond(value=amount, sender=account)
            return
        self.network.registry.increaseBond(value=amount, sender=account)
        self.ledger.entries[held].bond += amount
        self.ledger.paid_in += amount

    @rule(who=st.integers(0, 2))
    def leave(self, who: int) -> None:
        account = self.accounts[who]
        held = self.ledger.id_of(account.address)
        now = self._at_next_second()
        if held is None or self.ledger.entries[held].status != ACTIVE:
            with self.faults.expect("NotAnOperator" if held is None else "NotActive"):
                self.network.registry.initiateExit(sender=account)
            return
        self.network.registry.initiateExit(sender=account)
        entry = self.ledger.entries[held]
        entry.status = EXITING
        entry.release_at = now + self.network.times.unbondingSeconds

    @rule(number=st.integers(1, 4), epoch=st.integers(0, 2), rewarded=st.booleans())
    def slash(self, number: int, epoch: int, rewarded: bool) -> None:
        entry = self.ledger.entries.get(number)
        reporter = self.accounts[3].address if rewarded else BURN
        now = self._at_next_second()
        arguments = (number, epoch, 1, reporter)
        if entry is None or entry.status == RELEASED:
            with self.faults.expect("NotSlashable", id=number):
                self.network.registry.slash(*arguments, sender=self.slasher)
            return
        if (epoch, number) in self.ledger.slashed:
            with self.faults.expect("AlreadySlashed", id=number):
                self.network.registry.slash(*arguments, sender=self.slasher)
            return
        self.network.registry.slash(*arguments, sender=self.slasher)
        taken = -(-entry.bond * self.network.times.slashBps // 10_000)
        reward = taken * self.network.times.rewardBps // 10_000 if rewarded else 0
        self.ledger.slashed.add((epoch, number))
        self.ledger.give(reporter, reward)
        self.ledger.burned += taken - reward
        entry.bond -= taken
        entry.status = EJECTED
        entry.release_at = now + self.network.times.unbondingSeconds

    @rule(number=st.integers(1, 4))
    def release(self, number: int) -> None:
        entry = self.ledger.entries.get(number)
        now = self._at_next_second()
        if entry is None or entry.status in (ACTIVE, RELEASED):
            with self.faults.expect("NotLeaving", id=number):
                self.network.registry.release(number, sender=self.slasher)
            return
        if now < entry.release_at:
            with self.faults.expect("NotYetReleasable", releaseAt=entry.release_at):
                self.network.registry.release(number, sender=self.slasher)
            return
        self.network.registry.release(number, sender=self.slasher)
        self.ledger.give(entry.cold, entry.bond)
        entry.bond = 0
        entry.status = RELEASED

    @rule(who=st.integers(0, 3))
    def withdraw(self, who: int) -> None:
        account = self.accounts[who]
        owed = self.ledger.credits.pop(account.address, 0)
        self._at_next_second()
        if owed == 0:
            with self.faults.expect("NoCredit"):
                self.network.registry.withdraw(account, sender=account)
            return
        self.network.registry.withdraw(account, sender=account)
        self.ledger.paid_out += owed

    @rule(seconds=st.sampled_from([1, 1_000, 2_800]))
    def wait(self, seconds: int) -> None:
        self.clock.jump_to(self.clock.now + seconds)


class BondMachine(BondActions):
    """The actions, with the ledger compared after each."""

    @invariant()
    def wei_are_conserved(self) -> None:
        bonds = sum(entry.bond for entry in self.ledger.entries.values())
        credits_ = sum(self.ledger.credits.values())
        balance = self.network.registry.balance
        assert balance == bonds + credits_
        assert balance + self.ledger.burned + self.ledger.paid_out == self.ledger.paid_in
        burned = self.chain.provider.get_balance(BURN) - self.burned_before
        assert burned == self.ledger.burned

    @invariant()
    def operators_are_the_ledgers(self) -> None:
        for number, entry in self.ledger.entries.items():
            actual = self.network.registry.operator(number)
            assert actual.bondWei == entry.bond
            assert actual.status == entry.status
            assert actual.releaseAt == entry.release_at
        held = [n for n, entry in self.ledger.entries.items() if entry.status != RELEASED]
        assert sorted(self.network.registry.operatorIds()) == held

    @invariant()
    def weights_are_the_ledgers(self) -> None:
        now = self.clock.now
        self.clock.jump_to(now + 1)
        for number, entry in self.ledger.entries.items():
            assert self.network.registry.weightAt(number, now) == entry.weight


@pytest.fixture
def machine(
    deploy_network: Any,
    faults: FaultCatalogue,
    clock: Clock,
    chain: Any,
    accounts: Any,
    test_slasher: Any,
) -> type[BondMachine]:
    """The machine on a network of its own, with nobody bonded."""

    class Machine(BondMachine):
        pass

    Machine.network = deploy_network(extra_slashers=[test_slasher.address])
    Machine.faults = faults
    Machine.clock = clock
    Machine.chain = chain
    Machine.accounts = [accounts[number] for number in (10, 11, 12, 3)]
    Machine.slasher = test_slasher
    return Machine


def test_bonds__any_sequence_of_actions__conserve_every_wei(machine: type[BondMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
