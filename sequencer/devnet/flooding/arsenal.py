"""Everything that a peer with a registered key can send to a node, by mode.

A mode that breaks a rule gets its sender silenced (NET-4), and the rest of the minute is quiet. So
the dangerous modes are those that break none: messages that are legal and of no use.
"""

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from sequencer.batches.attestations import Attestation, SignedAttestation
from sequencer.blocks.header import Block, Header
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    FinalityProof,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
)
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import Signer
from sequencer.devnet.flooding.transactions import Senders
from sequencer.devnet.wallets import Rollup
from sequencer.node.wire import (
    GossipedTransaction,
    encode_consensus,
    encode_signed_attestation,
    encode_transactions,
)
from sequencer.types import (
    ZERO_HASH,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Height,
    MemberIndex,
    View,
)

BIG_BYTES = 3 << 20
"""Near the longest message (NET-3)."""
SENDERS = 4_000
DATA_BYTES = 8_000
"""Of a large but valid transaction."""
ASKED_BLOCKS = 61
"""By which the flooder tells answers to its flood from those that its node has asked for."""
WINDOW = 64
KNOWN_INDICES = 1_024
"""Batch indices that a node keeps attestations of."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the flooder knows of the network when it makes a message."""

    committee: Committee
    member: MemberIndex | None
    """Its own seat; None for an operator that is no member."""
    view: View
    root_view: View
    height: Height
    settled: BatchIndex
    blocks: Sequence[Block]
    """Final ones, a few."""
    heard: Sequence[bytes]
    """What others have sent it lately."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to flood. `make` gives None when the target does not allow it now."""

    name: str
    make: Callable[[Target], bytes | None]
    is_fault: bool
    """Whether NET-4 counts it."""
    is_scarce: bool = False
    """Large or lasting: a few of it go a long way."""


