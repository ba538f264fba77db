"""KZG commitments of blobs (EIP-4844, EIP-7594), by c-kzg with the setup of Ethereum's ceremony.

A commitment takes some 50 ms of one core, and c-kzg does not let go of Python's lock: nothing
here may run on the event loop of a node that votes. `kzg_process.py` runs it elsewhere.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ckzg

from sequencer.types import Hash32

COMMITMENT_BYTES = 48
PROOF_BYTES = 48
CELLS = 128
"""In an extended blob, each with its proof (EIP-7594)."""
VERSION = b"\x01"
_SETUP = "typed_transactions/blob_transactions/kzg_trusted_setup.txt"
"""eth-account carries it, pinned by hash in requirements.lock like the code."""


@dataclass(frozen=True, slots=True)
class ProvenBlob:
    """A blob with what is said to show that it is the one of its versioned hash."""

    commitment: bytes
    proof: bytes
    blob: bytes = field(repr=False)

    @property
    def versioned_hash(self) -> Hash32:
        return versioned_hash(self.commitment)


def versioned_hash(commitment: bytes) -> Hash32:
    """By which L1 knows a blob (EIP-4844)."""
    return Hash32(VERSION + hashlib.sha256(commitment).digest()[1:])


def commit(blob: bytes) -> bytes:
    """The commitment of a blob; raises `ValueError` for bytes that are none."""
    return bytes(_checked(ckzg.blob_to_kzg_commitment, blob))


def prove(blob: bytes, commitment: bytes) -> bytes:
    """The proof that a commitment is the blob's; raises `ValueError` for bytes that are none."""
    return bytes(_checked(ckzg.compute_blob_kzg_proof, blob, commitment))


def cell_proofs(blob: bytes) -> list[bytes]:
    """What L1's pools ask for with a blob since Osaka; raises `ValueError`."""
    _, proofs = _checked(ckzg.compute_cells_and_kzg_proofs, blob)
    return [bytes(proof) for proof in proofs]


def verify(blob: bytes, commitment: bytes, proof: bytes) -> None:
    """Raises `ValueError` unless the proof shows that the commitment is the blob's: a twentieth
    of the work of committing."""
    if not _checked(ckzg.verify_blob_kzg_proof, blob, commitment, proof):
        raise ValueError("the proof is not of this blob and commitment")


def _checked(function: Any, *arguments: bytes) -> Any:
    """c-kzg says RuntimeError to what is no blob, commitment or proof."""
    try:
        return function(*arguments, _setup())
    except RuntimeError as error:
        raise ValueError(str(error)) from error


@cache
def _setup() -> Any:
    """Found without importing eth-account, which takes a second."""
    spec = find_spec("eth_account")
    assert spec is not None, "eth-account is a dependency"
    assert spec.origin is not None, "eth-account is an ordinary package"
    return ckzg.load_trusted_setup(str(Path(spec.origin).parent / _SETUP), 0)
