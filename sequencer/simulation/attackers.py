"""Members that break the rules, each in its own way. All run the honest core underneath, so
that they keep pace with the others. Whatever one of them does wrong stands in the trace under the
name of its class."""

from collections import deque

import msgspec

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import CastVote, Propose
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
)
from sequencer.crypto.hashing import keccak
from sequencer.simulation.application import POISON, make_block
from sequencer.simulation.node import Node
from sequencer.types import ZERO_HASH, Hash32, Height, MemberIndex, View


class Attacker(Node):
    """Signs whatever it likes; nobody checks its journal."""

    is_honest = False

    @property
    def seat(self) -> MemberIndex:
        assert self.member is not None
        return self.member

    def confess(self, deed: str) -> None:
        """For the trace, and whoever reads or counts it."""
        self._setting.trace.note(f"{self.now_ms} {self.position} {type(self).__name__}: {deed}")

    def has_luck(self, share: float) -> bool:
        return self._setting.random.random() < share

    def sign(self, kind: VoteKind, view: View, block: Hash32 = ZERO_HASH) -> SignedVote:
        committee = self.committee
        vote = Vote(kind, committee.epoch, committee.hash, view, block)
        return self.verifier.sign(vote, self.seat)

    def make_block(self, view: View, parent: Header, content: bytes) -> Block:
        origin = self.application.origins.choose(self.committee.epoch, parent)
        return make_block(self.turn(view), parent, origin, self.now_ms, content)

    @staticmethod
    def forge(vote: Vote, signers: int, signatures: bytes) -> Certificate:
        return Certificate(vote, signers.to_bytes(32, "big"), signatures)

    def peers(self) -> list[int]:
        """All others, in random order."""
        others = [p for p in self._setting.network.positions() if p != self.position]
        self._setting.random.shuffle(others)
        return others

    def half(self) -> list[int]:
        peers = self.peers()
        return peers[: len(peers) // 2 + 1]

    def tell(self, peers: list[int], message: ConsensusMessage) -> None:
        for peer in peers:
            self.post(peer, message)


class Silent(Attacker):
    """Says nothing at all."""

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        self.confess("says nothing")

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        pass


class Twin(Attacker):
    """One key, two nodes, each honest to its own half of the network and unknown to the other
    half. The world severs the links, and draws new halves when the weather changes."""

    def sign_and_keep(self, vote: Vote, block: Block | None) -> SignedVote:
        self.confess(f"signs {vote.kind.name.lower()} {vote.view} as if alone")
        return super().sign_and_keep(vote, block)


class SelectiveSender(Attacker):
    """Loses half of what it should send, differently for each peer."""

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        if self.has_luck(0.5):
            super().post(peer, message, hold_ms)
        else:
            self.confess(f"does not tell {peer}")


class LateVoter(Attacker):
    """Everything it says comes late, some of it seconds late."""

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        limit_ms = 3_000 if self.has_luck(0.2) else 400
        late_ms = self._setting.random.randint(0, limit_ms)
        if late_ms > self._setting.timing.timeout_ms:
            self.confess(f"tells {peer} {late_ms} ms late")
        super().post(peer, message, late_ms)


class Withholder(Attacker):
    """Shows its blocks to as few as make a quorum, and never answers for them."""

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        if not isinstance(message, Proposal):
            super().broadcast(message)
            return
        self.confess(f"withholds the payload of view {message.notarize.vote.view}")
        committee = self.committee
        weight = committee.members[self.seat].weight
        for peer in self.peers():
            seat = committee.index_of(self._setting.addresses[peer])
            if seat is not None and not committee.is_quorum(weight):
                weight += committee.members[seat].weight
                self.post(peer, message)

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        return None


class Hoarder(Attacker):
    """Keeps its votes to itself, makes certificates of them with the votes of others, and gives
    each to a single node when that is about to give up on the view."""

    _given: Certificate | None = None

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        if isinstance(message, Certificate):
            self._give_late(message)
        elif isinstance(message, Proposal):
            self.tell(self.half(), message)

    def send_to_member(self, member: MemberIndex, message: Certificate) -> None:
        self._give_late(message)

    def _give_late(self, certificate: Certificate) -> None:
        if certificate == self._given:
            return
        self._given = certificate
        late_ms = self._setting.random.randint(0, 2 * self._setting.timing.timeout_ms)
        self.confess(f"keeps a certificate of view {certificate.vote.view} for {late_ms} ms")
        self.post(self.peers()[0], certificate, late_ms)


class Equivocator(Attacker):
    """Two proposals in each view it leads, and a vote for every proposal it sees."""

    def on_propose(self, output: Propose) -> None:
        header = output.block.header
        parent = self.core.tree.header(header.parent_hash)
        if parent is None:
            return
        other = self.make_block(header.view, parent, b"other ")
        first = self.sign_and_keep(output.vote, output.block)
        second = self.sign(VoteKind.NOTARIZE, header.view, other.header.hash)
        self.confess(f"proposes twice in view {header.view}")
        justified = (output.parent_certificate, output.nullifications)
        peers = self.peers()
        middle = len(peers) // 2
        self.tell(peers[:middle], Proposal(output.block, *justified, first))
        self.tell(peers[middle:], Proposal(other, *justified, second))

    def on_message(self, sender: int, message: ConsensusMessage) -> None:
        super().on_message(sender, message)
        if isinstance(message, Proposal) and self.is_up and self.member is not None:
            header = message.block.header
            self.confess(f"votes for each proposal of view {header.view}")
            self.tell(self.peers(), self.sign(VoteKind.NOTARIZE, header.view, header.hash))
            if self.has_luck(0.3):
                self.tell(self.peers(), self.sign(VoteKind.FINALIZE, header.view, header.hash))


class NullifyFinalizer(Attacker):
    """Wants each view both finalized and nullified; tells halves of the network differently."""

    def on_cast(self, output: CastVote) -> None:
        super().on_cast(output)
        vote = output.vote
        self.confess(f"finalizes and nullifies view {vote.view}")
        if vote.kind is VoteKind.FINALIZE:
            self.tell(self.half(), self.sign(VoteKind.NULLIFY, vote.view))
        elif vote.kind is VoteKind.NOTARIZE:
            self.tell(self.half(), self.sign(VoteKind.FINALIZE, vote.view, vote.block))
            self.tell(self.half(), self.sign(VoteKind.NULLIFY, vote.view))


class NullifyOnly(Attacker):
    """Never proposes, and votes Nullify in each view as soon as there is one."""

    def on_propose(self, output: Propose) -> None:
        self._nullify(output.vote.view)

    def on_cast(self, output: CastVote) -> None:
        for view in (output.vote.view, View(output.vote.view + 1)):
            self._nullify(view)

    def _nullify(self, view: View) -> None:
        self.confess(f"nullifies view {view} for nothing")
        self.tell(self.peers(), self.sign(VoteKind.NULLIFY, view))


class ForkProposer(Attacker):
    """Builds on the last final block as if nothing had been notarized since, or as if that were
    what the last notarization is of, or on older ones; and holds back its Finalize votes so that
    finality is late."""

    def on_cast(self, output: CastVote) -> None:
        if output.vote.kind is not VoteKind.FINALIZE:
            super().on_cast(output)

    def on_propose(self, output: Propose) -> None:
        header = output.block.header
        parent, certificate = self.core.tree.root, self.core.finalization
        if self.has_luck(0.2):
            parent, certificate = self._setting.random.choice(self.older())
        is_disguised = self.has_luck(0.4)
        if is_disguised:
            certificate = output.parent_certificate
        self.confess(f"proposes height {parent.height + 1} again in view {header.view}")
        block = self.make_block(header.view, parent, b"fork ")
        signed = self.sign(VoteKind.NOTARIZE, header.view, block.header.hash)
        some = output.nullifications if is_disguised or self.has_luck(0.5) else ()
        self.tell(self.peers(), Proposal(block, certificate, some, signed))

    def older(self) -> list[tuple[Header, Certificate | None]]:
        parents: list[tuple[Header, Certificate | None]] = [(self.disk.start, None)]
        for block in self.disk.chain[-3:]:
            proof = self.disk.proofs.get(block.header.height)
            if proof is not None and not proof.descendants:
                parents.append((block.header, proof.certificate))
        return parents


class StaleCertificates(Attacker):
    """Repeats what was said long ago, and answers requests with nothing new."""

    MEMORY = 64

    def on_message(self, sender: int, message: ConsensusMessage) -> None:
        super().on_message(sender, message)
        if not hasattr(self, "_heard"):
            self._heard: deque[ConsensusMessage] = deque(maxlen=self.MEMORY)
        if not isinstance(message, BlockRequest) and self.has_luck(0.3):
            self._heard.append(message)
        if self.has_luck(0.2) and self._heard:
            old = self._setting.random.choice(self._heard)
            self.confess("repeats what is old")
            self.post(self._setting.random.choice(self.peers()), old)


class Flooder(Attacker):
    """Votes for very many views, most of them far from the current one, and for blocks that are
    none; asks for such blocks; proposes at absurd heights."""

    VOTES = 24
    """For each vote that its honest core casts."""

    def on_cast(self, output: CastVote) -> None:
        super().on_cast(output)
        self.confess(f"floods, in view {self.core.view}")
        random = self._setting.random
        peer = random.choice(self.peers())
        for _ in range(self.VOTES):
            kind = random.choice(list(VoteKind))
            block = ZERO_HASH if kind is VoteKind.NULLIFY else keccak(random.randbytes(8))
            self.post(peer, self.sign(kind, self.far_view(), block))
        self.post(peer, BlockRequest(0, keccak(b"%d" % self.now_ms)))

    def far_view(self) -> View:
        """One in three at a bound of what others may keep, the rest beyond all bounds."""
        near = (-70, -3, 1, 2, 30, 63, 64, 65, 10**15)
        offset = (
            self._setting.random.choice(near)
            if self.has_luck(1 / 3)
            else self._setting.random.randint(65, 10**6)
        )
        return View(max(0, self.core.view + offset))

    def on_propose(self, output: Propose) -> None:
        height = Height(10**12 + self.now_ms)
        self.confess(f"proposes height {height}")
        header = msgspec.structs.replace(output.block.header, height=height)
        signed = self.sign(VoteKind.NOTARIZE, header.view, header.hash)
        block = msgspec.structs.replace(output.block, header=header)
        justified = (output.parent_certificate, output.nullifications)
        self.tell(self.peers(), Proposal(block, *justified, signed))


class Garbage(Attacker):
    """Well-formed messages that break every rule about their content."""

    def on_cast(self, output: CastVote) -> None:
        super().on_cast(output)
        self.confess(f"forges a vote of view {output.vote.view}")
        self.tell(self.peers(), self._setting.random.choice(self.forgeries(output.vote)))

    def on_propose(self, output: Propose) -> None:
        header = output.block.header
        justified = (output.parent_certificate, output.nullifications)
        poisoned = Block(
            msgspec.structs.replace(header, payload_hash=keccak(POISON), payload_length=3), POISON
        )
        swapped = Block(header, b"not these bytes", output.block.held)
        hollow = Block(header, output.block.payload, b"not these bytes")
        self.confess(f"forges a block of view {header.view}")
        for block in (swapped, hollow, poisoned):
            name = block.header.hash
            signed = self.sign(VoteKind.NOTARIZE, header.view, name)
            self.tell(self.half(), Proposal(block, *justified, signed))
        if self.has_luck(0.5):
            super().on_propose(output)

    def forgeries(self, vote: Vote) -> list[SignedVote | Certificate]:
        signed = self.verifier.sign(vote, self.seat)
        everyone = (1 << len(self.committee)) - 1
        next_seat = MemberIndex((self.seat + 1) % 128)
        return [
            SignedVote(vote, self.seat, bytes(64)),
            SignedVote(vote, next_seat, signed.signature),
            SignedVote(vote, MemberIndex(127), signed.signature),
            self.verifier.sign(msgspec.structs.replace(vote, epoch=7), self.seat),
            self.verifier.sign(
                msgspec.structs.replace(vote, committee=keccak(b"another")), self.seat
            ),
            self.forge(vote, 1 << self.seat, signed.signature),
            self.forge(vote, everyone, signed.signature),
            self.forge(vote, everyone, signed.signature * len(self.committee)),
            self.forge(vote, 1 << 200 | everyone, signed.signature * 3),
            self.forge(vote, 0, b""),
        ]

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        reply = super().find_blocks(request)
        if reply is None or not reply.blocks or self.has_luck(0.3):
            return reply
        *rest, last = reply.blocks
        lies = [
            (*rest, Block(last.header, b"other bytes", last.held)),
            (*rest, Block(last.header, last.payload, last.held[:-1] or b"too much")),
            reply.blocks[::2],
        ]
        return msgspec.structs.replace(reply, blocks=self._setting.random.choice(lies))
