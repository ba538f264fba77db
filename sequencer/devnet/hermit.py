"""A node that knows one peer alone, to show that this is enough to join: `python -m
sequencer.devnet.hermit --config FILE`. It is no part of `switchyard node`.

It runs like any other node, but of the operators on L1 it connects to the first one only, and
admits no other.
"""

from sequencer.devnet.odd_node import run_odd_node
from sequencer.node.node import Node
from sequencer.node.transport import Peer


class HermitNode(Node):
    """Whoever bonded first is its peer."""

    def choose_peers(self, operators: list[Peer]) -> list[Peer]:
        return operators[:1]


if __name__ == "__main__":
    run_odd_node(HermitNode, "A node with one peer.")
