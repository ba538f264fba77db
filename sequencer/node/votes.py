"""JOURNAL-1 in one place: a vote is signed, made durable, and only then given out."""

from sequencer.blocks.header import Block
from sequencer.consensus.journal import BlockRecord, Journal
from sequencer.consensus.messages import SignedVote, Vote
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hot_keys import Seat
from sequencer.types import Hash32


class VoteSigner:
    """Signs the votes of one operator into one journal, whichever of its keys has the seat."""

    def __init__(self, separator: Hash32, journal: Journal) -> None:
        self._separator = separator
        self._journal = journal

    def sign(self, vote: Vote, seat: Seat, block: Block | None) -> SignedVote:
        """The signed vote; it, and the block it is for if given, are on disk."""
        signature = seat.signer.sign(typed_digest(self._separator, vote.struct_hash()))
        signed = SignedVote(vote, seat.member, signature)
        if block is not None:
            self._journal.append(BlockRecord(block))
        self._journal.append(signed)
        self._journal.sync()
        assert self._journal.is_synced
        return signed
