"""RollupInbox.post and floorPrice (POST-1 to POST-3)

post
├── when the data is empty or too long: refused
├── when the rollup is unknown: refused, also while the chain is based
├── when the rollup is shared
│   ├── and the committee is well: refused
│   └── and the chain is based: good for anyone, up to the very second of the end
├── when the rollup is based: good for anyone, whatever the chain
├── when the rollup is solo
│   ├── by its sequencer, a key or a contract: good, and free
│   └── by anyone else, its owner too: refused, also while the chain is based
├── when a mode is announced: who may post changes in the very second of its effect
├── when it is anyone's and less than the floor price is paid: refused
├── when what is paid beyond cannot be returned: refused
└── when all is good
    ├── posts of a rollup are numbered; what is paid beyond the price comes back
    ├── the event has the data, but for a plain account, whose transaction has it
    └── a poster that is called back may post again, for the price of another
"""

from __future__ import annotations

from typing import Any

import pytest
from ape.utils import ZERO_ADDRESS

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

SHARED, SOLO, BASED = range(3)
DATA = b"\x00payload"
MAX_BYTES = 131_072


@pytest.fixture
def price(network: Network) -> int:
    """POST-2, for DATA."""
    return network.floor.price(len(DATA))


def switch(network: Network, owner: Any, mode: int, sequencer: Any = ZERO_ADDRESS) -> int:
    """Announce a mode of rollup 1; returns when it takes effect."""
    receipt = network.rollups.announceMode(1, mode, sequencer, sender=owner)
    return int(receipt.timestamp) + network.exit_delay


def post(network: Network, sender: Any, value: int = 0, rollup_id: int = 1) -> Any:
    return network.posts.post(rollup_id, DATA, value=value, sender=sender)


def test_post__based_rollup__is_open_to_anyone(
    network: Network, clock: Clock, user: Any, stranger: Any, price: int
) -> None:
    clock.set_next(switch(network, user, BASED))
    receipt = post(network, stranger, price)
    assert events(receipt, "BatchPosted") == [
        {
            "rollupId": 1,
            "number": 0,
            "poster": stranger.address,
            "contentHash": ref.keccak(DATA),
            "data": b"",
        }
    ]
    assert network.posts.balance == price


def test_post__shared_rollup__is_open_while_the_chain_is_based(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    submitter: Any,
    stranger: Any,
    price: int,
) -> None:
    with faults.expect("NotOpen", rollupId=1):
        post(network, stranger, price)
    network.enter_based(clock, stranger)
    post(network, stranger, price)
    until = network.commit(sender=submitter).timestamp + network.fallback.tailSeconds
    clock.set_next(until - 1)
    post(network, stranger, price)
    clock.set_next(until)
    with faults.expect("NotOpen", rollupId=1):
        post(network, stranger, price)


def test_post__unknown_rollup__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, stranger: Any, price: int
) -> None:
    network.enter_based(clock, stranger)
    for rollup_id in (0, 2, 2**32 - 1):
        with faults.expect("NotOpen", rollupId=rollup_id):
            post(network, stranger, price, rollup_id)


def test_post__solo_rollup__is_its_sequencers_alone(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    submitter: Any,
    stranger: Any,
    price: int,
) -> None:
    clock.set_next(switch(network, user, SOLO, submitter))
    post(network, submitter)
    network.enter_based(clock, stranger)
    for other in (user, stranger):
        with faults.expect("NotTheSequencer", expected=submitter.address, actual=other.address):
            post(network, other, price)
    post(network, submitter)
    assert network.posts.balance == 0
    assert network.posts.postCount(1) == 2


def test_post__solo_by_a_contract__shows_the_data(
    network: Network, clock: Clock, user: Any, stranger: Any, contract_actor: Any
) -> None:
    clock.set_next(switch(network, user, SOLO, contract_actor))
    call = network.posts.post.encode_input(1, DATA)
    # Its own rules say whom it serves; here, anyone. What is paid for nothing comes back.
    receipt = contract_actor.execute(network.posts, call, value=5, sender=stranger)
    (event,) = events(receipt, "BatchPosted")
    assert (event["poster"], bytes(event["data"])) == (contract_actor.address, DATA)
    assert contract_actor.balance == 5


