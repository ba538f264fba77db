"""A second reading of the rules of stake, kept beside the contract: plain sums and loops.

It knows what should happen to shares, tickets, rewards and credits (STAKE-1 to STAKE-9), and no
contract. Worths are exact fractions but where the rules round.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from tests.contracts.network import Status

ONE = 10**27
LEFT = (Status.EXITING, Status.EJECTED, Status.RELEASED)


@dataclass
class Ticket:
    """Shares on their way out, and what each was worth, times ONE, while they were liable."""

    owner: str
    number: int
    shares: int
    release_at: int
    index: int

    @property
    def wei(self) -> int:
        return self.shares * self.index // ONE


@dataclass
class OperatorEntry:
    """One operator and all that is staked with it."""

    cold: str
    minimum: int
    commission_bps: int
    status: Status = Status.ACTIVE
    release_at: int = 0
    jailed_until: int = 0
    index: int = ONE
    held: int = 0
    shares: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rewards: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    # How often something was rounded.
    roundings: int = 0

    def worth(self, shares: int) -> int:
        return shares * self.index // ONE

    @property
    def staked(self) -> int:
        return sum(self.shares.values())

    @property
    def own(self) -> int:
        return self.worth(self.shares[self.cold])

    @property
    def weight(self) -> int:
        return self.worth(self.staked) if self.status == Status.ACTIVE else 0

    @property
    def has_left(self) -> bool:
        return self.status in LEFT

    def is_liable(self, now: int) -> bool:
        if self.status == Status.RELEASED:
            return False
        return not self.has_left or now < self.release_at


@dataclass
class StakeBook:
    """All operators, tickets and credits, and what was ever paid in and out."""

    unbonding: int
    operators: dict[int, OperatorEntry] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ticket_count: int = 0
    paid_in: int = 0
    paid_out: int = 0
    slashed: int = 0

    def id_of(self, cold: str) -> int | None:
        """The id under which a cold key holds a place."""
        for number, entry in self.operators.items():
            if entry.cold == cold and entry.status != Status.RELEASED:
                return number
        return None

    def bond(self, cold: str, amount: int, commission_bps: int, minimum: int) -> int:
        number = len(self.operators) + 1
        self.operators[number] = OperatorEntry(cold, minimum, commission_bps)
        self.stake(number, cold, amount)
        return number

    def stake(self, number: int, account: str, amount: int) -> int:
        entry = self.operators[number]
        shares = amount * ONE // entry.index
        entry.shares[account] += shares
        entry.held += amount
        entry.roundings += 1
        self.paid_in += amount
        return shares

    def undelegate(self, number: int, account: str, shares: int, now: int) -> Ticket:
        entry = self.operators[number]
        entry.shares[account] -= shares
        release_at = entry.release_at if entry.has_left else now + self.unbonding
        self.ticket_count += 1
        ticket = Ticket(account, number, shares, release_at, entry.index)
        self.tickets[self.ticket_count] = ticket
        return ticket

    def claim(self, number: int) -> int:
        ticket = self.tickets.pop(number)
        self._pay(self.operators[ticket.number], ticket.owner, ticket.wei)
        return ticket.wei

    def release(self, number: int) -> int:
        entry = self.operators[number]
        entry.status = Status.RELEASED
        amount = entry.own
        entry.shares[entry.cold] = 0
        self._pay(entry, entry.cold, amount)
        return amount

    def slash(self, number: int, part_bps: int, now: int) -> int:
        entry = self.operators[number]
        before, entry.index = entry.index, entry.index * (10_000 - part_bps) // 10_000
        liable = entry.staked
        for ticket in self.tickets.values():
            if ticket.number == number and now < ticket.release_at:
                liable += ticket.shares
                ticket.index = entry.index
        taken = liable * (before - entry.index) // ONE
        entry.held -= taken
        entry.roundings += 1
        self.slashed += taken
        return taken

    def reward(self, number: int, amount: int) -> int:
        """The commission, or all of it where nothing is staked."""
        entry = self.operators[number]
        commission = amount
        if entry.staked != 0:
            commission = amount * entry.commission_bps // 10_000
            for account, shares in entry.shares.items():
                entry.rewards[account] += Fraction((amount - commission) * shares, entry.staked)
        entry.held += amount - commission
        entry.roundings += 1
        self.credits[entry.cold] += commission
        self.paid_in += amount
        return commission

    def collect(self, number: int, account: str, amount: int) -> None:
        """The contract paid so much: all that is due, but for what rounding keeps."""
        entry = self.operators[number]
        due = entry.rewards.pop(account, Fraction(0))
        assert due - 1 - Fraction(entry.roundings, 2**32) < amount <= due
        self._pay(entry, account, amount)

    def withdraw(self, account: str) -> int:
        amount = self.credits.pop(account, 0)
        self.paid_out += amount
        return amount

    def least_held(self, number: int) -> Fraction:
        """STAKE-7: what everybody is owed of this operator, in real numbers."""
        entry = self.operators[number]
        owed = Fraction(entry.staked * entry.index, ONE) + sum(entry.rewards.values())
        for ticket in self.tickets.values():
            if ticket.number == number:
                owed += Fraction(ticket.shares * ticket.index, ONE)
        return owed

    def _pay(self, entry: OperatorEntry, account: str, amount: int) -> None:
        entry.held -= amount
        entry.roundings += 1
        self.credits[account] += amount
