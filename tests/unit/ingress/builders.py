"""Raw transactions with any fields, right or wrong: written with the `rlp` library and signed
with coincurve, so that they share no line with what reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp
from coincurve import PrivateKey

from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import CURVE_ORDER, public_key_address

CHAIN_ID = 7
KEY = PrivateKey(b"\x01" * 32)
SENDER = public_key_address(KEY.public_key)
TO = b"\x11" * 20

Item = int | bytes | Sequence["Item"]
AUTHORIZATION: list[Item] = [CHAIN_ID, TO, 0, 1, b"\x22" * 32, b"\x33" * 32]

NAMES = {
    0: ["nonce", "max_fee", "gas", "to", "value", "data"],
    1: ["chain", "nonce", "max_fee", "gas", "to", "value", "data", "access"],
    2: ["chain", "nonce", "priority", "max_fee", "gas", "to", "value", "data", "access"],
    4: ["chain", "nonce", "priority", "max_fee", "gas", "to", "value", "data", "access", "auth"],
}


def as_rlp(item: Item) -> bytes | list[Any]:
    """Integers in their minimal form, everything else as it is."""
    if isinstance(item, int):
        return item.to_bytes((item.bit_length() + 7) // 8, "big")
    return item if isinstance(item, bytes) else [as_rlp(inner) for inner in item]


@dataclass(frozen=True)
class Raw:
    """A transaction's fields as RLP items; `replace` makes wrong ones."""

    kind: int = 2
    chain: int = CHAIN_ID
    nonce: Item = 5
    priority: Item = 10**9
    max_fee: Item = 10**10
    gas: Item = 200_000
    to: Item = TO
    value: Item = 10**18
    data: Item = b""
    access: Item = ()
    auth: Item = field(default_factory=lambda: [AUTHORIZATION])
    extra: tuple[Item, ...] = ()
    key: PrivateKey = KEY

    def unsigned(self) -> list[Item]:
        return [getattr(self, name) for name in NAMES[self.kind]]

    def signature(self) -> tuple[int, int, int]:
        """Parity, r and s."""
        fields = self.unsigned()
        if self.kind == 0:
            fields += [self.chain, 0, 0]
        prefix = bytes([self.kind]) if self.kind else b""
        digest = keccak(prefix + rlp.encode(as_rlp(fields), infer_serializer=False))
        compact = self.key.sign_recoverable(digest, hasher=None)
        return (
            compact[64],
            int.from_bytes(compact[:32], "big"),
            int.from_bytes(compact[32:64], "big"),
        )

    def encode(self) -> bytes:
        return self.with_signature(*self.signature())

    def with_signature(self, parity: int, r: int, s: int) -> bytes:
        v = 35 + 2 * self.chain + parity if self.kind == 0 else parity
        return self.with_items([v, r, s])

    def with_items(self, signature: Sequence[Item]) -> bytes:
        fields = [*self.unsigned(), *signature, *self.extra]
        prefix = bytes([self.kind]) if self.kind else b""
        return prefix + rlp.encode(as_rlp(fields), infer_serializer=False)


def malleated(raw: Raw) -> bytes:
    """The same transaction with the other signature that recovers its sender."""
    parity, r, s = raw.signature()
    return raw.with_signature(1 - parity, r, CURVE_ORDER - s)
