"""Faults of forced inclusion found in systems of this kind (docs/spec/pitfalls.md), P19 to P31,
each tried against these contracts. P26 and P30 are derivation's, P27 the whole network's: see
`tests/regressions/`.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

DATA = b"\x01data"
NOBODY = to_checksum_address("0x" + "ee" * 20)


def test_p19_spam__pays_more_and_more(network: Network, user: Any) -> None:
    target = network.queue.congestionTarget
    fees = []
    for _ in range(3 * target):
        fees.append(network.inbox.fee(112, 21_000))
        network.enqueue(user)
    assert fees == sorted(set(fees))
    # Sixteen times the price at three times the target, and nobody gets it back.
    assert network.inbox.fee(112, 21_000) == 16 * fees[0]
    assert network.inbox.balance == sum(fees)


def test_p20_deadline__is_moved_by_nothing(
    network: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    for _ in range(3):
        network.enqueue(user)
    stamped = [network.inbox.message(index)[0] for index in range(3)]
    clock.set_next(clock.now + 100)
    network.commit(network.next_batch(forcedCount=1), sender=submitter)
    network.enqueue(user)
    clock.set_next(stamped[1])
    network.inbox.forceInclude(2, sender=user)
    assert [network.inbox.message(index)[0] for index in range(3)] == stamped


def test_p21_long_queue__costs_a_commit_no_more_than_a_short_one(
    network: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    network.commit(sender=submitter)
    gas = []
    total = 0
    for length in (2, 40):
        for _ in range(length):
            network.enqueue(user)
        total += length
        receipt = network.commit(network.next_batch(forcedCount=total - 1), sender=submitter)
        gas.append(receipt.gas_used)
    # What is left of a difference are zero bytes in hashes and signatures.
    assert abs(gas[1] - gas[0]) < 200
    clock.set_next(network.inbox.message(total - 1)[0])
    forced = network.inbox.forceInclude(total, sender=user).gas_used
    network.enqueue(user)
    clock.set_next(network.inbox.message(total)[0])
    assert abs(network.inbox.forceInclude(total + 1, sender=user).gas_used - forced) < 100


def test_p22_gas_bombs__are_refused_at_the_door(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    with faults.expect("GasLimitOutOfRange", actual=2**64 - 1):
        network.inbox.enqueue(1, 2**64 - 1, DATA, value=ETHER, sender=user)
    with faults.expect("LengthOutOfRange", actual=network.queue.maxBytes + 1):
        network.enqueue(user, bytes(network.queue.maxBytes + 1))
    # And gas is paid for, used or not.
    cheap, dear = (network.inbox.fee(112, gas) for gas in (21_000, network.queue.maxGas))
    assert dear - cheap == (network.queue.maxGas - 21_000) * network.queue.weiPerGas


@pytest.mark.parametrize("base_fee_wei", [1, 10**9, 50 * 10**9])
def test_p23_base_fee_of_l1__moves_the_price_neither_down_nor_up(
    network: Network, chain: Any, user: Any, base_fee_wei: int
) -> None:
    chain.provider.make_request("anvil_setNextBlockBaseFeePerGas", [hex(base_fee_wei)])
    chain.mine()
    expected = network.queue.fee(112, 21_000, pending=0)
    assert network.inbox.fee(112, 21_000) == expected >= network.queue.baseFeeWei
    network.enqueue(user)
    assert network.inbox.fee(112, 21_000) == network.queue.fee(112, 21_000, pending=1)


def test_p23_price_after_congestion__falls_back_at_once(
    network: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    quiet = network.inbox.fee(112, 21_000)
    for _ in range(5):
        network.enqueue(user)
    network.commit(network.next_batch(forcedCount=5), sender=submitter)
    assert network.inbox.fee(112, 21_000) == quiet


def test_p24_forced_bytes__are_in_the_event_for_ever(network: Network, user: Any) -> None:
    transaction = bytes(range(256))
    receipt = network.enqueue(user, transaction)
    (event,) = events(receipt, "MessageEnqueued")
    assert bytes(event["content"]) == transaction


def test_p25_no_switch__is_in_any_abi(project: Any) -> None:
    words = ("pause", "owner()", "allow", "deny", "filter", "upgrade", "admin", "setparam")
    contracts = ("ForcedInbox", "CommitmentChain", "Committee", "BondRegistry", "RollupInbox")
    for name in contracts:
        signatures = [
            method.selector.lower() for method in getattr(project, name).contract_type.methods
        ]
        assert signatures
        assert not [s for s in signatures for word in words if word in s]


def test_p25_dead_committee__cannot_stop_a_force(
    network: Network, clock: Clock, stranger: Any, user: Any
) -> None:
    # No commit ever, every operator gone, epochs without committees: L1 alone still orders.
    for actor in network.members:
        network.registry.initiateExit(sender=actor.account)
    network.enqueue(user)
    clock.set_next(clock.now + 100 * network.times.epochSeconds)
    network.inbox.forceInclude(1, sender=stranger)
    assert network.inbox.backlog() == (0, 0)


def test_p28_windows__follow_seconds_not_blocks(
    network: Network, faults: FaultCatalogue, chain: Any, clock: Clock, user: Any
) -> None:
    network.enqueue(user)
    deadline = network.inbox.message(0)[0]
    # A thousand blocks in one second make nothing due, one late block does.
    chain.provider.make_request("anvil_mine", [hex(1_000), hex(0)])
    clock.set_next(deadline - 1)
    with faults.expect("NotDue"):
        network.inbox.forceInclude(1, sender=user)
    clock.set_next(deadline)
    network.inbox.forceInclude(1, sender=user)


def test_p29_contract__is_not_the_account_of_the_same_address(
    network: Network, user: Any, contract_actor: Any
) -> None:
    # Whoever has this address on a rollup is somebody else.
    call = network.inbox.enqueueCall.encode_input(1, 21_000, NOBODY, 0, DATA)
    receipt = contract_actor.execute(network.inbox, call, value=ETHER, sender=user)
    (event,) = events(receipt, "MessageEnqueued")
    assert event["sender"] == ref.aliased(contract_actor.address) != contract_actor.address


@pytest.mark.parametrize("sponsored", [False, True])
def test_p29_account_with_a_delegate__is_itself(
    network: Network, chain: Any, user: Any, contract_actor: Any, sponsored: bool
) -> None:
    # A set-code transaction (EIP-7702) that the account sends itself, or that another sends for it.
    account, sponsor = Account.create(), Account.create()
    sender = sponsor if sponsored else account
    chain.provider.set_balance(sender.address, 2 * ETHER)
    authorization = account.sign_authorization(
        {
            "chainId": chain.chain_id,
            "address": contract_actor.address,
            "nonce": 0 if sponsored else 1,
        }
    )
    call = network.inbox.enqueueCall.encode_input(1, 21_000, NOBODY, 0, DATA)
    transaction = {
        "chainId": chain.chain_id,
        "nonce": 0,
        "gas": 1_000_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 0,
        "to": account.address,
        "value": ETHER,
        "data": bytes(contract_actor.execute.encode_input(network.inbox, call)),
        "authorizationList": [authorization],
    }
    raw = "0x" + bytes(sender.sign_transaction(transaction).raw_transaction).hex()
    transaction_hash = chain.provider.make_request("eth_sendRawTransaction", [raw])
    receipt = chain.provider.get_receipt(transaction_hash)
    (event,) = events(receipt, "MessageEnqueued")
    assert event["sender"] == account.address
    assert bytes(chain.provider.get_code(account.address))[:3] == b"\xef\x01\x00"


def test_p31_crowd_in_front__puts_nobodys_call_out_of_reach(
    network: Network,
    chain: Any,
    clock: Clock,
    user: Any,
    submitter: Any,
    reporter: Any,
    stranger: Any,
) -> None:
    # The user's calls are made from the state of before; the crowd comes first, in the same block.
    network.enqueue(stranger)
    deadline = network.inbox.message(0)[0]
    clock.jump_to(deadline - 1)
    enough = 2 * network.inbox.fee(len(DATA), 21_000)
    enqueue = network.inbox.enqueue.encode_input(1, 21_000, DATA)
    force = network.inbox.forceInclude.encode_input(1)
    calls = [(crowd, 0, enqueue, enough, 30) for crowd in (submitter, reporter, stranger)]
    calls += [(user, 0, enqueue, enough, 20), (user, 1, force, 0, 20)]
    rpc = chain.provider.make_request
    rpc("evm_setAutomine", [False])
    try:
        for account, offset, data, value, gas_price_gwei in calls:
            transaction = {"from": account.address, "to": network.inbox.address}
            transaction |= {"nonce": hex(account.nonce + offset), "data": data.hex()}
            transaction |= {"value": hex(value), "gas": hex(10**6)}
            rpc("eth_sendTransaction", [transaction | {"gasPrice": hex(gas_price_gwei * 10**9)}])
        clock.jump_to(deadline)
    finally:
        rpc("evm_setAutomine", [True])
    block = chain.blocks.height
    senders = [log.sender for log in network.inbox.MessageEnqueued.range(block, block + 1)]
    assert senders == [submitter.address, reporter.address, stranger.address, user.address]
    assert network.inbox.head()[:2] == (5, 1)
