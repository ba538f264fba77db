"""DataAvailabilityChallenge as a state machine, against a ledger kept beside it (DATA-1 to DATA-8)

Invariants, in prose:
- the contract's balance is the sum of open prices and credits, to the wei (DATA-8);
- each challenge stands as the ledger has it, and what is answered or void stays so;
- whatever was challenged and is past its deadline unanswered can be settled, by anyone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import chain_of, challenge_held, commit_blocks, price
from tests.contracts.network import Clock, Network
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

NONE, OPEN, ANSWERED, VOID = range(4)
SEGMENTS = [(rollup, b"\x0a" * 10**rollup) for rollup in range(3)]
BLOCKS = chain_of([SEGMENTS], transactions=[2])
WHICH = st.integers(0, len(SEGMENTS) - 1)
WHO = st.integers(0, 2)


@dataclass
class Asked:
    """What the ledger knows of one challenge."""

    challenger: str
    price: int
    deadline: int
    status: int = OPEN


class DataMachine(RuleBasedStateMachine):
    """The actions, each with what the ledger expects of it. Subclasses bring the network."""

    network: Network
    faults: FaultCatalogue
    clock: Clock
    chain: Any
    accounts: list[Any]
    batch: ref.Batch

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.chain.snapshot()
        self.asked: dict[int, Asked] = {}
        self.credits: dict[str, int] = {}

    def teardown(self) -> None:
        self.chain.restore(self.snapshot)

    def _give(self, account: str, wei: int) -> None:
        self.credits[account] = self.credits.get(account, 0) + wei

    def _status(self, which: int) -> int:
        return self.asked[which].status if which in self.asked else NONE

    def _at_next_second(self) -> int:
        """Each action has a second of its own."""
        now = self.clock.now + 1
        self.clock.set_next(now)
        return now

    @rule(which=WHICH, who=WHO, wei=st.sampled_from([ETHER, 3 * ETHER + 1]))
    def challenge(self, which: int, who: int, wei: int) -> None:
        account, now = self.accounts[who], self._at_next_second()

        def act() -> Any:
            return challenge_held(
                self.network, BLOCKS, 0, which, account, batches=[self.batch], wei=wei
            )

        if which in self.asked:
            with self.faults.expect("WrongStatus", expected=NONE, actual=self._status(which)):
                act()
            return
        cost = price(len(SEGMENTS[which][1]), act().block.base_fee)
        deadline = now + self.network.held.answerSeconds
        self.asked[which] = Asked(account.address, cost, deadline)
        self._give(account.address, wei - cost)

    @rule(which=WHICH, who=WHO, is_right=st.booleans())
    def answer(self, which: int, who: int, is_right: bool) -> None:
        id_, data = BLOCKS[0].challenge_id(which), SEGMENTS[which][1]
        data = data if is_right else data[:-1] + b"\0"
        account, now, status = self.accounts[who], self._at_next_second(), self._status(which)
        if status != OPEN:
            fault = "WrongStatus"
        elif now >= self.asked[which].deadline:
            fault = "AnswerTooLate"
        elif not is_right:
            fault = "WrongHash"
        else:
            self.network.data.answer(id_, data, sender=account)
            self.asked[which].status = ANSWERED
            self._give(account.address, self.asked[which].price)
            return
        with self.faults.expect(fault):
            self.network.data.answer(id_, data, sender=account)

    @rule(which=WHICH, who=WHO)
    def settle(self, which: int, who: int) -> None:
        id_, account, now = BLOCKS[0].challenge_id(which), self.accounts[who], self.clock.now + 1
        self._at_next_second()
        if self._status(which) != OPEN or now < self.asked[which].deadline:
            with self.faults.expect("WrongStatus" if self._status(which) != OPEN else "NotYetDue"):
                self.network.data.settle(id_, sender=account)
            return
        self.network.data.settle(id_, sender=account)
        asked = self.asked[which]
        asked.status = VOID
        self._give(asked.challenger, asked.price)

    @rule(who=WHO)
    def withdraw(self, who: int) -> None:
        account = self.accounts[who]
        owed = self.credits.pop(account.address, 0)
        self._at_next_second()
        if owed == 0:
            with self.faults.expect("NoCredit"):
                self.network.data.withdraw(account, sender=account)
            return
        receipt = self.network.data.withdraw(account, sender=account)
        (event,) = [log for log in receipt.events if log.event_name == "CreditWithdrawn"]
        assert event.amountWei == owed

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.clock.jump_to(self.clock.now + seconds)

    @invariant()
    def wei_are_conserved(self) -> None:
        open_ = sum(asked.price for asked in self.asked.values() if asked.status == OPEN)
        assert self.network.data.balance == open_ + sum(self.credits.values())
        for account in self.accounts:
            owed = self.credits.get(account.address, 0)
            assert self.network.data.credit(account) == owed

    @invariant()
    def challenges_are_the_ledgers(self) -> None:
        for which in range(len(SEGMENTS)):
            actual = self.network.data.challengeOf(BLOCKS[0].challenge_id(which))
            assert actual.status == self._status(which)
            if which in self.asked:
                asked = self.asked[which]
                assert actual.challenger == asked.challenger
                assert (actual.priceWei, actual.deadline) == (asked.price, asked.deadline)


@pytest.fixture
def machine(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    chain: Any,
    accounts: Any,
    submitter: Any,
) -> type[DataMachine]:
    """The machine on a chain with one batch, whose block has three held segments."""

    class Machine(DataMachine):
        pass

    Machine.network = network
    Machine.faults = faults
    Machine.clock = clock
    Machine.chain = chain
    Machine.accounts = [accounts[number] for number in (2, 3, 4)]
    Machine.batch = commit_blocks(network, BLOCKS, submitter)
    return Machine


def test_data__any_sequence_of_actions__conserves_every_wei(machine: type[DataMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
