"""Blobs beside a transaction: what L1's pools take with it and blocks do not hold (EIP-7594)."""

from dataclasses import dataclass, field

from sequencer.batches.blobs import encode_blobs
from sequencer.crypto.kzg import versioned_hash
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.ingress import rlp
from sequencer.types import Hash32

BLOB_TRANSACTION = b"\x03"
_WRAPPER_VERSION = b"\x01"
"""With a proof for each cell; the older form is refused since Osaka."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Blobs in order, a commitment for each, and the proofs of their cells."""

    blobs: tuple[bytes, ...] = field(repr=False)
    commitments: tuple[bytes, ...] = field(repr=False)
    cell_proofs: tuple[bytes, ...] = field(repr=False)

    @property
    def versioned_hashes(self) -> tuple[Hash32, ...]:
        return tuple(versioned_hash(commitment) for commitment in self.commitments)


async def make_sidecar(data: bytes, kzg: KzgProcess) -> Sidecar:
    """Data as blobs (ENC-14) with all that L1 asks for: some 0.4 s a blob. Raises `KzgFailed`."""
    blobs = encode_blobs(data)
    return Sidecar(blobs, await kzg.commit(blobs), await kzg.cell_proofs(blobs))


def wrap(signed: bytes, sidecar: Sidecar) -> bytes:
    """A signed transaction as it is sent: `03 ‖ [body, version, blobs, commitments, proofs]`."""
    body = signed.removeprefix(BLOB_TRANSACTION)
    lists = (sidecar.blobs, sidecar.commitments, sidecar.cell_proofs)
    content = body + _WRAPPER_VERSION + b"".join(_list_of(items) for items in lists)
    return BLOB_TRANSACTION + rlp.list_prefix(len(content)) + content


def _list_of(items: tuple[bytes, ...]) -> bytes:
    content = b"".join(rlp.encode_string(item) for item in items)
    return rlp.list_prefix(len(content)) + content
