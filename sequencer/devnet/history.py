"""A past for a local network: as many final blocks as one likes, signed by its committee, in the
store of every node before the nodes start."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from sequencer.batches.blobs import encode_blobs
from sequencer.batches.codec import encode_batch_data
from sequencer.batches.cut import BatchChain, BatchCutter, BatchParameters, genesis_cut
from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.payload import encode_payload
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import (
    Certificate,
    FinalityProof,
    SignedVote,
    Vote,
    VoteKind,
    make_certificate,
)
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.kzg import commit, versioned_hash
from sequencer.crypto.signatures import Signer
from sequencer.devnet.flooding.transactions import Sender
from sequencer.devnet.wallets import Rollup
from sequencer.l1.events import L1Header
from sequencer.node.catch_up import encode_proof
from sequencer.ordering.order import root_of
from sequencer.store.blocks import BlockStore, FinalizedBlock
from sequencer.types import Committee, Hash32, Height, MemberIndex, View

SENDERS = 64
"""Accounts that sent the history's transactions, one in each block."""
BLOCK_MS = 50
"""Between two blocks."""
_CHUNK = 1_000


class History:
    """The chain from genesis, all in one epoch and of one L1 origin, a block in each view."""

    def __init__(
        self,
        separator: Hash32,
        committee: Committee,
        signers: Sequence[Signer],
        origin: L1Header,
        rollups: Sequence[Rollup],
    ) -> None:
        by = {signer.address: signer for signer in signers}
        self._separator = separator
        self._committee = committee
        self._signers = {MemberIndex(i): by[m.signer] for i, m in enumerate(committee.members)}
        self._origin = origin
        self._count = 0
        self._senders = [Sender(number, rollups[number % 2]) for number in range(SENDERS)]

    def write(self, path: Path, count: int, parameters: BatchParameters) -> None:
        """A new block store with that many blocks, and the batches they make."""
        path.parent.mkdir(parents=True, exist_ok=True)
        store = BlockStore(path)
        cutter = BatchCutter(genesis_cut(self._separator), parameters)
        chain = BatchChain(self._separator)
        chunk: list[FinalizedBlock] = []
        batch: list[Block] = []
        self._count = count
        for made in self._blocks(count):
            chunk.append(made)
            batch.append(made.block)
            cut = cutter.push(made.block, is_terminal=False)
            if len(chunk) == _CHUNK or made.block.header.height == count:
                store.put_finalized(chunk)
                chunk = []
            if cut is not None:
                linked = chain.push(cut)
                if chain.waiting is not None:
                    blobs = encode_blobs(encode_batch_data(batch))
                    linked = chain.seal([versioned_hash(commit(blob)) for blob in blobs])
                store.put_batch(linked[0].index, msgspec.msgpack.encode(linked[0]))
                batch = []
        store.close()

    def _blocks(self, count: int) -> Iterator[FinalizedBlock]:
        parent = genesis(self._separator)
        for height in range(1, count + 1):
            sender = self._senders[height % SENDERS]
            raw = sender.next()
            payload = encode_payload([(sender.rollup.id, [raw])])
            header = self._header(Height(height), parent, payload)
            proof = encode_proof(FinalityProof(self._certify(header)))
            yield FinalizedBlock(Block(header, payload), proof, [(sender.rollup.id, keccak(raw))])
            parent = header

    def _header(self, height: Height, parent: Header, payload: bytes) -> Header:
        committee, origin, view = self._committee, self._origin, View(height)
        return Header(
            epoch=committee.epoch,
            height=height,
            view=view,
            timestamp_ms=origin.timestamp * 1_000 - (self._count - height) * BLOCK_MS,
            parent_hash=parent.hash,
            payload_hash=keccak(payload),
            payload_length=len(payload),
            transaction_root=root_of(payload, parent.hash),
            origin_number=origin.number,
            origin_hash=origin.hash,
            origin_timestamp=origin.timestamp,
            forced_count=0,
            proposer=committee.members[leader_of(committee, view)].signer,
        )

    def _certify(self, header: Header) -> Certificate:
        committee = self._committee
        vote = Vote(VoteKind.FINALIZE, committee.epoch, committee.hash, header.view, header.hash)
        digest = typed_digest(self._separator, vote.struct_hash())
        votes: dict[MemberIndex, SignedVote] = {}
        for member, signer in self._signers.items():
            if not committee.is_quorum(sum(committee.members[m].weight for m in votes)):
                votes[member] = SignedVote(vote, member, signer.sign(digest))
        return make_certificate(votes)
