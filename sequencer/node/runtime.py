"""`switchyard node`: from a configuration to a running node, and its end."""

import asyncio
import contextlib
import gc
import resource
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from sequencer.config import Config, keystore_password
from sequencer.crypto.keystore import load_secret
from sequencer.l1.deployment import load_deployment
from sequencer.node.node import Node

CANCEL_AGAIN_SECONDS = 0.5
NEW_OBJECTS = 100_000
"""Between two collections of the youngest; some milliseconds each."""
YOUNGER_COLLECTIONS = (50, 50)

MakeNode = Callable[..., Node]


def load_secrets(config: Config) -> list[bytes]:
    """The hot keys, the one of now first; one password opens all. Raises `LocalFault`."""
    password = keystore_password()
    paths = (config.keys.signer, *config.keys.former)
    return [load_secret(Path(path), password) for path in paths]


async def run_node(config: Config, secrets: Sequence[bytes], make: MakeNode = Node) -> None:
    """Run until SIGINT or SIGTERM; `secrets` are the hot keys, the one of now first.

    Raises `LocalFault`, alone or in a group, when the node cannot start or go on.
    """
    allow_open_files()
    collect_seldom()
    node = make(config, load_deployment(Path(config.l1.deployment)), *secrets)
    running = asyncio.create_task(node.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, running)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def stop(running: asyncio.Task[None]) -> None:
    """Cancel until it ends: a cancellation in the very moment of a failure can get lost in what
    handles the failure."""
    if not running.done():
        running.cancel()
        asyncio.get_running_loop().call_later(CANCEL_AGAIN_SECONDS, stop, running)


def allow_open_files() -> None:
    """As many as the system allows this process: connections that strangers open must not be what
    keeps it from opening its own files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def collect_seldom() -> None:
    """Reference counts free nearly all that a node is done with; what is left are the cycles of an
    exception or a request now and then. Looking for them after each 700 new objects, as Python does
    by itself, is looking through thousands that only wait to be ordered."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *YOUNGER_COLLECTIONS)
