"""The folder of a local network: what is where, and that one network at a time is in it."""

import fcntl
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from sequencer.errors import LocalFault

_MARK = "A local Switchyard network; a fresh start deletes this folder.\n"


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`network.json`: what a later start in the same folder must do alike."""

    peer_ports: tuple[int, ...]
    """Where the nodes listen; announced on L1."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths in the folder of a network."""

    folder: Path

    @property
    def deployment(self) -> Path:
        return self.folder / "deployment.json"

    @property
    def l1_state(self) -> Path:
        return self.folder / "l1-state.json"

    @property
    def password(self) -> Path:
        """Of every keystore in the folder."""
        return self.folder / "password"

    @property
    def memory(self) -> Path:
        return self.folder / "network.json"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def process(self, name: str) -> Path:
        """The folder of a node or follower."""
        return self.folder / name

    def lock(self) -> IO[str]:
        """Hold the folder until the file returned is closed; raises `LocalFault` when another
        network has it. The lock lies beside the folder, which a fresh start deletes."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        path = self.folder.with_name(f".{self.folder.name}.lock")
        file = path.open("w", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise LocalFault(
                f"a network is running in {self.folder}; stop it, or choose another --folder"
            ) from error
        return file

    def begin(self) -> None:
        """An empty folder with a new password. What was there is deleted, if it was ours."""
        if self.folder.exists() and any(self.folder.iterdir()) and not self._is_ours():
            raise LocalFault(f"{self.folder} holds something that is no network; not deleting it")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._mark.write_text(_MARK, encoding="ascii")
        self.password.touch(mode=0o600)
        self.password.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")

    @property
    def _mark(self) -> Path:
        return self.folder / ".switchyard-network"

    def _is_ours(self) -> bool:
        return self._mark.is_file() and self._mark.read_bytes() == _MARK.encode()

    def read_password(self) -> str:
        return self.password.read_text(encoding="ascii").rstrip("\n")

    def remember(self, memory: Memory) -> None:
        self.memory.write_bytes(msgspec.json.encode(memory) + b"\n")

    def recall(self) -> Memory:
        """Raises `LocalFault` when no network was left here complete."""
        try:
            return msgspec.json.decode(self.memory.read_bytes(), type=Memory)
        except (OSError, msgspec.DecodeError) as error:
            raise LocalFault(
                f"{self.folder} holds no network to go on with; start one without --keep"
            ) from error
