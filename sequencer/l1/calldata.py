"""The call of `commit`: written by the submitter, read back from a transaction (DERIVE-1)."""

from typing import Any

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.events import CommitCall
from sequencer.types import U64_MAX, BatchIndex, Epoch, Hash32, Height

_COMMIT = abi.function("CommitmentChain", "commit")
_WORD = 32
_HEAD_WORDS = 12
"""Eight of the batch, epoch, signers, and the offsets of signatures and data."""


def encode_commit(batch: Batch, certificate: BatchCertificate, data: bytes) -> bytes:
    """The calldata of `commit` (CERT-1)."""
    fields: tuple[Any, ...] = tuple(getattr(batch, name) for name in Batch.__struct_fields__)
    return _COMMIT.call(
        fields,
        certificate.attestation.epoch,
        int.from_bytes(certificate.signers, "big"),
        certificate.signatures,
        data,
    )


def decode_commit(calldata: bytes) -> CommitCall:
    """What the contract was called with, read as Solidity reads it.

    A call that went through may hold its arguments in any place, with any padding, and bytes
    that belong to nobody; ABI decoders that refuse such calls would let a hostile submitter hide
    a batch from derivation. Raises `DecodeError` for what the contract itself reverts on.
    """
    if calldata[:4] != _COMMIT.hash[:4]:
        raise DecodeError(f"calldata starts with 0x{calldata[:4].hex()}, which is not commit")
    arguments = calldata[4:]
    if len(arguments) < _HEAD_WORDS * _WORD:
        raise DecodeError(f"commit has {len(arguments)} bytes of arguments, too few for its head")
    words = [_word(arguments, at * _WORD) for at in range(_HEAD_WORDS)]
    batch = Batch(
        index=BatchIndex(_u64(words[0])),
        parent_hash=Hash32(words[1]),
        first_height=Height(_u64(words[2])),
        last_height=Height(_u64(words[3])),
        last_block_hash=Hash32(words[4]),
        forced_count=_u64(words[5]),
        data_hash=Hash32(words[6]),
        blobs_hash=Hash32(words[7]),
    )
    call = CommitCall(
        batch=batch,
        epoch=Epoch(_u64(words[8])),
        signers=int.from_bytes(words[9], "big"),
        signatures=_bytes(arguments, words[10]),
        data=_bytes(arguments, words[11]),
    )
    if keccak(call.data) != batch.data_hash:  # CERT-5
        raise DecodeError("commit's data is not what its batch states")
    return call


def _word(arguments: bytes, at: int) -> bytes:
    return arguments[at : at + _WORD]


def _u64(word: bytes) -> int:
    value = int.from_bytes(word, "big")
    if value > U64_MAX:
        raise DecodeError(f"0x{word.hex()} does not fit 64 bits")
    return value


def _bytes(arguments: bytes, offset_word: bytes) -> bytes:
    """Length and content at an offset from the start of the arguments."""
    at = int.from_bytes(offset_word, "big")
    if at + _WORD > len(arguments):
        raise DecodeError(f"offset {at} is beyond {len(arguments)} bytes of arguments")
    start = at + _WORD
    end = start + int.from_bytes(_word(arguments, at), "big")
    if end > len(arguments):
        raise DecodeError(f"bytes at offset {at} end at {end}, beyond {len(arguments)}")
    return arguments[start:end]
