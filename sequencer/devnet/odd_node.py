"""Programs that run a node of another class than `switchyard node` does."""

import argparse
import logging
from pathlib import Path

import uvloop

from sequencer.config import load_config
from sequencer.node.runtime import MakeNode, load_secrets, run_node


def run_odd_node(make: MakeNode, description: str) -> None:
    """Run the node that `make` makes, by the configuration that the command line names."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, required=True)
    config = load_config(parser.parse_args().config)
    logging.basicConfig(level=logging.INFO)
    uvloop.run(run_node(config, load_secrets(config), make))
