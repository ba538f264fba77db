"""Accounts, keys and transactions of everybody: made once, the same in every case."""

from dataclasses import dataclass
from functools import cache

from eth_account import Account

from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.types import Address

CHAIN_IDS = (7001, 7002, 7001)
"""Of rollups 1 to 3 (two have the same, ROLL-1)."""
GAS = 50_000
"""Gas limit of every valid transaction but the greedy ones."""
GREEDY_GAS = 90_000
OPERATORS = 5


def alias(contract: Address) -> Address:
    """INBOX-7: what a contract is called on a rollup."""
    return Address(((int.from_bytes(contract, "big") + ALIAS_OFFSET) % 2**160).to_bytes(20, "big"))


def account(name: str) -> Address:
    """Nobody's key is needed: Anvil sends for whom it is told."""
    return Address(keccak(b"account", name.encode())[12:])


OWNER, HEIR, STRANGER, SPAMMER, POSTER, SOLO, SUBMITTER, USER, DELEGATED = (
    account(name)
    for name in (
        *("owner", "heir", "stranger", "spammer", "poster", "solo", "submitter"),
        *("user", "delegated"),
    )
)
ALIAS_OFFSET = 0x1111000000000000000000000000000000001111
COLD = tuple(account(f"operator {number}") for number in range(OPERATORS))
ACCOUNTS = (OWNER, HEIR, STRANGER, SPAMMER, POSTER, SOLO, SUBMITTER, USER, DELEGATED, *COLD)

SIGNERS = tuple(Signer(keccak(b"hot key", word(number))) for number in range(OPERATORS))
SIGNER_OF = {signer.address: signer for signer in SIGNERS}


@dataclass(frozen=True, slots=True)
class Transactions:
    """For rollups: by chain id, valid ones, and what is none."""

    valid: dict[int, tuple[bytes, ...]]
    greedy: dict[int, bytes]
    """Valid, of more gas than messages of them declare."""
    users: dict[int, bytes]
    garbage: tuple[bytes, ...]

    @property
    def kept(self) -> dict[bytes, tuple[int, int]]:
        """What keeps TX-1 and TX-2: chain id and gas limit."""
        found = {}
        for chain_id in self.valid:
            for raw in (*self.valid[chain_id], self.users[chain_id]):
                found[raw] = (chain_id, GAS)
            found[self.greedy[chain_id]] = (chain_id, GREEDY_GAS)
        return found


@cache
def transactions() -> Transactions:
    """What rollups are sent: eight valid ones for each chain id."""
    chain_ids = sorted(set(CHAIN_IDS))
    valid = {one: tuple(_signed(1, one, nonce) for nonce in range(8)) for one in chain_ids}
    first = valid[chain_ids[0]][0]
    return Transactions(
        valid=valid,
        greedy={one: _signed(2, one, 0, gas=GREEDY_GAS) for one in chain_ids},
        users={one: _signed(3, one, 0) for one in chain_ids},
        garbage=(
            b"\x00",
            b"\x02not a transaction",
            first[:-1],
            first + b"\0",
            b"\x03" + first[1:],  # TX-1: blob transactions
            _signed(1, 9999, 0),
            b"\xff" * 700,
        ),
    )


def _signed(key: int, chain_id: int, nonce: int, gas: int = GAS) -> bytes:
    signed = Account.from_key(word(key)).sign_transaction(
        {
            "chainId": chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": 10**9,
            "maxPriorityFeePerGas": 1,
            "to": "0x" + "22" * 20,
            "value": 1,
        }
    )
    return bytes(signed.raw_transaction)
