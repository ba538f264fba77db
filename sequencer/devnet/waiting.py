"""Waiting for something that other processes bring about."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sequencer.devnet.rpc import RpcUnreachable
from sequencer.errors import LocalFault
from sequencer.l1.rpc import L1Unavailable

POLL_SECONDS = 0.1

_T = TypeVar("_T")


async def eventually(
    what: str,
    probe: Callable[[], Awaitable[_T | None]],
    *,
    seconds: float,
    poll_seconds: float = POLL_SECONDS,
) -> _T:
    """The first answer of `probe` that is not None. A node or L1 that does not answer counts as
    None. Raises `LocalFault` saying that `what` did not happen in time."""
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        try:
            if (found := await probe()) is not None:
                return found
        except (RpcUnreachable, L1Unavailable) as error:
            last = f" ({error})"
        if time.monotonic() > deadline:
            raise LocalFault(f"{what}: not within {seconds:.0f} s{last}")
        await asyncio.sleep(poll_seconds)
