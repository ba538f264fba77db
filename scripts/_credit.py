"""What a contract owes an account (CREDIT-1), for the scripts that have it paid."""

from collections.abc import Sequence

from scripts._actions import Actor, Call, Figure
from sequencer.deployment.words import ether
from sequencer.types import Address


def withdraw_credit(
    actor: Actor, contract: str, receiver: Address, figures: Sequence[Figure] = ()
) -> str | None:
    """Have it paid, and say so; None in a dry run."""
    receipt = actor.act(Call(contract, "withdraw", (receiver,)), figures)
    if receipt is None:
        return None
    (event,) = actor.contracts.at(contract).CreditWithdrawn.from_receipt(receipt)
    return f"Paid {ether(event.amountWei)} to {event.to}"
