"""Child processes of a local network: each in a group of its own, with its output in a file."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sequencer.errors import LocalFault

STOP_SECONDS = 15.0
"""How long a process may take to end before it is killed."""
TAIL_LINES = 15
_TAIL_BYTES = 16_384
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Process:
    """A running child. `name` is what messages call it."""

    name: str
    log: Path
    child: asyncio.subprocess.Process = field(repr=False)
    _log_start: int
    """Where this process's output begins in the log; before it is that of earlier ones."""
    _is_told_to_stop: bool = False

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def is_running(self) -> bool:
        return self.child.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group; a process that has ended is no error."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._is_told_to_stop = True
        self.signal(signal.SIGKILL)
        await self.child.wait()

    async def stop(self) -> None:
        """SIGTERM; SIGKILL when that is not enough."""
        self._is_told_to_stop = True
        if self.is_running:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.child.wait(), STOP_SECONDS)
        # Whatever the process itself has started and left behind.
        self.signal(signal.SIGKILL)
        await self.child.wait()

    def written(self) -> bytes:
        """What this process has written so far."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read()

    def tail(self) -> str:
        """The last lines of its output, indented."""
        with self.log.open("rb") as file:
            file.seek(max(self._log_start, self.log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
        return "\n".join("    " + line for line in lines) or "    (nothing was written)"

    def fault(self, what: str) -> LocalFault:
        """An error about this process, with the end of its log."""
        return LocalFault(f"{self.name} {what}; the end of {self.log}:\n{self.tail()}")

    def require_running(self) -> None:
        """Raises `LocalFault` when the process has ended without being told to."""
        if not self.is_running and not self._is_told_to_stop:
            raise self.fault(f"stopped ({_status(self.child.returncode)})")


async def start(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start a program with its output appended to `log`.

    Raises `LocalFault` when there is no such program.
    """
    with _open_log(log) as output:
        log_start = output.tell()
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                # Ctrl-C in a terminal reaches only us: we decide who stops when.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        except FileNotFoundError as error:
            raise LocalFault(f"{name}: the program {command[0]!r} is not on PATH") from error
        return Process(name, log, child, log_start)


def _open_log(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def _die_with_parent() -> None:
    """Linux: should we be killed without a chance to stop our children, the kernel stops them."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _status(returncode: int | None) -> str:
    if returncode is None:
        return "running"
    return f"exit status {returncode}" if returncode >= 0 else signal.Signals(-returncode).name
