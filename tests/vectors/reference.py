"""The encodings of docs/spec/encoding.md written a second time, for tests and vectors.

Typed data goes through ``eth_account``'s own EIP-712 encoder, so this shares no line with
``contracts/libraries/Digests.sol`` or ``sequencer/crypto/digests.py``. Slow and plain on purpose.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from math import floor
from typing import Any, Self

import rlp
from eth_abi.abi import encode as abi_encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

ZERO_HASH = bytes(32)
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MAX_S = SECP256K1_ORDER // 2
_GENERATOR_X = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
_Y_PARITY_BIT = 1 << 255

# Primary type -> its fields, in order (ENC-2, ENC-8, ENC-12).
TYPES: dict[str, str] = {
    "KeyPossession": "address operator,address signer,bytes32 transportKey",
    "Notarize": "uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash",
    "Nullify": "uint64 epoch,bytes32 committee,uint64 view",
    "Finalize": "uint64 epoch,bytes32 committee,uint64 view,bytes32 blockHash",
    "BatchAttestation": "uint64 epoch,bytes32 committee,uint64 index,bytes32 batchHash",
    "BlockHeader": (
        "uint64 epoch,uint64 height,uint64 view,uint64 timestampMs,bytes32 parentHash,"
        "bytes32 payloadHash,uint64 payloadLength,bytes32 transactionRoot,uint64 originNumber,"
        "bytes32 originHash,uint64 originTimestamp,uint64 forcedCount,address proposer"
    ),
    "Batch": (
        "uint64 index,bytes32 parentHash,uint64 firstHeight,uint64 lastHeight,"
        "bytes32 lastBlockHash,uint64 forcedCount,bytes32 dataHash,"
        "bytes32 blobsHash,bytes32 usageHash"
    ),
    "InclusionPromise": (
        "uint64 epoch,bytes32 committee,uint32 rollupId,bytes32 transactionHash,"
        "uint64 lastHeight,address beneficiary,uint96 valueWei"
    ),
    # L1 does not know it.
    "ListedTransaction": (
        "uint64 epoch,bytes32 committee,uint64 number,uint32 rollupId,bytes32 transactionHash"
    ),
}


def type_hash(primary: str) -> bytes:
    """EIP-712 ``typeHash`` of one of TYPES."""
    return keccak(text=f"{primary}({TYPES[primary]})")


@dataclass(frozen=True)
class Domain:
    """ENC-1."""

    chain_id: int
    registry: str

    def _signable(self, primary: str, message: Mapping[str, Any]) -> Any:
        fields = [field.split(" ") for field in TYPES[primary].split(",")]
        return encode_typed_data(
            domain_data={
                "name": "Switchyard",
                "version": "1",
                "chainId": self.chain_id,
                "verifyingContract": self.registry,
            },
            message_types={primary: [{"type": kind, "name": name} for kind, name in fields]},
            message_data=dict(message),
        )

    def separator(self) -> bytes:
        """The domain separator, which is also the hash of genesis (ENC-9)."""
        return bytes(
            self._signable("Nullify", {"epoch": 0, "committee": ZERO_HASH, "view": 0}).header
        )

    def digest(self, primary: str, **message: Any) -> bytes:
        """What is signed."""
        signable = self._signable(primary, message)
        return keccak(b"\x19" + signable.version + signable.header + signable.body)


def hash_struct(primary: str, message: Mapping[str, Any]) -> bytes:
    """EIP-712 ``hashStruct``, which knows no domain (ENC-8, ENC-12)."""
    anywhere = Domain(chain_id=1, registry="0x" + "00" * 20)
    return bytes(anywhere._signable(primary, message).body)


@dataclass(frozen=True)
class Batch:
    """ENC-12, in the order of the contract's struct."""

    index: int
    parentHash: bytes  # noqa: N815 - the names are the type's
    firstHeight: int  # noqa: N815
    lastHeight: int  # noqa: N815
    lastBlockHash: bytes  # noqa: N815
    forcedCount: int  # noqa: N815
    dataHash: bytes  # noqa: N815
    blobsHash: bytes = ZERO_HASH  # noqa: N815
    usageHash: bytes = keccak(b"")  # noqa: N815

    def hash(self) -> bytes:
        return hash_struct("Batch", asdict(self))

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def as_tuple(self) -> tuple[Any, ...]:
        return tuple(asdict(self).values())


# --- signatures ----------------------------------------------------------------------------


def account_of(number: int) -> LocalAccount:
    """The account of this private key; a small number is obviously for tests."""
    account: LocalAccount = Account.from_key(number.to_bytes(32, "big"))
    return account


