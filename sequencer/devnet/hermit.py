"""A node that knows one peer alone, to show that this is enough to join: `python -m
sequencer.devnet.hermit --config FILE`. It is no part of `switchyard node`.

It runs like any other node, but of the operators on L1 it connects to the first one only, and
admits no other.
"""

import argparse
import logging
from pathlib import Path

import uvloop

from sequencer.config import Config, keystore_password, load_config
from sequencer.crypto.keystore import load_secret
from sequencer.l1.deployment import Deployment
from sequencer.node.node import Node
from sequencer.node.runtime import run_node
from sequencer.node.transport import Peer


class HermitNode(Node):
    """Whoever bonded first is its peer."""

    def choose_peers(self, operators: list[Peer]) -> list[Peer]:
        return operators[:1]


def make(config: Config, deployment: Deployment, secret: bytes) -> Node:
    return HermitNode(config, deployment, secret)


def main() -> None:
    parser = argparse.ArgumentParser(description="A node with one peer.")
    parser.add_argument("--config", type=Path, required=True)
    config = load_config(parser.parse_args().config)
    logging.basicConfig(level=logging.INFO)
    uvloop.run(run_node(config, load_secret(Path(config.keys.signer), keystore_password()), make))


if __name__ == "__main__":
    main()
