"""A challenge of a promise, as L1 states it and wants it stated (PROMISE-5)."""

from dataclasses import dataclass
from typing import Any

from sequencer.types import Address, Hash32

ContractChallenge = tuple[bytes, int, int, bool, bytes]
"""`PromiseChallenge` of `IPromiseSlasher`, as ABI encoders take it."""


@dataclass(frozen=True, slots=True)
class PromiseChallenge:
    """What was asked, and by whom."""

    challenger: Address
    deadline: int
    """Seconds; the first second at which it is too late to answer."""
    price_wei: int
    is_rewarded: bool
    batch_hash: Hash32
    """Of the batch from which an answer leads down."""

    def for_contract(self) -> ContractChallenge:
        return (
            self.challenger,
            self.deadline,
            self.price_wei,
            self.is_rewarded,
            self.batch_hash,
        )


def challenge_of(stated: tuple[Any, ...]) -> PromiseChallenge:
    """From the values of an event or an answer, where an address is text."""
    challenger, deadline, price_wei, is_rewarded, batch_hash = stated
    return PromiseChallenge(
        Address(bytes.fromhex(challenger[2:])),
        deadline,
        price_wei,
        is_rewarded,
        Hash32(batch_hash),
    )
