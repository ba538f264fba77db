"""Where a long-running process serves HTTP, and how others find it: node and follower alike."""

import json
import os
from pathlib import Path

from aiohttp import web

from sequencer.errors import LocalFault


async def listen(runner: web.AppRunner, host: str, port: int, what: str) -> str:
    """Serve and return the URL; port 0 is any free one. Raises `LocalFault` naming `what`."""
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise LocalFault(f"{what} {host}:{port}: {error.strerror}") from error
    bound = runner.addresses[0]
    return f"http://{bound[0]}:{bound[1]}"


def write_endpoints(folder: Path, **endpoints: str) -> None:
    """`endpoints.json`: where this process listens, and its pid; replaced in one step."""
    partial = folder / "endpoints.json.part"
    partial.write_text(json.dumps({**endpoints, "pid": os.getpid()}) + "\n", encoding="utf-8")
    partial.replace(folder / "endpoints.json")
