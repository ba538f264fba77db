"""An L1 endpoint with a transaction pool that keeps to geth's rules: for replacements, and that an
account has transactions with blobs waiting or others, never both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

import rlp
from eth_account import Account

from sequencer.crypto.hashing import keccak
from sequencer.l1.client import Receipt
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address, Hash32

CHAIN_ID = 31_337


@dataclass
class Pending:
    """A transaction in the pool."""

    sender: Address
    nonce: int
    tip: int
    max_fee: int
    gas_limit: int
    to: bytes
    data: bytes
    hash: Hash32
    blob_fee: int = 0
    blobs: tuple[bytes, ...] = ()


@dataclass
class FakePool:
    """The methods of `L1Client` that writing needs. Nothing is mined until `mine` is called;
    `pause` stands for the time that passes between two looks."""

    now_ms: int = 0
    base_fee: int = 100
    blob_base_fee: int | None = None
    """None: an L1 without blobs."""
    number: int = 10
    pool: dict[int, Pending] = field(default_factory=dict)
    mined: list[Pending] = field(default_factory=list)
    accepted: list[Pending] = field(default_factory=list)
    receipts: dict[Hash32, Receipt] = field(default_factory=dict)
    next_nonce: int = 7
    estimate: Callable[[Address, bytes], int] = lambda to, data: 100_000
    reverts: Callable[[Pending], bool] = lambda pending: False
    on_pause: Callable[[], None] = lambda: None

    # --- what an endpoint answers ---

    async def nonce(self, _: Address) -> int:
        return self.next_nonce

    async def base_fee_wei(self) -> int:
        return self.base_fee

    async def blob_base_fee_wei(self) -> int:
        if self.blob_base_fee is None:
            raise L1Refused("the method does not exist", -32_601, b"")
        return self.blob_base_fee

    async def estimate_gas(self, _: Address, to: Address, data: bytes) -> int:
        return self.estimate(to, data)

    async def send_raw(self, raw: bytes) -> Hash32:
        sent = _read(raw)
        if sent.nonce < self.next_nonce:
            raise L1Refused("nonce too low", -32_000, b"")
        held = self.pool.get(sent.nonce)
        if held is not None and held.hash == sent.hash:
            raise L1Refused("already known", -32_000, b"")
        if any(bool(other.blobs) != bool(sent.blobs) for other in self.pool.values()):
            raise L1Refused("address already reserved", -32_000, b"")
        if held is not None and not _replaces(sent, held):
            raise L1Refused("replacement transaction underpriced", -32_000, b"")
        self.pool[sent.nonce] = sent
        self.accepted.append(sent)
        return sent.hash

    async def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        return self.receipts.get(transaction_hash)

    # --- what happens to it ---

    def mine(self, count: int = 1) -> None:
        """A block with the next transactions of the account."""
        self.number += 1
        for _ in range(count):
            taken = self.pool.pop(self.next_nonce, None)
            if taken is None:
                return
            self.next_nonce += 1
            self.mined.append(taken)
            block = Hash32(bytes(32))
            self.receipts[taken.hash] = Receipt(
                taken.hash, not self.reverts(taken), self.number, block, 90_000
            )

    async def pause(self, seconds: float) -> None:
        self.now_ms += int(1_000 * seconds)
        self.on_pause()


def _replaces(sent: Pending, held: Pending) -> bool:
    pairs = [(sent.tip, held.tip), (sent.max_fee, held.max_fee), (sent.blob_fee, held.blob_fee)]
    if sent.blobs:
        return all(new >= 2 * old for new, old in pairs)
    return all(10 * new >= 11 * old for new, old in pairs)


def _read(raw: bytes) -> Pending:
    if raw[0] == 3:
        return _read_with_blobs(raw)
    assert raw[0] == 2
    fields = rlp.decode(raw[1:])
    chain_id, nonce, tip, max_fee, gas_limit = (int.from_bytes(f, "big") for f in fields[:5])
    assert chain_id == CHAIN_ID
    assert tip <= max_fee
    sender = Address(bytes.fromhex(Account.recover_transaction(raw)[2:]))
    return Pending(sender, nonce, tip, max_fee, gas_limit, fields[5], fields[7], keccak(raw))


def _read_with_blobs(raw: bytes) -> Pending:
    """EIP-7594."""
    body, version, blobs, commitments, proofs = rlp.decode(raw[1:])
    assert version == b"\x01"
    assert len(blobs) == len(commitments) == len(proofs) / 128
    signed = b"\x03" + rlp.encode(body)
    chain_id, nonce, tip, max_fee, gas_limit = (int.from_bytes(f, "big") for f in body[:5])
    assert chain_id == CHAIN_ID
    assert [b"\x01" + sha256(point).digest()[1:] for point in commitments] == body[10]
    sender = Address(bytes.fromhex(Account.recover_transaction(signed)[2:]))
    blob_fee = int.from_bytes(body[9], "big")
    assert blob_fee > 0
    return Pending(
        *(sender, nonce, tip, max_fee, gas_limit, body[5], body[7], keccak(signed)),
        blob_fee=blob_fee,
        blobs=tuple(blobs),
    )
