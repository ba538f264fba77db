"""A node that breaks the first rule, to show that it does not pay: `python -m
sequencer.devnet.equivocator --config FILE`. It is no part of `switchyard node`.

It runs like any other node, but each time it has signed a Notarize vote it signs a second one, in
the same view, for a block that does not exist, and sends both to everyone.
"""

import logging

import msgspec

from sequencer.blocks.header import Block
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.hot_keys import Seat
from sequencer.devnet.odd_node import run_odd_node
from sequencer.node.node import Node
from sequencer.node.votes import VoteSigner
from sequencer.node.wire import encode_consensus
from sequencer.types import Hash32

log = logging.getLogger(__name__)


class TwoFacedSigner(VoteSigner):
    """Signs what it is asked to, and its contradiction."""

    def __init__(self, honest: VoteSigner, node: Node, separator: Hash32) -> None:
        self._honest = honest
        self._node = node
        self._domain = separator

    def sign(self, vote: Vote, seat: Seat, block: Block | None) -> SignedVote:
        signed = self._honest.sign(vote, seat, block)
        if vote.kind is VoteKind.NOTARIZE:
            other = msgspec.structs.replace(vote, block=keccak(b"another block", vote.block))
            signature = seat.signer.sign(typed_digest(self._domain, other.struct_hash()))
            log.warning("signing two blocks in view %d", vote.view)
            contradiction = SignedVote(other, seat.member, signature)
            self._node.transport.broadcast(encode_consensus(contradiction))
        return signed


class EquivocatingNode(Node):
    """A node with a `TwoFacedSigner`."""

    def make_vote_signer(self, separator: Hash32) -> VoteSigner:
        return TwoFacedSigner(super().make_vote_signer(separator), self, separator)


if __name__ == "__main__":
    run_odd_node(EquivocatingNode, "A node that equivocates, for the demo.")
