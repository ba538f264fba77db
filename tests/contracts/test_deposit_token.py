"""ForcedInbox.depositToken (INBOX-9), with tokens that behave and tokens that do not

depositToken
├── when the rollup is unknown, or has no vault: refused
├── when nothing is deposited: refused
├── when the tokens are not approved, or not there, or the token says no: refused
├── when there is no token at the address: refused
├── when the vault's balance does not grow by the amount: refused
│   ├── a token that takes a fee
│   ├── a token that moves nothing, or takes from the vault
│   └── a token that lets a second deposit in, in the middle of the first
├── when the fee is not paid: refused, and no token has moved
└── when all is good: the vault has the tokens, the queue the message and the fee
"""

from __future__ import annotations

from typing import Any

import pytest
from ape.exceptions import ContractLogicError
from eth_utils.address import to_checksum_address

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

TO = to_checksum_address("0x" + "ee" * 20)
VAULT = to_checksum_address("0x" + "0a" * 20)
GAS = 50_000
LENGTH = 72
AMOUNT = 1_000


@pytest.fixture
def rollup(network: Network, user: Any) -> int:
    return network.register(VAULT, sender=user)


@pytest.fixture
def make(project: Any, network: Network, user: Any) -> Any:
    """Deploys a token of this name; the user has it and has approved it."""

    def make(name: str) -> Any:
        token = user.deploy(getattr(project, name))
        token.approve(network.inbox, 10 * AMOUNT, sender=user)
        return token

    return make


def deposit(network: Network, user: Any, rollup: int, token: Any, **changes: Any) -> Any:
    parts = {"amount": AMOUNT, "data": b"", "value": ETHER} | changes
    call = (rollup, GAS, token, TO, parts["amount"], parts["data"])
    return network.inbox.depositToken(*call, value=parts["value"], sender=user)


def test_deposit_token__everything_good__moves_and_queues(
    network: Network, user: Any, rollup: int, make: Any
) -> None:
    token = make("HonestToken")
    receipt = deposit(network, user, rollup, token, data=b"\x07")
    assert token.balanceOf(VAULT) == AMOUNT
    assert network.inbox.balance == network.queue.fee(LENGTH + 1, GAS, 0)
    (event,) = events(receipt, "MessageEnqueued")
    assert (event["kind"], event["sender"]) == (ref.TOKEN_DEPOSIT, user.address)
    content = ref.content(token.address, TO, amount=AMOUNT, data=b"\x07")
    assert bytes(event["content"]) == content


def test_deposit_token__nowhere_to_go__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, make: Any
) -> None:
    token = make("HonestToken")
    with faults.expect("UnknownRollup", rollupId=rollup + 1):
        deposit(network, user, rollup + 1, token)
    with faults.expect("NoVault", rollupId=1):
        deposit(network, user, 1, token)


def test_deposit_token__nothing__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, make: Any
) -> None:
    with faults.expect("NothingDeposited"):
        deposit(network, user, rollup, make("HonestToken"), amount=0)


def test_deposit_token__not_the_callers_to_give__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, stranger: Any, rollup: int, make: Any
) -> None:
    token = make("HonestToken")
    with faults.expect("ERC20InsufficientAllowance", spender=network.inbox.address, allowance=0):
        deposit(network, stranger, rollup, token)
    token.approve(network.inbox, AMOUNT, sender=stranger)
    with faults.expect("ERC20InsufficientBalance", sender=stranger.address, needed=AMOUNT):
        deposit(network, stranger, rollup, token)


def test_deposit_token__token_answers_no__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, make: Any
) -> None:
    token = make("RefusingToken")
    with faults.expect("SafeERC20FailedOperation", token=token.address):
        deposit(network, user, rollup, token)


def test_deposit_token__no_token_there__is_refused(
    network: Network, user: Any, rollup: int, stranger: Any, library: Any
) -> None:
    for no_token in (stranger, library):
        with pytest.raises(ContractLogicError):
            deposit(network, user, rollup, no_token)
    assert network.inbox.head()[0] == 0


@pytest.mark.parametrize(("name", "missing"), [("FeeToken", AMOUNT // 100), ("LyingToken", AMOUNT)])
def test_deposit_token__less_arrives__is_refused(
    network: Network,
    faults: FaultCatalogue,
    user: Any,
    rollup: int,
    make: Any,
    name: str,
    missing: int,
) -> None:
    with faults.expect("VaultBalanceMismatch", expected=AMOUNT, actual=AMOUNT - missing):
        deposit(network, user, rollup, make(name))


def test_deposit_token__taken_from_the_vault__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, make: Any
) -> None:
    token = make("TakingToken")
    token.transfer(VAULT, 5 * AMOUNT, sender=user)
    with faults.expect("VaultBalanceMismatch", expected=6 * AMOUNT, actual=4 * AMOUNT):
        deposit(network, user, rollup, token)


def test_deposit_token__second_deposit_inside_the_first__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, user: Any, rollup: int, make: Any
) -> None:
    # Counted alone each would be right: the outer one would count the inner one's tokens.
    token = make("ReentrantToken")
    chain.provider.set_balance(token.address, ETHER)
    inner = network.inbox.depositToken.encode_input(rollup, GAS, token, TO, AMOUNT, b"")
    token.reenter(network.inbox, inner, AMOUNT, sender=user)
    with faults.expect("VaultBalanceMismatch", expected=AMOUNT, actual=2 * AMOUNT):
        deposit(network, user, rollup, token)

    # What moves no token of the same kind does no harm, and comes first.
    other = network.inbox.enqueue.encode_input(rollup, GAS, b"\x02")
    token.reenter(network.inbox, other, 0, sender=user)
    receipt = deposit(network, user, rollup, token)
    assert token.reentered()
    kinds = [event["kind"] for event in events(receipt, "MessageEnqueued")]
    assert kinds == [ref.TRANSACTION, ref.TOKEN_DEPOSIT]


def test_deposit_token__fee_not_paid__moves_no_token(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, make: Any
) -> None:
    token = make("HonestToken")
    fee = network.inbox.fee(LENGTH, GAS)
    with faults.expect("FeeTooSmall", expectedWei=fee, actualWei=fee - 1):
        deposit(network, user, rollup, token, value=fee - 1)
    assert token.balanceOf(VAULT) == 0
