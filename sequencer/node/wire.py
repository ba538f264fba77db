"""What one message between nodes is: a type byte and a body (NET-3)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from sequencer.batches.attestations import (
    SignedAttestation,
    decode_attestation,
    encode_attestation,
)
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.consensus.messages import ConsensusMessage, decode_message, encode_message
from sequencer.decoding import decoded
from sequencer.errors import DecodeError
from sequencer.ingress.transactions import HINT_BYTES
from sequencer.ordering.listings import Listing
from sequencer.types import RollupId

MAX_GOSSIPED = 128
"""In one message, of which up to eight are looked at together (NET-11)."""
_CONSENSUS, _TRANSACTIONS, _ATTESTATION, _LISTING = 1, 2, 3, 4


class GossipedTransaction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A raw transaction and the rollup it is for."""

    rollup: Annotated[RollupId, msgspec.Meta(ge=0, le=2**32 - 1)]
    raw: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_TRANSACTION_BYTES)]
    hint: Annotated[bytes, msgspec.Meta(max_length=HINT_BYTES)] = b""
    """By which its signature is checked together with others (`ingress/transactions.py`)."""


Transactions = Annotated[
    tuple[GossipedTransaction, ...], msgspec.Meta(min_length=1, max_length=MAX_GOSSIPED)
]
Message = ConsensusMessage | tuple[GossipedTransaction, ...] | SignedAttestation | Listing

_encoder = msgspec.msgpack.Encoder()
_transactions: msgspec.msgpack.Decoder[tuple[GossipedTransaction, ...]] = msgspec.msgpack.Decoder(
    Transactions
)
_listing = msgspec.msgpack.Decoder(Listing)


def encode_consensus(message: ConsensusMessage) -> bytes:
    return bytes([_CONSENSUS]) + encode_message(message)


def encode_transactions(transactions: Sequence[GossipedTransaction]) -> bytes:
    return bytes([_TRANSACTIONS]) + _encoder.encode(transactions)


def encode_signed_attestation(signed: SignedAttestation) -> bytes:
    return bytes([_ATTESTATION]) + encode_attestation(signed)


def encode_listing(listing: Listing) -> bytes:
    return bytes([_LISTING]) + _encoder.encode(listing)


def is_consensus(data: bytes) -> bool:
    """Whether it is of consensus, going by its type byte."""
    return data[:1] == bytes([_CONSENSUS])


def is_bulk(data: bytes) -> bool:
    """Whether it is of transactions, which may wait (NET-11)."""
    return data[:1] == bytes([_TRANSACTIONS])


def decode(data: bytes) -> Message:
    """Raises `DecodeError` for anything that is not exactly one message."""
    kind, body = data[:1], data[1:]
    if kind == bytes([_CONSENSUS]):
        return decode_message(body)
    if kind == bytes([_ATTESTATION]):
        return decode_attestation(body)
    if kind == bytes([_TRANSACTIONS]):
        return decoded("transactions", _transactions.decode, body)
    if kind == bytes([_LISTING]):
        return decoded("listing", _listing.decode, body)
    raise DecodeError(f"message type 0x{kind.hex()} is not known")
