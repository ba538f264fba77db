"""The calls that bring batches to L1, with data or with blobs: written by whoever submits them,
read back from a transaction as Solidity reads it (DERIVE-1).

A call that went through may hold its arguments in any place, with any padding, and bytes that
belong to nobody; ABI decoders that refuse such calls would let a hostile submitter hide a batch
from derivation. Readers raise `DecodeError` for what the contracts themselves revert on.
"""

from typing import Any

from msgspec.structs import astuple

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.events import CommitCall
from sequencer.types import U64_MAX, BatchIndex, Epoch, Hash32, Height, RollupId

_COMMIT = abi.function("CommitmentChain", "commit")
_COMMIT_BLOBS = abi.function("CommitmentChain", "commitBlobs")
_POST = abi.function("RollupInbox", "post")
_POST_BLOBS = abi.function("RollupInbox", "postBlobs")
_WORD = 32
_U32_MAX = 2**32 - 1
_BATCH_WORDS = 9
_COMMIT_BLOBS_HEAD = _BATCH_WORDS + 3
"""Words: those of the batch, epoch, signers, and the offset of the signatures."""
_COMMIT_HEAD = _COMMIT_BLOBS_HEAD + 1
"""And the offset of the data."""
_POST_HEAD = 2
"""Rollup, and the offset of the data."""


def encode_commit(batch: Batch, certificate: BatchCertificate, data: bytes) -> bytes:
    """The calldata of `commit` (CERT-1)."""
    return _COMMIT.call(*_certified(batch, certificate), data)


def encode_commit_blobs(batch: Batch, certificate: BatchCertificate) -> bytes:
    """The calldata of `commitBlobs` (CERT-5); the data goes beside the transaction."""
    return _COMMIT_BLOBS.call(*_certified(batch, certificate))


def _certified(batch: Batch, certificate: BatchCertificate) -> tuple[Any, ...]:
    """What both begin with."""
    return (
        astuple(batch),
        certificate.attestation.epoch,
        int.from_bytes(certificate.signers, "big"),
        certificate.signatures,
    )


def encode_post(rollup_id: RollupId, data: bytes) -> bytes:
    """The calldata of `post` (POST-1)."""
    return _POST.call(rollup_id, data)


def is_with_blobs(calldata: bytes) -> bool:
    """Whether the data of this call is in the blobs of its transaction (CERT-5, POST-1)."""
    return calldata[:4] in (_COMMIT_BLOBS.hash[:4], _POST_BLOBS.hash[:4])


def decode_commit(calldata: bytes) -> CommitCall:
    """What `commit` was called with."""
    arguments = _arguments(calldata, _COMMIT, _COMMIT_HEAD)
    call = _commit_call(arguments, _bytes(arguments, _word(arguments, _COMMIT_HEAD - 1)))
    if keccak(call.data) != call.batch.data_hash:  # CERT-5
        raise DecodeError("commit's data is not what its batch states")
    return call


def decode_commit_blobs(calldata: bytes) -> CommitCall:
    """What `commitBlobs` was called with; without the data, which is elsewhere."""
    return _commit_call(_arguments(calldata, _COMMIT_BLOBS, _COMMIT_BLOBS_HEAD), b"")


def decode_post(calldata: bytes) -> tuple[RollupId, bytes]:
    """Rollup and data that `post` was called with."""
    arguments = _arguments(calldata, _POST, _POST_HEAD)
    rollup_id = int.from_bytes(_word(arguments, 0), "big")
    if rollup_id > _U32_MAX:
        raise DecodeError(f"rollup {rollup_id} does not fit 32 bits")
    return RollupId(rollup_id), _bytes(arguments, _word(arguments, 1))


def _arguments(calldata: bytes, function: abi.Entry, head_words: int) -> bytes:
    """What follows the selector, with a whole head."""
    if calldata[:4] != function.hash[:4]:
        raise DecodeError(f"calldata starts with 0x{calldata[:4].hex()}, not {function.name}")
    arguments = calldata[4:]
    if len(arguments) < head_words * _WORD:
        raise DecodeError(
            f"{function.name} has {len(arguments)} bytes of arguments, too few for its head"
        )
    return arguments


def _commit_call(arguments: bytes, data: bytes) -> CommitCall:
    """`commit` and `commitBlobs` begin alike."""
    words = [_word(arguments, at) for at in range(_COMMIT_BLOBS_HEAD)]
    batch = Batch(
        index=BatchIndex(_u64(words[0])),
        parent_hash=Hash32(words[1]),
        first_height=Height(_u64(words[2])),
        last_height=Height(_u64(words[3])),
        last_block_hash=Hash32(words[4]),
        forced_count=_u64(words[5]),
        data_hash=Hash32(words[6]),
        blobs_hash=Hash32(words[7]),
        usage_hash=Hash32(words[8]),
    )
    epoch, signers, signatures = words[_BATCH_WORDS:]
    return CommitCall(
        batch=batch,
        epoch=Epoch(_u64(epoch)),
        signers=int.from_bytes(signers, "big"),
        signatures=_bytes(arguments, signatures),
        data=data,
    )


def _word(arguments: bytes, number: int) -> bytes:
    return arguments[number * _WORD : (number + 1) * _WORD]


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
    end = start + int.from_bytes(arguments[at:start], "big")
    if end > len(arguments):
        raise DecodeError(f"bytes at offset {at} end at {end}, beyond {len(arguments)}")
    return arguments[start:end]
