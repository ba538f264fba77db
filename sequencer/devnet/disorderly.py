"""A node that orders as it likes, to show that it does not pay: `python -m
sequencer.devnet.disorderly --config FILE`. It is no part of `switchyard node`.

It runs like any other node, but turns the order of its blocks around (ORDER-4), takes and attests
blocks in any order. With a quorum of such members these become final, and go to L1.
"""

from collections.abc import Sequence

from sequencer.blocks.contents import Part
from sequencer.blocks.header import Block
from sequencer.blocks.order import Ordering
from sequencer.devnet.odd_node import run_odd_node
from sequencer.ingress.transaction import Transaction
from sequencer.l1.view import L1View
from sequencer.node.node import Node
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.contents import ContentRules
from sequencer.ordering.order import NOTHING_KNOWN, Known
from sequencer.types import Epoch, Hash32


class DisorderlyRules(ContentRules):
    """The last shall be first."""

    def arrange(
        self, transactions: Sequence[Transaction], ordering: Ordering, parent_hash: Hash32
    ) -> list[Transaction]:
        return super().arrange(transactions, ordering, parent_hash)[::-1]

    def check_order(
        self, part: Part, transactions: Sequence[Transaction], parent_hash: Hash32
    ) -> None:
        """Any order will do."""

    def vouches_for(self, block: Block, epoch: Epoch, known: Known = NOTHING_KNOWN) -> bool:
        return True


class DisorderlyApplication(Application):
    """Blocks by `DisorderlyRules`."""

    def make_rules(self, l1: L1View) -> ContentRules:
        parameters = self._parameters
        return DisorderlyRules(l1, self._mempool, self.served, parameters.block_bytes)


class DisorderlyNode(Node):
    """A node with a `DisorderlyApplication`."""

    def make_application(self, parameters: OrderingParameters) -> Application:
        return DisorderlyApplication(self.l1, self.mempool, parameters, self.listings)


if __name__ == "__main__":
    run_odd_node(DisorderlyNode, "A node that orders as it likes, for tests.")
