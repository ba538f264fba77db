"""Wallets that send ordinary EIP-1559 transactions to rollups through JSON-RPC."""

from dataclasses import dataclass, field

from eth_account import Account as EthAccount
from eth_utils.address import to_checksum_address

from sequencer.blocks.order import PRIORITY, Ordering
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.types import Address, Hash32, RollupId

TRANSFER_GAS = 21_000
PRIORITY_FEE_WEI = 10**9
MAX_FEE_WEI = 10 * 10**9


@dataclass(frozen=True, slots=True)
class Rollup:
    """Where a transaction goes."""

    id: RollupId
    chain_id: int
    holds_data: bool = False
    """The committee keeps its data (ROLL-1)."""
    ordering: Ordering = PRIORITY


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as a wallet sends it."""

    rollup: Rollup
    sender: Address
    nonce: int
    raw: bytes = field(repr=False)
    hash: Hash32

    @property
    def hex(self) -> str:
        return "0x" + self.raw.hex()


class Wallet:
    """One key and its next nonce on each rollup. Signed by eth-account, as any wallet would."""

    def __init__(self, secret: bytes) -> None:
        self._account = EthAccount.from_key(secret)
        self.address: Address = Signer(secret).address
        self._nonces: dict[RollupId, int] = {}

    def next_nonce(self, rollup: Rollup) -> int:
        return self._nonces.get(rollup.id, 0)

    def resume(self, rollup: Rollup, nonce: int) -> None:
        """Go on from a nonce that the network says is next."""
        self._nonces[rollup.id] = nonce

    def transfer(self, rollup: Rollup, to: Address, value_wei: int) -> Signed:
        """Sign the next transfer."""
        nonce = self.next_nonce(rollup)
        self._nonces[rollup.id] = nonce + 1
        raw = bytes(
            self._account.sign_transaction(
                {
                    "type": 2,
                    "chainId": rollup.chain_id,
                    "nonce": nonce,
                    "to": to_checksum_address(to),
                    "value": value_wei,
                    "gas": TRANSFER_GAS,
                    "maxFeePerGas": MAX_FEE_WEI,
                    "maxPriorityFeePerGas": PRIORITY_FEE_WEI,
                }
            ).raw_transaction
        )
        return Signed(rollup, self.address, nonce, raw, keccak(raw))
