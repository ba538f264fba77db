"""SequencingFees.charge, reach and doubt (FEE-3, FEE-4, FEE-6, FEE-7)

charge
├── when there is no batch, or not a usage for each: refused
├── when the first is not the one after the last charged: refused, earlier or later
├── when a batch is not the one of L1's ring, or not the parent of the next: refused
├── when a usage is not the batch's: refused
├── what the account has: off it, its price to the splitter, to the wei in the end
├── what it has not: arrears, and notice once
│   └── from that time on the rollup is dropped, and forced inclusion goes on
├── whatever a quorum signs goes through: unknown rollups, bytes left over, another order, 2^64 - 1
├── a usage too long for one transaction: in parts, each entry once
└── twice: refused

reach
├── batches that have left the ring: in steps, through their successors
└── a chain that is not linked: refused

doubt
├── when there is no batch to charge, or it was doubted before: refused
├── before its time: the batch cannot be passed over
├── from then on: passed over with an empty usage, and with no other
└── the batch after it: not passed over
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.fees import (
    Account,
    UsedBatch,
    account,
    charge,
    check_balance,
    commit_usage,
    commit_used,
    prepay,
    price,
    usage_of,
)
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import Parameter
from tests.vectors import reference as ref

RING = 1_024
DAY = 86_400


@pytest.fixture
def second(network: Network, user: Any) -> int:
    """Another rollup."""
    return network.register("0x" + "00" * 20, sender=user)


def charged(network: Network) -> tuple[int, int]:
    return tuple(vars(network.fees.charged()).values())


def pass_by(network: Network, chain: Any, count: int) -> None:
    """The last index is higher by so many: it stands from bit 64 on in the first word."""
    address = network.chain.address
    word = int.from_bytes(bytes(chain.provider.get_storage(address, 0)), "big")
    later = "0x" + (word + (count << 64)).to_bytes(32, "big").hex()
    chain.provider.make_request("anvil_setStorageAt", [address, "0x" + bytes(32).hex(), later])


def test_charge__no_batches__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    with faults.expect("NoBatches"):
        network.fees.charge([], [], 1, sender=user)
    with faults.expect("NoBatches"):
        network.fees.reach([], sender=user)


def test_charge__not_a_usage_for_each__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    (one,) = commit_used(network, submitter, {1: 5})
    for usages in ([], [one.usage, one.usage]):
        with faults.expect("WrongCount", expected=1, actual=len(usages)):
            network.fees.charge([one.batch.as_tuple()], usages, 1, sender=user)


def test_charge__not_the_next_batch__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    made = commit_used(network, submitter, {1: 1}, {1: 2}, {1: 3})
    with faults.expect("WrongIndex", expected=1, actual=2):
        charge(network, user, made[1:])
    charge(network, user, made[:2])
    for again in (made[:1], made[1:2], made):
        with faults.expect("WrongIndex", expected=3, actual=again[0].batch.index):
            charge(network, user, again)
    assert (charged(network), account(network, 1).arrears) == ((2, 0), 3)


def test_charge__not_a_batch_of_l1__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    made = commit_used(network, submitter, {1: 1}, {1: 2}, {1: 3})
    usage = usage_of({1: 2**40})
    forged = UsedBatch(made[1].batch.but(usageHash=ref.keccak(usage)), usage)
    for chain, index in (
        ([made[0], forged], 2),
        ([made[0], forged, made[2]], 2),
        ([made[0], made[2]], 1),
        ([made[0], made[0]], 0),
    ):
        with faults.expect("WrongBatch", index=index or 1):
            charge(network, user, chain)
    beyond = UsedBatch(made[2].batch.but(index=4), made[2].usage)
    with faults.expect("BatchHashUnavailable", index=4, last=3):
        charge(network, user, [beyond])


def test_charge__another_usage__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    (one,) = commit_used(network, submitter, {1: 5})
    for usage in (b"", one.usage[:-1], one.usage + b"\0", usage_of({1: 4})):
        with faults.expect("WrongUsage", index=1, actual=ref.keccak(usage)):
            charge(network, user, [UsedBatch(one.batch, usage)])


def test_charge__what_the_accounts_have__goes_to_the_splitter(
    network: Network, second: int, user: Any, submitter: Any, stranger: Any
) -> None:
    wei = price(network)
    prepay(network, user, 1, 1_000 * wei)
    prepay(network, user, second, 1_000 * wei)
    made = commit_used(network, submitter, {1: 10}, {}, {1: 20, second: 7})
    receipt = charge(network, stranger, made)
    assert events(receipt, "Charged") == [
        {"last": 3, "rollupId": 1, "bytes_": 30, "feeWei": 30 * wei},
        {"last": 3, "rollupId": second, "bytes_": 7, "feeWei": 7 * wei},
    ]
    assert account(network, 1) == Account(970 * wei, 970)
    assert account(network, second) == Account(993 * wei, 993)
    assert network.splitter.balance == 37 * wei
    assert charged(network) == (3, 0)
    check_balance(network, 1, second)


def test_charge__odd_prices__are_used_up_to_the_wei(
    network: Network, user: Any, submitter: Any
) -> None:
    """P14: a byte is never free, and none costs more than was paid for it."""
    wei = price(network)
    prepay(network, user, 1, 3 * wei)
    network_account = account(network, 1)
    for used in (1, 1, 1):
        charge(network, user, commit_used(network, submitter, {1: used}))
        now = account(network, 1)
        assert 0 <= network_account.paid_wei - now.paid_wei - wei * used <= 1
        network_account = now
    assert (account(network, 1), network.splitter.balance) == (Account(), 3 * wei)


def test_charge__what_an_account_has_not__is_arrears_and_notice_once(
    network: Network, clock: Clock, user: Any, submitter: Any
) -> None:
    wei, notice = price(network), network.values[Parameter.NOTICE_SECONDS]
    prepay(network, user, 1, 100 * wei)
    exact = charge(network, user, commit_used(network, submitter, {1: 100}))
    assert not events(exact, "NoticeGiven")
    first = charge(network, user, commit_used(network, submitter, {1: 1}))
    drop_at = first.timestamp + notice
    assert events(first, "NoticeGiven") == [{"rollupId": 1, "arrearsBytes": 1, "dropAt": drop_at}]
    again = charge(network, user, commit_used(network, submitter, {1: 9}))
    assert not events(again, "NoticeGiven")
    assert account(network, 1) == Account(arrears=10, drop_at=drop_at)
    clock.jump_to(drop_at - 1)
    assert not network.fees.isDropped(1)
    clock.jump_to(drop_at)
    assert network.fees.isDropped(1)
    network.enqueue(user)
    clock.set_next(clock.now + network.queue.forceWindowSeconds)
    network.inbox.forceInclude(1, sender=user)


def test_charge__whatever_a_quorum_signs__goes_through(
    network: Network, second: int, user: Any, submitter: Any
) -> None:
    """P18: nothing that can be signed stops the charges."""
    top = 2**64 - 1
    unknown = usage_of({0: 5, 1: 3, 99: top, 2**32 - 1: 1})
    reversed_ = usage_of({second: 4, 1: 2})
    cut_off = usage_of({1: 1}) + b"\xff" * 11
    huge = usage_of({1: top}) + usage_of({1: top, second: top})
    made = [commit_usage(network, submitter, usage) for usage in (unknown, reversed_, cut_off)]
    receipt = charge(network, user, made)
    assert {event["rollupId"] for event in events(receipt, "Charged")} == {1, second}
    assert account(network, 1).arrears == 6
    assert account(network, second).arrears == 4
    for _ in range(2):
        charge(network, user, [commit_usage(network, submitter, huge)])
    assert account(network, 1).arrears == account(network, second).arrears == top
    assert charged(network) == (5, 0)


def test_p18_charge__usage_too_long_for_a_transaction__goes_in_parts(
    network: Network, second: int, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    made = commit_used(network, submitter, {1: 1}, {1: 10, second: 20, 90: 1, 91: 1}, {1: 100})
    charge(network, user, made[:2], entries=1)
    assert charged(network) == (1, 1)
    assert (account(network, 1).arrears, account(network, second).arrears) == (11, 0)
    for entries in (0, 1):
        with faults.expect("NothingToCharge", chargedEntries=1, entries=entries):
            charge(network, user, made[1:2], entries=entries)
    charge(network, user, made[1:2], entries=3)
    assert charged(network) == (1, 3)
    assert (account(network, 1).arrears, account(network, second).arrears) == (11, 20)
    charge(network, user, made[1:])
    assert charged(network) == (3, 0)
    assert (account(network, 1).arrears, account(network, second).arrears) == (111, 20)


def test_reach__batches_out_of_the_ring__through_their_successors(
    network: Network, chain: Any, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    made = commit_used(network, submitter, *({1: 1 << number} for number in range(5)))
    # As if so many came after the fifth that of these only the last two are in the ring.
    pass_by(network, chain, RING - 2)
    with faults.expect("BatchHashUnavailable", index=3):
        charge(network, user, made[:3])
    with faults.expect("WrongBatch", index=3):
        network.fees.reach([made[i].batch.as_tuple() for i in (2, 4)], sender=user)
    network.fees.reach([made[i].batch.as_tuple() for i in (3, 4)], sender=user)
    network.fees.reach([made[2].batch.as_tuple()], sender=user)
    charge(network, user, made[:2])
    charge(network, user, made[2:3])
    charge(network, user, made[3:])
    assert (charged(network), account(network, 1).arrears) == ((5, 0), 31)


def test_doubt__nothing_to_charge__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    with faults.expect("NoBatches"):
        network.fees.doubt(sender=user)
    commit_used(network, submitter, {1: 5})
    receipt = network.fees.doubt(sender=user)
    passable_at = receipt.timestamp + DAY
    assert events(receipt, "UsageDoubted") == [{"index": 1, "passableAt": passable_at}]
    assert tuple(vars(network.fees.doubted()).values()) == (1, passable_at)
    with faults.expect("AlreadyDoubted", index=1):
        network.fees.doubt(sender=user)


def test_doubt__usage_that_nobody_shows__is_passed_over_when_it_is_time(
    network: Network, clock: Clock, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    hidden = UsedBatch(commit_usage(network, submitter, b"known to nobody").batch, b"")
    shown = commit_used(network, submitter, {1: 5}, {1: 6})
    passable_at = network.fees.doubt(sender=user).timestamp + DAY
    clock.set_next(passable_at - 1)
    with faults.expect("WrongUsage", index=1):
        charge(network, user, [hidden, *shown])
    clock.jump_to(passable_at)
    with faults.expect("WrongUsage", index=1):
        charge(network, user, [UsedBatch(hidden.batch, usage_of({1: 9})), *shown])
    with faults.expect("WrongUsage", index=2):
        charge(network, user, [hidden, UsedBatch(shown[0].batch, b"")])
    receipt = charge(network, user, [hidden, *shown])
    assert events(receipt, "BatchPassedOver") == [{"index": 1}]
    assert (charged(network), account(network, 1).arrears) == ((3, 0), 11)


def test_doubt__batch_that_somebody_charges__costs_what_it_costs(
    network: Network, clock: Clock, faults: FaultCatalogue, user: Any, submitter: Any
) -> None:
    made = commit_used(network, submitter, {1: 5}, {1: 6})
    network.fees.doubt(sender=user)
    charge(network, user, made[:1])
    clock.jump_to(clock.now + DAY)
    with faults.expect("WrongUsage", index=2):
        charge(network, user, [UsedBatch(made[1].batch, b"")])
    charge(network, user, made[1:])
    assert account(network, 1).arrears == 11
