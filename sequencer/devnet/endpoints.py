"""`endpoints.json`, in which nodes and followers say where they listen once they do."""

from pathlib import Path

import msgspec

from sequencer.devnet.processes import Process
from sequencer.devnet.waiting import eventually
from sequencer.errors import LocalFault

READY_SECONDS = 120.0


class _Endpoints(msgspec.Struct):
    rpc: str
    pid: int


async def listening_at(process: Process, data_dir: Path) -> str:
    """Wait until `process` listens; its URL. A file that an earlier process left does not count.

    Raises `LocalFault` when the process ends instead, or takes too long.
    """

    async def listens() -> str | None:
        if not process.is_running:
            raise process.fault("stopped while it was starting")
        found = _read(data_dir / "endpoints.json")
        return found.rpc if found is not None and found.pid == process.pid else None

    return await eventually(f"starting {process.name}", listens, seconds=READY_SECONDS)


def _read(path: Path) -> _Endpoints | None:
    """The file is replaced in one step, so it is whole if it is there."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Endpoints)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise LocalFault(f"{path}: {error}") from error