def test_post__mode_announced__changes_hands_in_that_second(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    submitter: Any,
    stranger: Any,
    price: int,
) -> None:
    effective_at = switch(network, user, SOLO, submitter)
    clock.set_next(effective_at - 1)
    with faults.expect("NotOpen"):
        post(network, submitter)
    clock.set_next(effective_at)
    post(network, submitter)

    effective_at = switch(network, user, BASED)
    clock.set_next(effective_at - 1)
    post(network, submitter)
    clock.set_next(effective_at)
    post(network, stranger, price)

    effective_at = switch(network, user, SHARED)
    clock.set_next(effective_at - 1)
    post(network, stranger, price)
    clock.set_next(effective_at)
    # Nobody has committed for long, but nobody has entered the fallback either.
    with faults.expect("NotOpen"):
        post(network, stranger, price)
    assert network.posts.postCount(1) == 4


def test_post__length_out_of_range__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, user: Any
) -> None:
    clock.set_next(switch(network, user, SOLO, user))
    for length in (0, MAX_BYTES + 1):
        with faults.expect("LengthOutOfRange", minimum=1, maximum=MAX_BYTES, actual=length):
            network.posts.post(1, bytes(length), sender=user)
    for length in (1, MAX_BYTES):
        network.posts.post(1, bytes(length), sender=user)


def test_post__below_the_floor__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, user: Any, stranger: Any, price: int
) -> None:
    clock.set_next(switch(network, user, BASED))
    with faults.expect("FeeTooSmall", expectedWei=price, actualWei=price - 1):
        post(network, stranger, price - 1)


def test_post__beyond_the_floor__comes_back_or_is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    contract_actor: Any,
    price: int,
) -> None:
    clock.set_next(switch(network, user, BASED))
    before = user.balance
    receipt = post(network, user, ETHER)
    assert before - user.balance == price + receipt.total_fees_paid

    contract_actor.refuseEther(True, sender=user)
    call = network.posts.post.encode_input(1, DATA)
    with faults.expect("CallFailed") as caught:
        contract_actor.execute(network.posts, call, value=price + 1, sender=user)
    inner = faults.decode_bytes(bytes(caught.arguments["reason"]))
    assert inner == ("RefundFailed", {"to": contract_actor.address.lower(), "amountWei": 1})
    contract_actor.execute(network.posts, call, value=price, sender=user)


def test_post__delegated_origin__shows_the_data(
    network: Network,
    clock: Clock,
    chain: Any,
    user: Any,
    stranger: Any,
    contract_actor: Any,
    price: int,
) -> None:
    clock.set_next(switch(network, user, BASED))
    delegation = bytes.fromhex("ef0100" + contract_actor.address[2:])
    chain.provider.set_code(stranger.address, delegation)
    (event,) = events(post(network, stranger, price), "BatchPosted")
    assert bytes(event["data"]) == DATA


def test_post__called_back__pays_for_each(
    network: Network, chain: Any, clock: Clock, user: Any, contract_actor: Any, price: int
) -> None:
    clock.set_next(switch(network, user, BASED))
    chain.provider.set_balance(contract_actor.address, price)
    call = network.posts.post.encode_input(1, DATA)
    contract_actor.reenterPaying(network.posts, call, price, sender=user)
    receipt = contract_actor.execute(network.posts, call, value=price + 1, sender=user)
    assert [event["number"] for event in events(receipt, "BatchPosted")] == [0, 1]
    assert network.posts.balance == 2 * price
    assert contract_actor.balance == 1


def test_post__rollups_apart__are_numbered_apart(
    network: Network, clock: Clock, user: Any, stranger: Any, price: int
) -> None:
    other = network.register(ZERO_ADDRESS, sender=user)
    network.enter_based(clock, stranger)
    numbers = [
        events(post(network, stranger, price, rollup_id), "BatchPosted")[0]["number"]
        for rollup_id in (1, other, 1)
    ]
    assert numbers == [0, 0, 1]
    assert [network.posts.postCount(rollup_id) for rollup_id in (1, other)] == [2, 1]


@pytest.mark.parametrize(("length", "blobs"), [(0, 0), (1, 0), (MAX_BYTES, 0), (0, 6)])
def test_floor_price__each_form__follows_the_rule(
    network: Network, length: int, blobs: int
) -> None:
    assert network.posts.floorPrice(length, blobs) == network.floor.price(length, blobs)
