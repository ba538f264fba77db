"""Attested batches with a fault in them, made of real blocks and signatures."""

from collections.abc import Iterable, Sequence

import msgspec
from coincurve import PrivateKey

from sequencer.batches.attestations import Attestation
from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.order import PRIORITY, Ordering
from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.evidence.disorder import DisorderEvidence
from sequencer.evidence.neglect import NeglectEvidence
from sequencer.evidence.promise import PromiseEvidence
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height, RollupId
from sequencer.watch.faults import AttestedBatch, Attester, find_faults
from tests.unit.ingress.builders import Raw
from tests.unit.node.chain import next_block

DOMAIN = Domain(31337, Address(bytes([0xAA]) * 20))
SEPARATOR = DOMAIN.separator()
OFFENDER = Signer(bytes([7]) * 32)
BYSTANDER = Signer(bytes([8]) * 32)
COMMITTEE = keccak(b"committee")
EPOCH = Epoch(3)
ROLLUP = RollupId(1)
OTHER = PrivateKey(b"\x02" * 32)
GWEI = 10**9


def transfer(nonce: int, tip: int = GWEI, key: PrivateKey | None = None) -> bytes:
    """Of one of two senders."""
    raw = Raw(nonce=nonce, priority=tip)
    return (raw if key is None else Raw(nonce=nonce, priority=tip, key=key)).encode()


IN_ORDER = (transfer(0), transfer(1), transfer(0, GWEI // 2, OTHER))
SWAPPED = (transfer(1), transfer(0))
"""Two nonces of one sender the wrong way round."""
BEHIND = (transfer(0, GWEI // 2, OTHER), transfer(0))
"""The dearer one of another sender behind the cheaper one."""


def chain(*contents: Sequence[bytes]) -> tuple[Block, ...]:
    """Blocks of `EPOCH` with these transactions."""
    parent: Header = genesis(SEPARATOR)
    blocks = []
    for raws in contents:
        block = next_block(parent, *raws, epoch=EPOCH)
        blocks.append(block)
        parent = block.header
    return tuple(blocks)


def batch_of(blocks: Sequence[Block]) -> Batch:
    first, last = blocks[0].header, blocks[-1].header
    return Batch(
        index=BatchIndex(4),
        parent_hash=keccak(b"the batch before"),
        first_height=first.height,
        last_height=last.height,
        last_block_hash=last.hash,
        forced_count=last.forced_count,
        data_hash=keccak(b"data"),
        blobs_hash=Hash32(bytes(32)),
        usage_hash=keccak(b"usage"),
    )


def attested(
    blocks: Sequence[Block], signers: Iterable[Signer] = (OFFENDER,), epoch: Epoch = EPOCH
) -> AttestedBatch:
    batch = batch_of(blocks)
    said = Attestation(epoch, COMMITTEE, batch.index, batch.hash)
    attesters = [
        Attester(one.address, epoch, COMMITTEE, one.sign(said.digest(SEPARATOR))) for one in signers
    ]
    return AttestedBatch(batch, tuple(blocks), attesters)


def by(ordering: Ordering | None = PRIORITY) -> object:
    """Every rollup has this ordering."""
    return lambda _rollup, _header: ordering


def disorder(raws: Sequence[bytes] = SWAPPED) -> DisorderEvidence:
    """In the first of two blocks."""
    found = find_faults(DOMAIN, attested(chain(raws, IN_ORDER)), by(), lambda _: None)
    (evidence,) = found
    assert isinstance(evidence, DisorderEvidence)
    return evidence


def neglect() -> NeglectEvidence:
    """Message 0 was due when the blocks' origin came."""
    blocks = chain(IN_ORDER, ())
    (evidence,) = find_faults(DOMAIN, attested(blocks), by(), {0: 1_000}.get)
    assert isinstance(evidence, NeglectEvidence)
    return evidence


def promise(value_wei: int = 10**24) -> PromiseEvidence:
    """More wei than a JSON reader's 64 bits hold."""
    said = InclusionPromise(
        EPOCH, ROLLUP, keccak(IN_ORDER[0]), Height(50), Address(b"\x33" * 20), value_wei
    )
    signature = OFFENDER.sign(said.digest(SEPARATOR, COMMITTEE))
    return PromiseEvidence(DOMAIN, OFFENDER.address, SignedPromise(said, COMMITTEE, signature))


def with_header(block: Block, **fields: object) -> Block:
    """The block with another header."""
    return Block(msgspec.structs.replace(block.header, **fields), block.payload)
