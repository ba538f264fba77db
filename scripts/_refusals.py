"""What a contract refuses, by the name of its error, and what a person can do about it."""

from collections.abc import Mapping
from typing import Any

from sequencer.deployment.words import at_time, ether, percent
from sequencer.errors import LocalFault
from sequencer.l1.reverts import describe_revert, revert_name, revert_values
from sequencer.l1.stakes import STATUS_NAMES

_MOMENTS = frozenset({"deadline", "endsAt", "next", "releaseAt", "until"})
_HINTS = {
    "AccessControlUnauthorizedAccount": "only a proposer of the timelock may",
    "AlreadyDoubted": "the clock runs: ape run fees charge tells how long",
    "AlreadyBonded": "one cold key is one operator: bond from another account",
    "AlreadyPaid": "that was done before",
    "AlreadySettled": "that was done before",
    "BondTooSmall": "a bond is {minimumWei} at least",
    "CommissionRaisedTooOften": "once a week at most, next {next}; downwards at any time",
    "CommissionTooHigh": "{maximumBps} at most, now",
    "DelegationTooSmall": "{minimumWei} at least",
    "EpochOpen": "too early: its committee may still commit batches",
    "HasLeft": "operator {id} is {status}, for good",
    "JailedUntil": "too early: possible {until}",
    "NoBatches": "every batch on L1 is charged for",
    "NoCredit": "there is nothing to draw; --from names the other contracts that may have some",
    "NoPlaceLeft": "every place is taken; one is free when an operator is released",
    "NoShares": "that is nothing: ape run stake show tells what you have",
    "NoTicket": "there is none of that number, or it was claimed before",
    "NotActive": "operator {id} is {status}, and takes no stake",
    "NotAnOperator": "the account is no operator's cold key",
    "NotJailed": "operator {id} is {status}",
    "NotLeaving": "operator {id} is {status}; who leaves is released",
    "NotLost": "the epoch can still be settled, or is not over",
    "NotAbsent": "it signed enough batches of epoch {epoch}",
    "NotPresent": "it was absent in epoch {epoch}",
    "NotSettled": "first: ape run epoch settle",
    "NotSlashed": "operator {id} was not slashed for that in epoch {epoch}",
    "NotYetReleasable": "too early: possible {releaseAt}",
    "NothingPaid": "an amount of nothing",
    "NothingRewarded": "an amount of nothing",
    "NothingToEscalate": "as much was taken as the offenders known now weigh",
    "NothingToPay": "there is nothing to pay",
    "OwnStakeTooSmall": "an operator keeps {minimumWei} at least; ape run exit takes out all of it",
    "PresenceShown": "it showed in epoch {epoch} that it works (IDLE-3)",
    "SignerUsed": "a key signs for one operator, and once: switchyard keys new makes another",
    "StillOpen": "too early: the epoch ends {endsAt}",
    "TimelockUnexpectedOperationState": "ape run parameters status tells where the proposal is",
    "TooLittle": "a byte costs {priceWei}",
    "TooManyShares": "you have {maximum}",
    "UnknownOperator": "no operator has that id: switchyard stake lists them",
}


def refusal(data: bytes) -> LocalFault:
    """The fault that tells of this revert."""
    text = f"the contract refuses: {describe_revert(data)}"
    hint = _HINTS.get(revert_name(data) or "")
    if hint is not None:
        text += f": {hint.format_map(_words(revert_values(data)))}"
    return LocalFault(text)


def _words(values: Mapping[str, Any]) -> dict[str, str]:
    """By the unit in each name; `status` is what `actual` says where it is an operator's."""
    words = {name: _word(name, value) for name, value in values.items()}
    actual = values.get("actual")
    if isinstance(actual, int) and actual < len(STATUS_NAMES):
        words["status"] = STATUS_NAMES[actual] if actual else "unknown: switchyard stake lists all"
    return words


def _word(name: str, value: Any) -> str:
    if name.endswith("Wei"):
        return ether(value)
    if name.endswith("Bps"):
        return percent(value)
    return at_time(value) if name in _MOMENTS else str(value)
