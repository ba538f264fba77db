"""An instance whose services only remember what was asked of them."""

from types import SimpleNamespace
from typing import Any, cast

from sequencer.blocks.header import Block
from sequencer.consensus.archive import CertificateArchive
from sequencer.consensus.messages import FinalityProof, SignedVote, Vote
from sequencer.crypto.hot_keys import Seat
from sequencer.crypto.signatures import Signer
from sequencer.node.instance import Instance, Services
from sequencer.simulation.certificates import CertificateTable
from sequencer.simulation.journals import MemoryJournal
from sequencer.simulation.keys import SEPARATOR, SimVerifier
from sequencer.types import Committee, MemberIndex
from tests.unit.consensus.builders import START, TIMING

BEFORE_BUILD = b"what peers have passed on"
BEFORE_PROPOSAL = b"what is not passed on yet"


class Idle:
    """An application with nothing to do."""

    def pause_ms(self, *_: Any) -> None:
        return None


class Runtime:
    def __init__(self, committee: Committee, me: MemberIndex, application: object) -> None:
        self.now_ms = 0
        self.final: list[Block] = []
        self.convicted: list[MemberIndex] = []
        self.wanted: list[tuple[bytes, ...]] = []
        """Blocks to fetch, and the peer to ask if one is named."""
        self.journal = MemoryJournal()
        self._committee = committee
        self.sent: list[tuple[bytes, bytes]] = []
        self.broadcast: list[bytes] = []
        self.services = SimpleNamespace(
            keys=SimpleNamespace(seat=lambda _: Seat(me, cast(Signer, None))),
            separator=SEPARATOR,
            journal=self.journal,
            archive=CertificateArchive(CertificateTable(), lambda _: SimVerifier(committee)),
            committee_of=lambda _: committee,
            votes=SimpleNamespace(sign=self._sign),
            application=application,
            transport=SimpleNamespace(
                broadcast=self.broadcast.append, send=lambda *sent: self.sent.append(sent)
            ),
            before_build=lambda: self.broadcast.append(BEFORE_BUILD),
            before_proposal=lambda: self.broadcast.append(BEFORE_PROPOSAL),
            clock=SimpleNamespace(now_ms=lambda: self.now_ms),
            history=SimpleNamespace(),
            fetching=SimpleNamespace(
                want=lambda *asked: self.wanted.append(asked),
                follow=lambda _: None,
                pause=lambda: None,
            ),
            store=None,
            schedule=SimpleNamespace(epoch_of=lambda _: committee.epoch),
            timing=TIMING,
            on_final=self._keep,
            on_vote=lambda *_: None,
            on_equivocation=lambda found, _: self.convicted.append(found.first.member),
        )
        self.instance = Instance(cast(Services, self.services), committee, START, None)

    def _sign(self, vote: Vote, seat: Seat, block: Block | None) -> SignedVote:
        return SimVerifier(self._committee).sign(vote, seat.member)

    def _keep(self, blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        assert self.journal.is_synced, "JOURNAL-8"
        self.final.extend(blocks)
