"""The figures that actions change: views of the contracts, in ether, shares and plain words."""

from collections.abc import Callable
from typing import Any

from scripts._actions import Call, Figure
from sequencer.deployment.economy import GWEI
from sequencer.deployment.words import at_time, ether, percent, span
from sequencer.l1.stakes import STATUS_NAMES
from sequencer.types import Address


def operator_figures(operator_id: int) -> list[Figure]:
    """What stands behind an operator, and what it is."""
    stake = Call("BondRegistry", "stake", (operator_id,))
    operator = Call("BondRegistry", "operator", (operator_id,))
    name = f"operator {operator_id}"
    return [
        Figure(f"{name} status", operator, lambda o: STATUS_NAMES[o["status"]]),
        Figure(f"{name} staked", stake, lambda s: ether(s["stakedWei"])),
        Figure(f"{name} own", stake, lambda s: ether(s["ownWei"])),
        Figure(f"{name} leaving", stake, lambda s: ether(s["leavingWei"])),
        Figure(f"{name} shares", stake, lambda s: str(s["shares"])),
    ]


def staker_figures(operator_id: int, account: Address) -> list[Figure]:
    """What an account has staked with an operator, and in credit with the registry."""
    of = Call("BondRegistry", "stakeOf", (operator_id, account))
    return [
        Figure("your shares", of, lambda found: str(found[0])),
        Figure("your stake", of, lambda found: ether(found[1])),
        Figure("your reward", of, lambda found: ether(found[2])),
        credit_figure("BondRegistry", account),
    ]


def credit_figure(contract: str, account: Address) -> Figure:
    """CREDIT-1."""
    return Figure(f"your credit in {contract}", Call(contract, "credit", (account,)), ether)


def operator_field(
    operator_id: int, label: str, field: str, words: Callable[[Any], str] = str
) -> Figure:
    """One field of `Operator`."""
    operator = Call("BondRegistry", "operator", (operator_id,))
    return Figure(f"operator {operator_id} {label}", operator, lambda o: words(o[field]))


def moment(seconds: int) -> str:
    return at_time(seconds) if seconds else "-"


def yes_or_no(found: Any) -> str:
    return "yes" if found else "no"


def seconds(count: int) -> str:
    return f"{count} s" if span(count) == f"{count} s" else f"{count} s ({span(count)})"


def in_unit(name: str, value: int) -> str:
    """A parameter's value, in the unit that its name says."""
    if name == "FEE_WEI_PER_BYTE":
        return f"{value / GWEI:.9f}".rstrip("0").rstrip(".") + " gwei"
    if name.endswith("_WEI"):
        return ether(value)
    if name.endswith("_BPS"):
        return percent(value)
    return seconds(value) if name.endswith("_SECONDS") else str(value)


def bonded_figure() -> Figure:
    """INS-5: by all active operators together."""
    coverage = Call("InsurancePool", "coverage")
    return Figure("bonded by all", coverage, lambda found: ether(found["bondedWei"]))


def pool_figures() -> list[Figure]:
    """INS-4, INS-5."""
    account, coverage = Call("InsurancePool", "account"), Call("InsurancePool", "coverage")
    return [
        Figure("pool balance", account, lambda a: ether(a["balanceWei"])),
        Figure("pool obligations", account, lambda a: ether(a["obligationsWei"])),
        Figure("payable now", account, lambda a: ether(a["payableWei"])),
        Figure("insured", coverage, lambda c: ether(c["insuredWei"])),
    ]
