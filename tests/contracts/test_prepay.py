"""SequencingFees.prepay (FEE-2, FEE-4, FEE-7)

prepay
├── when the rollup does not exist: refused
├── when it is too little for a byte: refused, unless the rest of the last payment makes one
├── without arrears: bytes at the price of this moment, the rest kept
│   └── a later price touches no byte that was bought
└── with arrears: those first, their price to the splitter
    ├── not all of them: the notice stands
    └── all of them: no notice, and bytes with what is left
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.fees import (
    Account,
    account,
    charge,
    check_balance,
    commit_used,
    prepay,
    price,
)
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import Parameter
from tests.contracts.work import set_parameter


def set_price(network: Network, chain: Any, wei: int) -> None:
    set_parameter(network, chain, Parameter.FEE_WEI_PER_BYTE, wei)
    assert price(network) == wei


def test_prepay__unknown_rollup__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    for rollup_id in (0, 2, 2**32 - 1):
        with faults.expect("UnknownRollup", rollupId=rollup_id):
            prepay(network, user, rollup_id, 10**9)


def test_prepay__too_little_for_a_byte__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    wei = price(network)
    for paid in (0, 1, wei - 1):
        with faults.expect("TooLittle", priceWei=wei, actualWei=paid):
            prepay(network, user, 1, paid)
    prepay(network, user, 1, wei)
    assert account(network, 1) == Account(wei, 1)


def test_prepay__without_arrears__buys_bytes_and_keeps_the_rest(
    network: Network, user: Any, stranger: Any
) -> None:
    wei = price(network)
    receipt = prepay(network, stranger, 1, 10 * wei + wei - 1)
    assert events(receipt, "Prepaid") == [
        {
            "rollupId": 1,
            "from": stranger.address,
            "amountWei": 11 * wei - 1,
            "bytes_": 10,
        }
    ]
    assert not events(receipt, "NoticeCleared")
    assert account(network, 1) == Account(10 * wei, 10, rest_wei=wei - 1)
    prepay(network, user, 1, 1)
    assert account(network, 1) == Account(11 * wei, 11)
    check_balance(network, 1)


def test_prepay__later_price__touches_no_byte_that_was_bought(
    network: Network, chain: Any, user: Any, submitter: Any
) -> None:
    """P16."""
    wei = price(network)
    prepay(network, user, 1, 100 * wei)
    set_price(network, chain, 5 * wei)
    assert account(network, 1) == Account(100 * wei, 100)
    charge(network, user, commit_used(network, submitter, {1: 60}))
    assert account(network, 1) == Account(40 * wei, 40)
    prepay(network, user, 1, 50 * wei)
    assert account(network, 1) == Account(90 * wei, 50)
    charge(network, user, commit_used(network, submitter, {1: 50}))
    assert account(network, 1) == Account()
    check_balance(network, 1)


@pytest.fixture
def late(network: Network, user: Any, submitter: Any) -> int:
    """Rollup 1 is 1,000 bytes in arrears; when it is dropped."""
    receipt = charge(network, user, commit_used(network, submitter, {1: 1_000}))
    drop_at = receipt.timestamp + network.values[Parameter.NOTICE_SECONDS]
    assert account(network, 1) == Account(arrears=1_000, drop_at=drop_at)
    return int(drop_at)


def test_prepay__not_all_arrears__leaves_the_notice(network: Network, late: int, user: Any) -> None:
    wei = price(network)
    receipt = prepay(network, user, 1, 999 * wei + 1)
    assert account(network, 1) == Account(arrears=1, rest_wei=1, drop_at=late)
    assert not events(receipt, "NoticeCleared")
    assert network.splitter.balance == 999 * wei
    check_balance(network, 1)


@pytest.mark.parametrize("is_dropped", [False, True])
def test_prepay__all_arrears__ends_the_notice(
    network: Network, clock: Clock, late: int, user: Any, is_dropped: bool
) -> None:
    wei = price(network)
    if is_dropped:
        clock.jump_to(late)
    assert network.fees.isDropped(1) == is_dropped
    receipt = prepay(network, user, 1, 1_007 * wei + 3)
    assert events(receipt, "NoticeCleared") == [{"rollupId": 1}]
    assert account(network, 1) == Account(7 * wei, 7, rest_wei=3)
    assert not network.fees.isDropped(1)
    assert network.splitter.balance == 1_000 * wei
    check_balance(network, 1)
    clock.jump_to(late + 10**6)
    assert not network.fees.isDropped(1)


def test_prepay__more_than_an_account_holds__is_refused(
    network: Network, chain: Any, faults: FaultCatalogue, user: Any
) -> None:
    chain.provider.make_request("anvil_setBalance", [user.address, hex(2**120)])
    with faults.expect("SafeCastOverflowedUintDowncast", bits=64):
        prepay(network, user, 1, price(network) << 64)
