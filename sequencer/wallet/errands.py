"""What a wallet can want of L1: a message of each kind (INBOX-4), or a post (POST-1)."""

from dataclasses import dataclass
from enum import Enum

from eth_utils.address import to_checksum_address

from sequencer.blocks.payload import encode_payload
from sequencer.errors import LocalFault
from sequencer.ingress.transaction import check_intrinsic, decode_transaction
from sequencer.l1 import abi
from sequencer.types import Address, RollupId

MAX_POST_BYTES = 120 << 10
"""What L1's pools take of one transaction, less what stands around the data (POST-3)."""
_WORD = 32
_ADDRESS = 20


class Kind(Enum):
    """Of an errand; all but a post are messages (INBOX-4)."""

    TRANSACTION = "transaction"
    CALL = "call"
    ETHER = "ether"
    TOKEN = "token"  # noqa: S105 - of ERC-20
    POST = "post"


@dataclass(frozen=True, slots=True)
class Errand:
    """One thing to bring into a rollup's order, by the bytes that L1 gets for it."""

    kind: Kind
    rollup: RollupId
    gas_limit: int
    """Of a message; 0 for a post."""
    content: bytes
    """INBOX-4 by kind; the payload of a post."""

    def call_data(self) -> bytes:
        """The call of the ForcedInbox, or of the RollupInbox for a post."""
        content, head = self.content, (self.rollup, self.gas_limit)
        if self.kind is Kind.TRANSACTION:
            return abi.function("ForcedInbox", "enqueue").call(*head, content)
        if self.kind is Kind.POST:
            return abi.function("RollupInbox", "post").call(self.rollup, content)
        if self.kind is Kind.TOKEN:
            token, rest = to_checksum_address(content[:_ADDRESS]), content[_ADDRESS:]
            return abi.function("ForcedInbox", "depositToken").call(*head, token, *_parts(rest))
        name = "enqueueCall" if self.kind is Kind.CALL else "depositEther"
        return abi.function("ForcedInbox", name).call(*head, *_parts(content))

    @property
    def deposit_wei(self) -> int:
        """Ether that goes along, besides any fee."""
        return _parts(self.content)[1] if self.kind is Kind.ETHER else 0


def transaction(rollup: RollupId, chain_id: int, raw: bytes) -> Errand:
    """A signed transaction, judged as the rollup will judge it: what it would skip is not paid
    for. Raises `PeerFault` (TX-1 to TX-3)."""
    found = decode_transaction(raw, chain_id)
    check_intrinsic(found)
    return Errand(Kind.TRANSACTION, rollup, found.gas_limit, raw)


def call(rollup: RollupId, gas_limit: int, to: Address, value_wei: int, data: bytes) -> Errand:
    """INBOX-8."""
    return Errand(Kind.CALL, rollup, gas_limit, _packed(to, value_wei, data))


def ether(rollup: RollupId, gas_limit: int, to: Address, amount_wei: int, data: bytes) -> Errand:
    """INBOX-9."""
    return Errand(Kind.ETHER, rollup, gas_limit, _packed(to, amount_wei, data))


def token(
    rollup: RollupId, gas_limit: int, address: Address, to: Address, amount: int, data: bytes
) -> Errand:
    """INBOX-9; the ForcedInbox must have been approved for the amount."""
    return Errand(Kind.TOKEN, rollup, gas_limit, bytes(address) + _packed(to, amount, data))


def post(rollup: RollupId, chain_id: int, raws: list[bytes]) -> Errand:
    """A batch of signed transactions, in this order (DERIVE-10); raises `PeerFault` for one that
    every follower would skip, `LocalFault` if they are none or too many."""
    for raw in raws:
        check_intrinsic(decode_transaction(raw, chain_id))
    if not raws:
        raise LocalFault("there are no transactions to post")
    try:
        payload = encode_payload([(rollup, raws)])
    except ValueError as error:
        raise LocalFault(str(error)) from error
    if len(payload) > MAX_POST_BYTES:
        raise LocalFault(
            f"the transactions make a post of {len(payload)} bytes, above {MAX_POST_BYTES}:"
            " post them in parts"
        )
    return Errand(Kind.POST, rollup, 0, payload)


def _packed(to: Address, amount: int, data: bytes) -> bytes:
    if not 0 <= amount < 2**256:
        raise LocalFault(f"{amount} is no amount of 256 bits")
    return bytes(to) + amount.to_bytes(_WORD, "big") + data


def _parts(content: bytes) -> tuple[str, int, bytes]:
    start = _ADDRESS + _WORD
    amount = int.from_bytes(content[_ADDRESS:start], "big")
    return to_checksum_address(content[:_ADDRESS]), amount, content[start:]
