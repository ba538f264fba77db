"""What a node promises about one transaction (PROMISE-1)."""

from typing import Any

import msgspec

from sequencer.crypto.digests import inclusion_promise, typed_digest
from sequencer.types import Address, Epoch, Hash32, Height, RollupId

MAX_VALUE_WEI = 2**96 - 1

ContractPromise = tuple[int, int, bytes, int, bytes, int]
"""`InclusionPromise` of `Digests`, as ABI encoders take it."""


class InclusionPromise(msgspec.Struct, frozen=True, array_like=True):
    """The signer answers, with `value_wei`, for a transaction being in a block of height
    `last_height` or less."""

    epoch: Epoch
    rollup: RollupId
    tx_hash: Hash32
    last_height: Height
    beneficiary: Address
    value_wei: int

    def digest(self, separator: Hash32, committee: Hash32) -> Hash32:
        """What is signed; `committee` is the hash of the epoch's."""
        struct = inclusion_promise(
            self.epoch,
            committee,
            self.rollup,
            self.tx_hash,
            self.last_height,
            self.beneficiary,
            self.value_wei,
        )
        return typed_digest(separator, struct)

    def for_contract(self) -> ContractPromise:
        return (
            self.epoch,
            self.rollup,
            self.tx_hash,
            self.last_height,
            self.beneficiary,
            self.value_wei,
        )


class SignedPromise(msgspec.Struct, frozen=True, array_like=True):
    """A promise, the committee in whose name it is made, and its ENC-3 signature."""

    promise: InclusionPromise
    committee: Hash32
    signature: bytes

    def to_json(self) -> dict[str, object]:
        """With the names of the contracts; wei as decimal text, which no reader rounds."""
        promise = self.promise
        return {
            "epoch": promise.epoch,
            "committee": "0x" + self.committee.hex(),
            "rollupId": promise.rollup,
            "transactionHash": "0x" + promise.tx_hash.hex(),
            "lastHeight": promise.last_height,
            "beneficiary": "0x" + promise.beneficiary.hex(),
            "valueWei": str(promise.value_wei),
            "signature": "0x" + self.signature.hex(),
        }


def promise_of(logged: tuple[Any, ...]) -> InclusionPromise:
    """From the values of an event, where an address is text."""
    epoch, rollup, tx_hash, last_height, beneficiary, value_wei = logged
    return InclusionPromise(
        Epoch(epoch),
        RollupId(rollup),
        Hash32(tx_hash),
        Height(last_height),
        Address(bytes.fromhex(beneficiary[2:])),
        value_wei,
    )
