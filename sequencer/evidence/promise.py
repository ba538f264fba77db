"""Evidence of a promise of inclusion (PROMISE-1). Fields have the names of `seq_getPromise`.

Whether it is broken only L1 finds out, by a challenge (PROMISE-5 to PROMISE-7): the file holds what
was promised, and who has signed it. sans-IO.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec
from eth_abi.abi import encode as abi_encode

from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import recover
from sequencer.decoding import decoded
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.fields import (
    U32,
    U64,
    Decimal,
    HexAddress,
    HexSignature,
    HexWord,
    JsonEvidence,
    about,
    from_decimal,
    from_hex,
    from_json,
    to_json,
    word_of,
)
from sequencer.evidence.offence import Offence
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, Epoch, Hash32, Height, RollupId

VALUE_BITS = 96


@dataclass(frozen=True, slots=True)
class PromiseEvidence:
    """A promise that `signer` made for the deployment `domain`."""

    domain: Domain
    signer: Address
    signed: SignedPromise

    offence: ClassVar[Offence] = Offence.PROMISE
    contract: ClassVar[str] = "PromiseSlasher"

    @property
    def promise(self) -> InclusionPromise:
        return self.signed.promise

    @property
    def epoch(self) -> Epoch:
        """Under which the slash is recorded."""
        return self.promise.epoch

    def for_contract(self) -> tuple[Any, ...]:
        """The arguments of `challenge` before the batch and the salt."""
        return self.promise.for_contract(), self.signed.signature

    def hash(self) -> Hash32:
        """What its signer signed: the same promise of two signers has one hash."""
        return self.promise.digest(self.domain.separator(), self.signed.committee)

    def id(self, operator_id: int) -> Hash32:
        """What a challenger commits to (REPORT-1)."""
        return promise_id(operator_id, self.promise)


def promise_id(operator_id: int, promise: InclusionPromise) -> Hash32:
    """`PromiseSlasher.promiseId`."""
    said = [operator_id, promise.for_contract()]
    return keccak(abi_encode(["uint32", "(uint64,uint32,bytes32,uint64,address,uint96)"], said))


def check_promise(evidence: PromiseEvidence) -> None:
    """Raises `PeerFault` unless `signer` signed the promise."""
    try:
        found = recover(evidence.hash(), evidence.signed.signature)
    except DecodeError as error:
        raise PeerFault(f"evidence: promise: {error}") from error
    if found != evidence.signer:
        raise PeerFault(
            f"evidence: the promise is signed by 0x{found.hex()}, not by 0x{evidence.signer.hex()}"
        )


class _JsonSaid(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a node answers to a wallet."""

    epoch: U64
    committee: HexWord
    rollup_id: U32
    transaction_hash: HexWord
    last_height: U64
    beneficiary: HexAddress
    value_wei: Decimal
    signature: HexSignature


class _JsonPromise(JsonEvidence, kw_only=True):
    type: Literal["promise"]
    version: Literal[1]
    promise: _JsonSaid


def dump_promise(evidence: PromiseEvidence) -> bytes:
    """The evidence as JSON text."""
    said = msgspec.convert(evidence.signed.to_json(), _JsonSaid)
    about_it = about(evidence.domain, evidence.signer)
    return to_json(_JsonPromise(type="promise", version=1, promise=said, **about_it))


def load_promise(data: bytes) -> PromiseEvidence:
    """The promise in JSON text, its signature checked. Raises `DecodeError` naming the entry that
    is malformed, `PeerFault` where somebody else signed it."""
    plain = from_json(data, _JsonPromise)
    evidence = PromiseEvidence(plain.domain(), plain.offender(), _signed(plain.promise))
    check_promise(evidence)
    return evidence


def promise_of_answer(domain: Domain, data: bytes) -> PromiseEvidence:
    """What a node answered to `seq_getPromise` as JSON text, against whoever signed it. Raises
    `DecodeError`."""
    signed = _signed(decoded("promise", msgspec.json.Decoder(_JsonSaid).decode, data))
    digest = signed.promise.digest(domain.separator(), signed.committee)
    return PromiseEvidence(domain, recover(digest, signed.signature), signed)


def _signed(plain: _JsonSaid) -> SignedPromise:
    promise = InclusionPromise(
        epoch=Epoch(plain.epoch),
        rollup=RollupId(plain.rollup_id),
        tx_hash=word_of(plain.transaction_hash),
        last_height=Height(plain.last_height),
        beneficiary=Address(from_hex(plain.beneficiary)),
        value_wei=from_decimal(plain.value_wei, VALUE_BITS, "valueWei"),
    )
    return SignedPromise(promise, word_of(plain.committee), from_hex(plain.signature))