def compact(r: int, s: int, y_parity: int) -> bytes:
    """ENC-3 bytes of a signature, canonical or not."""
    return r.to_bytes(32, "big") + (y_parity * _Y_PARITY_BIT | s).to_bytes(32, "big")


def sign(account: LocalAccount, digest: bytes) -> bytes:
    """ENC-3."""
    signed = account.unsafe_sign_hash(Hash32(digest))
    return compact(signed.r, signed.s, signed.v - 27)


def key_that_signs(digest: bytes, s: int) -> tuple[LocalAccount, bytes]:
    """A key made to fit: its signature over ``digest`` has this very ``s``, so the bounds of ENC-3
    can be tried with signatures that recover a signer.

    With the nonce 1, ``r`` is the x coordinate of the generator and ``s = z + r · key``.
    """
    key = (s - int.from_bytes(digest, "big")) * pow(_GENERATOR_X, -1, SECP256K1_ORDER)
    return account_of(key % SECP256K1_ORDER), compact(_GENERATOR_X, s, y_parity=0)


def malleated(signature: bytes) -> bytes:
    """``r ‖ n - s``: the other signature of the same key over the same digest, as another
    system would spell it. ENC-3 has no room for its top bit."""
    s = int.from_bytes(signature[32:], "big") % _Y_PARITY_BIT
    return signature[:32] + (SECP256K1_ORDER - s).to_bytes(32, "big")


# --- committees ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """One operator that may sit in a committee; the weight is in wei."""

    id: int
    signer: str
    weight: int


def select(candidates: Iterable[Member], max_size: int) -> list[Member]:
    """COMM-2."""
    heaviest_first = sorted(candidates, key=lambda member: (-member.weight, member.id))
    return heaviest_first[:max_size]


def capped(members: list[Member], cap_bps: int) -> list[Member]:
    """COMM-5, for members already in order: the rule as it is written, in fractions."""
    cap, weights = Fraction(cap_bps, 10_000), [member.weight for member in members]
    most = weights[-1]
    for k, weight in enumerate(weights):
        if cap * k < 1 and weight <= floor(cap * sum(weights[k:]) / (1 - cap * k)):
            most = floor(cap * sum(weights[k:]) / (1 - cap * k))
            break
    return [replace(member, weight=min(member.weight, most)) for member in members]


def committee_bytes(members: Iterable[Member]) -> bytes:
    """ENC-4, for members already in order."""
    members = list(members)
    words = [sum(member.weight for member in members)]
    words += [int(member.signer, 16) << 96 | member.weight for member in members]
    return b"".join(word.to_bytes(32, "big") for word in words)


def bitmap(indices: Iterable[int]) -> int:
    """ENC-5."""
    return sum(1 << index for index in set(indices))


def is_quorum(signed: int, total: int) -> bool:
    """ENC-6."""
    return 3 * signed > 2 * total


# --- blocks ---------------------------------------------------------------------------------


def usage(
    blocks: Iterable[tuple[Iterable[tuple[int, list[bytes]]], Iterable[tuple[int, bytes]]]],
) -> bytes:
    """ENC-12: of blocks, each with its segments and its held segments."""
    used: dict[int, int] = {}
    for segments, held in blocks:
        sizes = [(rollup_id, len(b"".join(raws))) for rollup_id, raws in segments]
        sizes += [(rollup_id, len(data)) for rollup_id, data in held]
        for rollup_id, size in sizes:
            used[rollup_id] = used.get(rollup_id, 0) + size
    return b"".join(_u(4, rollup_id) + _u(8, size) for rollup_id, size in sorted(used.items()))


def payload(
    segments: Iterable[tuple[int, list[bytes]]],
    held: Iterable[tuple[int, bytes]] = (),
    orderings: Mapping[int, tuple[int, int]] | None = None,
) -> bytes:
    """ENC-10, not compressed: `(rollup id, transactions)`, and `(rollup id, data)` of held ones.
    `orderings` is policy and base fee by rollup, zeros for those it lacks."""
    segments, held = list(segments), list(held)
    out = b"\x02" if held else b"\x00"
    if held:
        out += _u(2, len(held))
    for rollup_id, data in held:
        out += _u(4, rollup_id) + _u(4, len(data)) + keccak(data)
    out += _u(2, len(segments))
    for rollup_id, transactions in segments:
        policy, base_fee = (orderings or {}).get(rollup_id, (0, 0))
        out += _u(4, rollup_id) + _u(1, policy) + _u(12, base_fee) + _u(4, len(transactions))
        out += b"".join(_u(4, len(raw)) for raw in transactions)
    return out + b"".join(raw for _, transactions in segments for raw in transactions)