class Arsenal:
    """Makes messages. The same seed makes the same ones for the same targets."""

    def __init__(
        self, secret: bytes, separator: Hash32, rollups: Sequence[Rollup], seed: int = 0
    ) -> None:
        self._signer = Signer(secret)
        self._separator = separator
        self._random = random.Random(seed)
        self._senders = Senders(rollups, SENDERS, seed)
        self._turns = self._senders.turns()
        self.modes: tuple[Mode, ...] = (
            Mode("votes of far views", self._far_vote, is_fault=False),
            Mode("votes of each view in the window", self._window_vote, is_fault=False),
            Mode("votes of other epochs", self._foreign_vote, is_fault=False),
            Mode("replays", self._replay, is_fault=False),
            Mode("requests for blocks", self._request, is_fault=False),
            Mode("large unasked blocks", self._large_blocks, is_fault=False, is_scarce=True),
            Mode("attestations of any batch", self._attestation, is_fault=False),
            Mode("valid transactions", self._transactions, is_fault=False, is_scarce=True),
            Mode("large transactions", self._large_transaction, is_fault=False, is_scarce=True),
            Mode("duplicate transactions", self._duplicates, is_fault=False),
            Mode("underpriced transactions", self._underpriced, is_fault=False, is_scarce=True),
            Mode("garbage", self._garbage, is_fault=True),
            Mode("unasked blocks by the hundred", self._unasked_blocks, is_fault=True),
            Mode("votes with wrong signatures", self._forged_vote, is_fault=True),
            Mode("forged certificates", self._forged_certificate, is_fault=True),
            Mode("proposals out of turn", self._proposal, is_fault=True),
            Mode("forged blocks", self._forged_blocks, is_fault=True),
            Mode("attestations with wrong signatures", self._forged_attestation, is_fault=True),
            Mode("invalid transactions", self._invalid_transactions, is_fault=True),
            Mode("transactions that are too large", self._too_large, is_fault=True),
        )

    # --- votes and certificates ---

    def _far_vote(self, target: Target) -> bytes | None:
        return self._own_vote(target, target.view + WINDOW + 1 + self._random.randrange(10**9))

    def _window_vote(self, target: Target) -> bytes | None:
        low, high = max(1, target.root_view - WINDOW), target.view + WINDOW
        return self._own_vote(target, self._random.randrange(low, high))

    def _foreign_vote(self, target: Target) -> bytes | None:
        current = target.committee.epoch  # the node may be an epoch ahead: that is no other one
        epoch = Epoch(self._random.choice((max(0, current - 2), current + 4)) or current + 4)
        vote = Vote(VoteKind.FINALIZE, epoch, self._hash(), View(1), self._hash())
        return self._signed(vote, target.member or MemberIndex(0))

    def _forged_vote(self, target: Target) -> bytes | None:
        """In the name of a member that has not signed it."""
        vote = self._vote(target, target.view + 1)
        victim = (target.member or 0) + 1
        return self._signed(vote, MemberIndex(victim % len(target.committee)))

    def _forged_certificate(self, target: Target) -> bytes | None:
        vote = self._vote(target, target.view + 1)
        size = len(target.committee)
        bitmap = ((1 << size) - 1).to_bytes(32, "big")
        signature = self._sign(vote)
        return encode_consensus(Certificate(vote, bitmap, signature * size))

    def _own_vote(self, target: Target, view: int) -> bytes | None:
        if target.member is None:
            return None
        return self._signed(self._vote(target, view), target.member)

    def _vote(self, target: Target, view: int) -> Vote:
        kind = self._random.choice(list(VoteKind))
        block = ZERO_HASH if kind is VoteKind.NULLIFY else self._hash()
        return Vote(kind, target.committee.epoch, target.committee.hash, View(view), block)

    def _signed(self, vote: Vote, member: MemberIndex) -> bytes:
        return encode_consensus(SignedVote(vote, member, self._sign(vote)))

    def _sign(self, vote: Vote) -> bytes:
        return self._signer.sign(typed_digest(self._separator, vote.struct_hash()))

    # --- blocks ---

    def _replay(self, target: Target) -> bytes | None:
        return self._random.choice(target.heard) if target.heard else None

    def _request(self, target: Target) -> bytes:
        have = self._random.randrange(target.height + 2)
        block = self._random.choice((ZERO_HASH, self._hash()))
        return encode_consensus(BlockRequest(have, block, ASKED_BLOCKS))

    def _unasked_blocks(self, target: Target) -> bytes | None:
        if not target.blocks:
            return None
        return encode_consensus(Blocks((self._random.choice(target.blocks),)))

    def _large_blocks(self, target: Target) -> bytes | None:
        """Above the tip, but nobody wants them."""
        if not target.blocks:
            return None
        return encode_consensus(Blocks((self._block(target),)))

    def _forged_blocks(self, target: Target) -> bytes | None:
        """Above the tip, with a proof that no quorum has signed."""
        if not target.blocks:
            return None
        block = self._block(target)
        vote = Vote(
            VoteKind.FINALIZE,
            target.committee.epoch,
            target.committee.hash,
            block.header.view,
            block.header.hash,
        )
        certificate = Certificate(vote, (1).to_bytes(32, "big"), self._sign(vote))
        return encode_consensus(Blocks((block,), FinalityProof(certificate)))

    def _proposal(self, target: Target) -> bytes | None:
        """Of every view of the window in turn, signed by a key that does not lead it."""
        if not target.blocks or target.member is None:
            return None
        block = self._block(target)
        header = block.header
        committee = target.committee
        vote = Vote(VoteKind.NOTARIZE, committee.epoch, committee.hash, header.view, header.hash)
        notarize = SignedVote(vote, target.member, self._sign(vote))
        return encode_consensus(Proposal(block, None, (), notarize))

    def _block(self, target: Target) -> Block:
        payload = os.urandom(64) * (BIG_BYTES // 64)
        header: Header = msgspec.structs.replace(
            target.blocks[-1].header,
            epoch=target.committee.epoch,
            height=Height(target.height + 2),
            view=View(target.view + self._random.randrange(1, WINDOW)),
            parent_hash=self._hash(),
            payload_hash=keccak(payload),
            payload_length=len(payload),
        )
        return Block(header, payload)

    # --- batches ---

    def _attestation(self, target: Target) -> bytes | None:
        if target.member is None:
            return None
        index = target.settled + self._random.randrange(2 * KNOWN_INDICES)
        return self._attest(target, index, target.member)

    def _forged_attestation(self, target: Target) -> bytes | None:
        """In the name of a member that has not signed it."""
        victim = (target.member or 0) + 1
        member = MemberIndex(victim % len(target.committee))
        return self._attest(target, target.settled + 1, member)

    def _attest(self, target: Target, index: int, member: MemberIndex) -> bytes:
        committee = target.committee
        said = Attestation(committee.epoch, committee.hash, BatchIndex(index), self._hash())
        signature = self._signer.sign(said.digest(self._separator))
        return encode_signed_attestation(SignedAttestation(said, member, signature))

    # --- transactions ---

    def _transactions(self, _target: Target) -> bytes:
        found = []
        for _ in range(16):
            sender = next(self._turns)
            found.append(GossipedTransaction(sender.rollup.id, sender.next()))
        return encode_transactions(found)

    def _large_transaction(self, _target: Target) -> bytes:
        sender = next(self._turns)
        raw = sender.next(self._random.randbytes(DATA_BYTES))
        return encode_transactions([GossipedTransaction(sender.rollup.id, raw)])

    def _duplicates(self, _target: Target) -> bytes:
        sender = self._senders.any()
        raw = sender.write(max(0, sender.nonce - 1))
        return encode_transactions([GossipedTransaction(sender.rollup.id, raw)] * 4)

    def _underpriced(self, _target: Target) -> bytes:
        """One that is taken in, and others of its nonce for fees too low to replace it."""
        sender = next(self._turns)
        raw = [sender.next()]
        raw += [sender.write(sender.nonce - 1, max_fee_wei=10**9 + fee) for fee in range(16)]
        return encode_transactions([GossipedTransaction(sender.rollup.id, one) for one in raw])

    def _invalid_transactions(self, _target: Target) -> bytes:
        sender = self._senders.any()
        raw = sender.write(sender.nonce)
        return encode_transactions([GossipedTransaction(sender.rollup.id, raw[:-1])])

    def _too_large(self, _target: Target) -> bytes:
        """Decodes, but no block here holds it (TX-5)."""
        sender = self._senders.any()
        raw = sender.write(sender.nonce, bytes(MAX_TRANSACTION_BYTES - 1_000))
        return encode_transactions([GossipedTransaction(sender.rollup.id, raw)])

    # --- no messages at all ---

    def _garbage(self, _target: Target) -> bytes:
        return self._random.randbytes(self._random.choice((0, 1, 100, 100_000)))

    def _hash(self) -> Hash32:
        return Hash32(self._random.randbytes(32))
