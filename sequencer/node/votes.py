"""JOURNAL-1 in one place: a vote is signed, made durable, and only then given out."""

from sequencer.blocks.header import Block
from sequencer.consensus.journal import BlockRecord, Journal
from sequencer.consensus.messages import SignedVote, Vote
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.signatures import Signer
from sequencer.types import Hash32, MemberIndex


class VoteSigner:
    """Signs the votes of one key into one journal."""

    def __init__(self, signer: Signer, separator: Hash32, journal: Journal) -> None:
        self._signer = signer
        self._separator = separator
        self._journal = journal

    def sign(self, vote: Vote, member: MemberIndex, block: Block | None) -> SignedVote:
        """The signed vote; it, and the block it is for if given, are on disk."""
        signature = self._signer.sign(typed_digest(self._separator, vote.struct_hash()))
        signed = SignedVote(vote, member, signature)
        if block is not None:
            self._journal.append(BlockRecord(block))
        self._journal.append(signed)
        self._journal.sync()
        assert self._journal.is_synced
        return signed
