"""What must not be forgotten between asking a signer and seeing a transaction mined (WALLET-1).

One errand, one file. Where the message stands is not in it: that is read from L1 each time
(WALLET-2).
"""

import fcntl
import logging
import os
from pathlib import Path
from typing import IO, Annotated

import msgspec

from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.l1.deployment import Deployment
from sequencer.types import Address, RollupId
from sequencer.wallet.errands import Errand, Kind

log = logging.getLogger(__name__)

VERSION = 1
MAX_BYTES = 64 << 20
_Hex = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-f]{2})*$")]
_Natural = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Signed(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A transaction as it was sent, or was about to be; `sent_at` in seconds of L1."""

    raw: _Hex
    sent_at: _Natural

    def decode(self, chain_id: int) -> Transaction:
        return decode_transaction(bytes.fromhex(self.raw[2:]), chain_id)


class Attempt(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Transactions of one nonce, of which L1 takes one at most; each replaces the one before."""

    nonce: _Natural
    versions: tuple[Signed, ...]


class State(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The file. `enqueue` are the attempts to queue the message, or to post; `force` those to
    force it."""

    version: int
    deployment: _Hex
    sender: _Hex
    kind: Kind
    rollup: _Natural
    gas_limit: _Natural
    content: _Hex
    enqueue: tuple[Attempt, ...] = ()
    force: tuple[Attempt, ...] = ()

    def errand(self) -> Errand:
        content = bytes.fromhex(self.content[2:])
        return Errand(self.kind, RollupId(self.rollup), self.gas_limit, content)


def state_of(errand: Errand, deployment: Deployment, sender: Address) -> State:
    """Nothing signed yet."""
    return State(
        version=VERSION,
        deployment="0x" + deployment_id(deployment).hex(),
        sender="0x" + sender.hex(),
        kind=errand.kind,
        rollup=errand.rollup,
        gas_limit=errand.gas_limit,
        content="0x" + errand.content.hex(),
    )


def deployment_id(deployment: Deployment) -> bytes:
    """Tells deployments apart, even two at the same addresses of two local chains."""
    words = (deployment.chain_id, deployment.schedule.genesis, deployment.start_block)
    numbers = b"".join(number.to_bytes(32, "big") for number in words)
    return keccak(numbers, deployment.contracts.forced_inbox, deployment.contracts.rollup_inbox)


class StateFile:
    """The file of one errand, for one program at a time; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> "StateFile":
        """Raises `LocalFault` if another program works on the same errand."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_suffix(".lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise LocalFault(f"another program works on {self.path} now") from error
        self._lock = lock
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def load(self) -> State | None:
        """None if there is none yet; raises `LocalFault` for one that cannot be read."""
        try:
            with self.path.open("rb") as file:
                found = msgspec.json.decode(file.read(MAX_BYTES), type=State)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise LocalFault(f"{self.path}: {error}") from error
        if found.version != VERSION:
            raise LocalFault(f"{self.path}: version {found.version}, this program reads {VERSION}")
        return found

    def save(self, state: State) -> None:
        """Durable when it returns: whole, or the one before."""
        fresh = self.path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def signed_at(folder: Path, like: State, nonce: int) -> Signed | None:
    """What the errands of a folder have signed last at a nonce, with the sender and on the
    deployment of `like`. Files that cannot be read are left out."""
    found: list[Signed] = []
    for path in sorted(folder.glob("*.json")):
        try:
            state = StateFile(path).load()
        except LocalFault as fault:
            log.warning("%s", fault)
            continue
        if state is None or (state.sender, state.deployment) != (like.sender, like.deployment):
            continue
        attempts = (*state.enqueue, *state.force)
        found += [attempt.versions[-1] for attempt in attempts if attempt.nonce == nonce]
    return max(found, key=lambda signed: signed.sent_at, default=None)
