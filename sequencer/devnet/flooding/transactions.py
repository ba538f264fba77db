"""Signed transactions by the thousand: written field by field, which takes a twentieth of the time
that a wallet's library takes."""

import random
from collections.abc import Iterator, Sequence

import rlp
from coincurve import PrivateKey

from sequencer.crypto.hashing import keccak
from sequencer.devnet.wallets import Rollup

GAS = 2_000_000
PRIORITY_FEE_WEI = 10**9
MAX_FEE_WEI = 10 * 10**9
_TO = b"\x11" * 20

Item = bytes | Sequence["Item"]


class Sender:
    """One account on one rollup, with its next nonce."""

    def __init__(self, number: int, rollup: Rollup) -> None:
        """Accounts are told by `number`, from 1."""
        self.rollup = rollup
        self.nonce = 0
        self._key = PrivateKey(keccak(b"flooding sender", number.to_bytes(8, "big")))

    def next(self, data: bytes = b"") -> bytes:
        """The raw transaction of the next nonce."""
        self.nonce += 1
        return self.write(self.nonce - 1, data)

    def write(self, nonce: int, data: bytes = b"", max_fee_wei: int = MAX_FEE_WEI) -> bytes:
        """Any raw EIP-1559 transaction of this account."""
        fields: list[Item] = [
            _integer(self.rollup.chain_id),
            _integer(nonce),
            _integer(PRIORITY_FEE_WEI),
            _integer(max_fee_wei),
            _integer(GAS),
            _TO,
            b"\x01",
            data,
            [],
        ]
        digest = keccak(b"\x02" + rlp.encode(fields, infer_serializer=False))
        signature = self._key.sign_recoverable(digest, hasher=None)
        signed = [
            *fields,
            _integer(signature[64]),
            signature[:32].lstrip(b"\0"),
            signature[32:64].lstrip(b"\0"),
        ]
        encoded: bytes = rlp.encode(signed, infer_serializer=False)
        return b"\x02" + encoded


class Senders:
    """A fixed number of accounts that send in turn, for ever."""

    def __init__(self, rollups: Sequence[Rollup], count: int, seed: int) -> None:
        self._senders = [
            Sender(seed + number, rollups[number % len(rollups)]) for number in range(count)
        ]
        self._random = random.Random(seed)

    def any(self) -> Sender:
        return self._random.choice(self._senders)

    def turns(self) -> Iterator[Sender]:
        while True:
            yield from self._senders


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
