"""A node that ignores the forced queue, to show that it does not pay: `python -m
sequencer.devnet.neglectful --config FILE`. It is no part of `switchyard node`.

It runs like any other node, but neither puts forced messages into its blocks nor takes blocks that
have some, and attests what leaves due ones over (NEGLECT-1). With a quorum of such members only L1
includes forced messages.
"""

from sequencer.blocks.header import Block, Header
from sequencer.devnet.odd_node import run_odd_node
from sequencer.errors import PeerFault
from sequencer.l1.events import L1Header
from sequencer.l1.view import L1View
from sequencer.node.node import Node
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.forced import Forced
from sequencer.types import Epoch


class NeglectfulForced(Forced):
    """Sees no messages."""

    def count(self, origin: L1Header, parent: Header) -> int:
        return parent.forced_count

    def check(self, header: Header, parent: Header) -> None:
        if header.forced_count != parent.forced_count:
            raise PeerFault("a block with forced messages")


class NeglectfulApplication(Application):
    """Blocks without forced messages."""

    def make_forced(self, l1: L1View) -> Forced:
        parameters = self._parameters
        return NeglectfulForced(l1, parameters.forced_margin_seconds, parameters.deny_senders)

    def vouches_for(self, block: Block, epoch: Epoch) -> bool:
        return True


class NeglectfulNode(Node):
    """A node with a `NeglectfulApplication`."""

    def make_application(self, parameters: OrderingParameters) -> Application:
        return NeglectfulApplication(self.l1, self.mempool, parameters, self.listings)


if __name__ == "__main__":
    run_odd_node(NeglectfulNode, "A node that ignores the forced queue, for tests.")
