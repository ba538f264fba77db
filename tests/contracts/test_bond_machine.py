"""BondRegistry as a state machine, against a book that is kept beside it (BOND, STAKE, LEDGER-5)

Invariants, in prose:
- the registry's balance is the sum of what it holds for operators and credits, to the wei
  (BOND-10), and with what was slashed and drawn it makes up all that was ever paid in;
- what is held for an operator is what everybody is owed of it, and rounding (STAKE-7);
- each operator's status, times, shares, index and weight are the book's, each ticket's worth too;
- an operator that left never has weight again, and no release comes early;
- in the end everybody gets everything out, and what stays is rounding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Consequence, Network, Offence, Status, events
from tests.contracts.settings import ETHER
from tests.contracts.stake_book import OperatorEntry, StakeBook
from tests.vectors import reference as ref

MINIMUM = ETHER // 100
COLD_KEYS = 2
PARTS = [1, 7, 333, 500, 899, 999]

operators = st.integers(1, 3)
people = st.integers(0, 3)
cold_keys = st.integers(0, COLD_KEYS - 1)


class BondActions(RuleBasedStateMachine):
    """The actions, each with what the book expects of it. Subclasses bring the network.

    The first people are cold keys; all of them delegate.
    """

    network: Network
    faults: FaultCatalogue
    clock: Clock
    chain: Any
    people: list[Any]
    slasher: Any

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.chain.snapshot()
        self.book = StakeBook(self.network.times.unbondingSeconds)
        self.punished: set[tuple[int, int]] = set()
        self.keys = iter(range(10_000, 20_000))
        self.registry = self.network.registry

    def teardown(self) -> None:
        self.chain.restore(self.snapshot)

    def _at_next_second(self) -> int:
        """Each action has a second of its own."""
        now = self.clock.now + 1
        self.clock.set_next(now)
        return now

    def _collected(self, receipt: Any, number: int, account: str) -> None:
        """What the call paid of rewards, nothing included, is what was due."""
        paid = events(receipt, "RewardCollected")
        assert len(paid) <= 1
        assert all((e["id"], e["account"]) == (number, account) for e in paid)
        self.book.collect(number, account, sum(e["amountWei"] for e in paid))

    @rule(
        who=cold_keys, amount=st.integers(ETHER, 40 * ETHER), commission=st.sampled_from([0, 777])
    )
    def bond(self, who: int, amount: int, commission: int) -> None:
        actor = Actor(self.people[who], ref.account_of(next(self.keys)))
        actor = replace(actor, commission_bps=commission)
        cold = actor.account.address
        held = self.book.id_of(cold)
        self._at_next_second()
        if held is not None:
            with self.faults.expect("AlreadyBonded", id=held):
                self.network.bond(actor, amount)
            return
        self.network.bond(actor, amount)
        assert self.network.id_of(actor) == self.book.bond(cold, amount, commission, ETHER)

    @rule(who=people, number=operators, amount=st.integers(0, 30 * ETHER))
    def delegate(self, who: int, number: int, amount: int) -> None:
        account, entry = self.people[who], self.book.operators.get(number)
        self._at_next_second()
        status = entry.status if entry else Status.NONE
        own_top_up = status == Status.JAILED and entry and entry.cold == account.address
        if status != Status.ACTIVE and not own_top_up:
            with self.faults.expect("NotActive", id=number, actual=status):
                self.network.delegate(number, amount, sender=account)
            return
        if amount < MINIMUM:
            with self.faults.expect("DelegationTooSmall", actualWei=amount):
                self.network.delegate(number, amount, sender=account)
            return
        receipt = self.network.delegate(number, amount, sender=account)
        self._collected(receipt, number, account.address)
        shares = self.book.stake(number, account.address, amount)
        assert events(receipt, "Delegated")[0]["shares"] == shares

    @rule(who=people, number=operators, part=st.sampled_from([0, 1, 50, 99, 100, 101]))
    def undelegate(self, who: int, number: int, part: int) -> None:
        account, entry = self.people[who], self.book.operators.get(number)
        has = entry.shares[account.address] if entry else 0
        # A hundredth is a single share, and more than all is one more.
        shares = {0: 0, 1: min(1, has), 101: has + 1}.get(part, has * part // 100)
        now = self._at_next_second()
        fault = self._fault_of_undelegating(entry, account.address, shares, has)
        if fault is not None:
            with self.faults.expect(fault):
                self.registry.undelegate(number, shares, sender=account)
            return
        receipt = self.registry.undelegate(number, shares, sender=account)
        self._collected(receipt, number, account.address)
        ticket = self.book.undelegate(number, account.address, shares, now)
        assert events(receipt, "Undelegated")[0]["ticket"] == self.book.ticket_count
        assert events(receipt, "Undelegated")[0]["releaseAt"] == ticket.release_at

    def _fault_of_undelegating(
        self, entry: OperatorEntry | None, account: str, shares: int, has: int
    ) -> str | None:
        if shares == 0:
            return "NoShares"
        is_own = entry is not None and entry.cold == account
        if entry and is_own and entry.has_left:
            return "HasLeft"
        if shares > has:
            return "TooManyShares"
        if entry and is_own and entry.worth(has - shares) < entry.minimum:
            return "OwnStakeTooSmall"
        return None

    @rule(which=st.integers(0, 8))
    def claim(self, which: int) -> None:
        waiting = sorted(self.book.tickets)
        number = waiting[which % len(waiting)] if waiting else which
        now = self._at_next_second()
        if not waiting:
            with self.faults.expect("NoTicket", ticket=number):
                self.registry.claim(number, sender=self.slasher)
            return
        if now < self.book.tickets[number].release_at:
            with self.faults.expect("NotYetReleasable", actual=now):
                self.registry.claim(number, sender=self.slasher)
            return
        receipt = self.registry.claim(number, sender=self.slasher)
        assert events(receipt, "TicketClaimed")[0]["amountWei"] == self.book.claim(number)

    @rule(number=operators, amount=st.one_of(st.integers(0, 3), st.integers(0, 5 * ETHER)))
    def reward(self, number: int, amount: int) -> None:
        self._at_next_second()
        fault = None if amount else "NothingRewarded"
        if number not in self.book.operators:
            fault = "UnknownOperator"
        if fault is not None:
            with self.faults.expect(fault):
                self.registry.reward(number, value=amount, sender=self.slasher)
            return
        receipt = self.registry.reward(number, value=amount, sender=self.slasher)
        commission = events(receipt, "Rewarded")[0]["commissionWei"]
        assert commission == self.book.reward(number, amount)

    @rule(who=people, number=operators)
    def collect(self, who: int, number: int) -> None:
        if number not in self.book.operators:
            return
        self._at_next_second()
        receipt = self.registry.collect(number, sender=self.people[who])
        self._collected(receipt, number, self.people[who].address)

    @rule(who=cold_keys)
    def leave(self, who: int) -> None:
        account = self.people[who]
        held = self.book.id_of(account.address)
        now = self._at_next_second()
        if held is None or self.book.operators[held].has_left:
            with self.faults.expect("NotAnOperator" if held is None else "HasLeft"):
                self.registry.initiateExit(sender=account)
            return
        self.registry.initiateExit(sender=account)
        entry = self.book.operators[held]
        entry.status, entry.release_at = Status.EXITING, now + self.book.unbonding

    @rule(
        number=operators, epoch=st.integers(0, 4), part=st.sampled_from(PARTS), jail=st.booleans()
    )
    def slash(self, number: int, epoch: int, part: int, jail: bool) -> None:
        entry = self.book.operators.get(number)
        now = self._at_next_second()
        fault = None
        if entry is None or not entry.is_liable(now):
            fault = "NotSlashable"
        if (number, epoch) in self.punished:
            fault = "AlreadySlashed"
        if now <= self.network.times.start_of(epoch):
            fault = "OffenceTooEarly"
        if fault is not None:
            with self.faults.expect(fault):
                self._slash(number, epoch, part, jail)
            return
        assert entry is not None
        receipt = self._slash(number, epoch, part, jail)
        self.punished.add((number, epoch))
        taken = self.book.slash(number, 10 * part, now)
        assert events(receipt, "StakeSlashed")[0]["takenWei"] == taken
        if entry.has_left:
            return
        if entry.own < entry.minimum:
            entry.status, entry.release_at = Status.EJECTED, now + self.book.unbonding
        elif jail:
            entry.status = Status.JAILED
            entry.jailed_until = now + 500

    def _slash(self, number: int, epoch: int, part: int, jail: bool) -> Any:
        return self.network.slash(
            number,
            sender=self.slasher,
            epoch=epoch,
            offence=Offence.INACTIVITY,
            severity=part,
            consequence=Consequence.JAIL if jail else Consequence.NONE,
        )

    @rule(who=cold_keys)
    def unjail(self, who: int) -> None:
        account = self.people[who]
        held = self.book.id_of(account.address)
        entry = self.book.operators[held] if held else None
        now = self._at_next_second()
        fault = None
        if entry is None:
            fault = "NotAnOperator"
        elif entry.status != Status.JAILED:
            fault = "NotJailed"
        elif now < entry.jailed_until:
            fault = "JailedUntil"
        if fault is not None:
            with self.faults.expect(fault):
                self.registry.unjail(sender=account)
            return
        self.registry.unjail(sender=account)
        assert entry is not None
        entry.status = Status.ACTIVE

    @rule(number=operators)
    def release(self, number: int) -> None:
        entry = self.book.operators.get(number)
        now = self._at_next_second()
        if entry is None or entry.status not in (Status.EXITING, Status.EJECTED):
            with self.faults.expect("NotLeaving", id=number):
                self.registry.release(number, sender=self.slasher)
            return
        if now < entry.release_at:
            with self.faults.expect("NotYetReleasable", releaseAt=entry.release_at):
                self.registry.release(number, sender=self.slasher)
            return
        receipt = self.registry.release(number, sender=self.slasher)
        self._collected(receipt, number, entry.cold)
        assert events(receipt, "OperatorReleased")[0]["creditedWei"] == self.book.release(number)

    @rule(who=people)
    def withdraw(self, who: int) -> None:
        account = self.people[who]
        self._at_next_second()
        owed = self.book.withdraw(account.address)
        if owed == 0:
            with self.faults.expect("NoCredit"):
                self.registry.withdraw(account, sender=account)
            return
        receipt = self.registry.withdraw(account, sender=account)
        assert events(receipt, "CreditWithdrawn")[0]["amountWei"] == owed

    @rule(seconds=st.sampled_from([1, 500, 1_000, 3_800]))
    def wait(self, seconds: int) -> None:
        self.clock.jump_to(self.clock.now + seconds)

    @rule(early=st.booleans())
    def wait_for_a_release(self, early: bool) -> None:
        """The next action comes in the second of a release, or before; invariants take one too."""
        now = self.clock.now
        ends = [ticket.release_at for ticket in self.book.tickets.values()]
        ends += [entry.release_at for entry in self.book.operators.values()]
        target = min((end for end in ends if end > now + 4), default=None)
        if target is not None:
            self.clock.jump_to(target - (3 if early else 2))


class BondMachine(BondActions):
    """The actions, with the book compared after each."""

    @invariant()
    def wei_are_conserved(self) -> None:
        held = sum(entry.held for entry in self.book.operators.values())
        credits_ = sum(self.book.credits.values())
        balance = self.registry.balance
        assert balance == held + credits_
        assert balance + self.book.slashed + self.book.paid_out == self.book.paid_in

    @invariant()
    def what_is_held_is_what_is_owed(self) -> None:
        for number, entry in self.book.operators.items():
            owed = self.book.least_held(number)
            assert self.registry.stake(number).heldWei == entry.held
            assert owed <= entry.held <= owed + entry.roundings

    @invariant()
    def operators_are_the_books(self) -> None:
        for number, entry in self.book.operators.items():
            actual = self.registry.operator(number)
            assert (actual.status, actual.releaseAt) == (entry.status, entry.release_at)
            stake = self.registry.stake(number)
            assert (stake.shares, stake.index) == (entry.staked, entry.index)
            assert (stake.stakedWei, stake.ownWei) == (entry.worth(entry.staked), entry.own)
        places = [n for n, e in self.book.operators.items() if e.status != Status.RELEASED]
        assert sorted(self.registry.operatorIds()) == places

    @invariant()
    def tickets_are_the_books(self) -> None:
        for number, ticket in self.book.tickets.items():
            assert self.registry.ticketWei(number) == ticket.wei

    @invariant()
    def weights_are_the_books(self) -> None:
        now = self.clock.now
        self.clock.jump_to(now + 1)
        for number, entry in self.book.operators.items():
            assert self.registry.weightAt(number, now) == entry.weight

    def teardown(self) -> None:
        try:
            self._everybody_leaves()
        finally:
            super().teardown()

    def _everybody_leaves(self) -> None:
        """Whatever came before, by actions that are open to each alone."""
        for who in range(COLD_KEYS):
            self.leave(who)
        for number, entry in self.book.operators.items():
            for who, account in enumerate(self.people):
                if account.address != entry.cold and entry.shares[account.address] != 0:
                    self.undelegate(who, number, 100)
        self.clock.jump_to(self.clock.now + self.book.unbonding)
        for number, entry in self.book.operators.items():
            if entry.status != Status.RELEASED:
                self.release(number)
        while self.book.tickets:
            self.claim(0)
        for who in range(len(self.people)):
            for number in self.book.operators:
                self.collect(who, number)
            self.withdraw(who)
        assert self.registry.balance <= sum(e.roundings for e in self.book.operators.values())


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
    Machine.people = [accounts[number] for number in (10, 11, 12, 3)]
    Machine.slasher = test_slasher
    clock.jump_to(Machine.network.times.genesis + 10)
    return Machine


def test_bonds__any_sequence_of_actions__conserve_every_wei(machine: type[BondMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
