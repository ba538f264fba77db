"""Members that break the rules of the hand-over between epochs (EPOCH-1 to EPOCH-4)."""

import msgspec

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import Propose
from sequencer.consensus.messages import BlockRequest, Blocks, Proposal, VoteKind
from sequencer.crypto.hashing import keccak
from sequencer.l1.events import L1Header
from sequencer.ordering.origins import origin_of
from sequencer.ordering.turn import closing_block, has_to_close
from sequencer.simulation.application import make_block
from sequencer.simulation.attackers import Attacker
from sequencer.simulation.l1 import l1_header
from sequencer.types import ZERO_HASH


class BlockForger(Attacker):
    """Puts another block in the place of some of its own, justified as that was."""

    def forge_block(self, block: Block, parent: Header) -> Block | None:
        """None: propose the honest one."""
        raise NotImplementedError

    def on_propose(self, output: Propose) -> None:
        parent = self.core.tree.header(output.block.header.parent_hash)
        forged = None if parent is None else self.forge_block(output.block, parent)
        if forged is None:
            super().on_propose(output)
            return
        header = forged.header
        signed = self.sign(VoteKind.NOTARIZE, header.view, header.hash)
        justified = (output.parent_certificate, output.nullifications)
        self.tell(self.peers(), Proposal(forged, *justified, signed))


class ClosingForger(BlockForger):
    """Goes on ordering after the terminal block, or closes the epoch with something new."""

    def forge_block(self, block: Block, parent: Header) -> Block | None:
        epoch = self.committee.epoch
        if not has_to_close(self.application.schedule, epoch, parent):
            return None
        turn = self.turn(block.header.view)
        origin = origin_of(parent)
        later = l1_header(parent.origin_number + 1)
        closing = closing_block(turn, parent).header
        return self._setting.random.choice(
            (
                make_block(turn, parent, origin, self.now_ms, b"more "),
                make_block(turn, parent, later, self.now_ms, b"later "),
                make_block(turn, parent, l1_header(0), self.now_ms, b"back "),
                Block(msgspec.structs.replace(closing, forced_count=1), block.payload),
                Block(msgspec.structs.replace(closing, epoch=epoch + 1), block.payload),
            )
        )


class OriginForger(BlockForger):
    """Names origins that are not on L1, not yet, long gone, or in an epoch nobody may decide."""

    def forge_block(self, block: Block, parent: Header) -> Block | None:
        if has_to_close(self.application.schedule, self.committee.epoch, parent):
            return None
        number = block.header.origin_number
        far = number + self.application.schedule.epoch_seconds
        origin = self._setting.random.choice(
            (
                l1_header(far),
                l1_header(2 * far),
                l1_header(max(0, parent.origin_number - 1)),
                L1Header(number + 1, keccak(b"fork"), ZERO_HASH, number + 1),
                L1Header(number + 1, l1_header(number + 1).hash, ZERO_HASH, far),
            )
        )
        turn = self.turn(block.header.view)
        return make_block(turn, parent, origin, self.now_ms, b"origin ")


class Overstayer(Attacker):
    """Stays in an epoch that has ended, proposes and votes there, and lets nobody know what is
    final."""

    def end_epoch(self) -> None:
        if self.has_luck(0.9):
            self._later(self._setting.random.randint(0, 3_000), self.leave)

    def leave(self) -> None:
        if not self.is_over:
            super().end_epoch()

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        return None


BREAKERS: tuple[type[Attacker], ...] = (ClosingForger, OriginForger, Overstayer)
