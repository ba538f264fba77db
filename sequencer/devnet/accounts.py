"""Whose keys the accounts of the local L1 are. Everybody knows them: they are Anvil's own.

ape names the first twenty of them TEST::0 to TEST::19.
"""

from dataclasses import dataclass

from sequencer.crypto.signatures import Signer
from sequencer.types import Address

MNEMONIC = "test test test test test test test test test test test junk"
ACCOUNTS = 23
DEPLOYER = 0
OPERATORS = (*range(1, 5), *range(20, 23))
"""The cold keys of the operators: four, or up to seven."""
WALLETS = range(5, 10)
"""For whoever tries the network out."""
TRAFFIC = range(10, 20)
"""Senders of sample traffic."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the local L1."""

    index: int
    secret: bytes
    address: Address

    @property
    def ape_alias(self) -> str:
        return f"TEST::{self.index}"


def account(index: int) -> Account:
    """One of the accounts above."""
    from eth_account import Account as EthAccount  # noqa: PLC0415 - half a second to import

    EthAccount.enable_unaudited_hdwallet_features()
    key = EthAccount.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}").key
    return Account(index, bytes(key), Signer(bytes(key)).address)