def signed_transaction(signer: LocalAccount, nonce: int, fees: Mapping[str, Any]) -> bytes:
    """A transfer of nothing on chain 7001 that pays these fees."""
    fields = {"chainId": 7001, "nonce": nonce, "gas": 21_000, "to": "0x" + "11" * 20, "value": 0}
    return bytes(signer.sign_transaction({**fields, **fees}).raw_transaction)


def value(raw: bytes, policy: int, base_fee: int, parent_hash: bytes) -> int:
    """ORDER-2, of a transaction of a rollup with this policy (0 to 2)."""
    try:
        fields = rlp.decode(raw if raw[0] >= 0xC0 else raw[1:])
    except rlp.DecodingError:
        return 0
    if raw[0] >= 0xC0:
        offered = fields[1], fields[1]
    else:
        offered = {1: (fields[2], fields[2])}.get(raw[0], (fields[3], fields[2]))
    most, priority = (int.from_bytes(fee, "big") for fee in offered)
    if policy == 1:
        return int.from_bytes(keccak(parent_hash + keccak(raw))[:16], "big")
    return 0 if policy == 2 else max(0, min(priority, most - base_fee, 2**128 - 1))


def keys(values: Iterable[int]) -> list[int]:
    """ORDER-3, of the transactions of one rollup."""
    return list(itertools.accumulate(values, min))


def leaves(
    segments: Iterable[tuple[int, list[bytes]]],
    held: Iterable[tuple[int, bytes]] = (),
    orderings: Mapping[int, tuple[int, int]] | None = None,
    parent_hash: bytes = ZERO_HASH,
) -> list[bytes]:
    """ENC-11: the transactions and then the held segments. `orderings` is policy and base fee by
    rollup; those it lacks have zeros."""
    found: list[bytes] = []
    for rollup_id, raws in segments:
        policy, base_fee = (orderings or {}).get(rollup_id, (0, 0))
        order = keys(value(raw, policy, base_fee, parent_hash) for raw in raws)
        for raw, key in zip(raws, order, strict=True):
            place = _u(4, rollup_id) + _u(4, len(found))
            found.append(keccak(b"\0" + place + keccak(raw) + _u(16, key)))
    for rollup_id, data in held:
        place = _u(4, rollup_id) + _u(4, len(found))
        found.append(keccak(b"\2" + place + _u(4, len(data)) + keccak(data)))
    return found


def merkle_root(found: list[bytes]) -> bytes:
    """ENC-11, from the top: the left half is the largest power of two below the count."""
    if len(found) < 2:
        return found[0] if found else ZERO_HASH
    split = 1 << ((len(found) - 1).bit_length() - 1)
    return keccak(b"\1" + merkle_root(found[:split]) + merkle_root(found[split:]))


def _u(size: int, value: int) -> bytes:
    return value.to_bytes(size, "big")


# --- the forced queue ----------------------------------------------------------------------

TRANSACTION, CALL, ETHER_DEPOSIT, TOKEN_DEPOSIT = range(4)
_ALIAS_OFFSET = 0x1111000000000000000000000000000000001111


def aliased(address: str) -> str:
    """INBOX-7: what a contract at this address is called on a rollup."""
    return to_checksum_address(((int(address, 16) + _ALIAS_OFFSET) % 2**160).to_bytes(20, "big"))


def content(*addresses: str, amount: int, data: bytes = b"") -> bytes:
    """INBOX-4: the content of a call or a deposit of ether (`to`), or of a token (`token, to`)."""
    packed = b"".join(bytes.fromhex(address[2:]) for address in addresses)
    return packed + amount.to_bytes(32, "big") + data


@dataclass(frozen=True)
class ForcedMessage:
    """INBOX-4, in the order of the contract's struct."""

    kind: int
    index: int
    rollup_id: int
    sender: str
    gas_limit: int
    deadline: int
    content_hash: bytes

    def hash(self) -> bytes:
        kinds = ["uint8", "uint64", "uint32", "address", "uint64", "uint64", "bytes32"]
        return keccak(abi_encode(kinds, list(asdict(self).values())))

    def as_tuple(self) -> tuple[Any, ...]:
        return tuple(asdict(self).values())


def accumulate(accumulator: bytes, message_hash: bytes) -> bytes:
    """INBOX-4: the 24-byte accumulator after one more message."""
    return keccak(accumulator + message_hash)[:24]
