"""Ports of 127.0.0.1 for programs that must be told one."""

import random
import socket

from sequencer.errors import LocalFault

# Below the range from which systems pick ports for outgoing connections: a port of ours stays
# free for us while the process that listens on it is being restarted.
_FIRST, _LAST = 10_000, 30_000
_ATTEMPTS = 1_000


def is_free(port: int) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on; raises `LocalFault` when there are none."""
    chosen: list[int] = []
    draw = random.SystemRandom()
    for _ in range(_ATTEMPTS):
        if len(chosen) == count:
            return chosen
        port = draw.randint(_FIRST, _LAST)
        if port not in chosen and is_free(port):
            chosen.append(port)
    raise LocalFault(f"no {count} free ports between {_FIRST} and {_LAST}")


def require_free(port: int, what: str) -> None:
    """Raises `LocalFault` naming `what` when a port that was asked for is taken."""
    if not 1 <= port <= 65_535:
        raise LocalFault(f"{what}: {port} is no port (1 to 65535)")
    if not is_free(port):
        raise LocalFault(
            f"{what}: port {port} is in use; stop what listens there, choose another,"
            " or leave the option out to have a free one chosen"
        )
