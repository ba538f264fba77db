"""A member that lies about the past to whoever catches up."""

import msgspec

from sequencer.consensus.messages import BlockRequest, Blocks, FinalityProof, VoteKind
from sequencer.simulation.attackers import Attacker
from sequencer.types import Height


class FalseHistorian(Attacker):
    """Each answer about the past is a lie of another kind, late, cut short, or one of many that
    nobody asked for."""

    def answer_request(self, peer: int, request: BlockRequest) -> None:
        reply = self.find_blocks(request)
        if reply is None or self.has_luck(0.2):
            return
        self.confess(f"tells {peer} a false history")
        hold_ms = self._setting.random.choice((0, 0, 300, 1_500))
        for _ in range(self._setting.random.choice((1, 1, 1, 10))):
            self.post(peer, reply, hold_ms)

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        reply = super().find_blocks(request)
        if reply is None or self.member is None:
            return reply
        change, proof, blocks = msgspec.structs.replace, reply.proof, reply.blocks
        lies = [
            change(reply, blocks=(), proof=None),
            change(reply, blocks=(), proof=None, tip=0),
            change(reply, tip=10**12),
            change(reply, request=BlockRequest(Height(request.have_height + 1))),
            change(reply, proof=None),
        ]
        if blocks:
            last = blocks[-1].header
            other = change(last, timestamp_ms=last.timestamp_ms + 1)
            vote = self.sign(VoteKind.FINALIZE, last.view, other.hash)
            forged = self.forge(vote.vote, 7, vote.signature * 3)
            rewritten = (*blocks[:-1], change(blocks[-1], header=other))
            lies += [
                change(reply, blocks=blocks[1:]),
                change(reply, blocks=rewritten),
                change(reply, blocks=rewritten, proof=FinalityProof(forged)),
                change(reply, blocks=(*blocks, blocks[-1])),
            ]
        if len(blocks) > 1 and proof is not None:
            above = tuple(block.header for block in blocks[1:])
            shorter = FinalityProof(proof.certificate, (*above, *proof.descendants))
            lies.append(change(reply, blocks=blocks[:1], proof=shorter))
        return self._setting.random.choice(lies)
