"""A node's configuration: one TOML file, every default stated, unknown names refused.

Secrets are not in it: the signing key is in a keystore file (Web3 Secret Storage), its
password in the file that `SWITCHYARD_PASSWORD_FILE` names or in `SWITCHYARD_PASSWORD`.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from sequencer.errors import LocalFault

Millis = Annotated[int, msgspec.Meta(ge=1, le=3_600_000)]


class NodeSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where the node lives and listens. Port 0 lets the system choose; the addresses in use
    are written to `endpoints.json` in the data folder."""

    data_dir: str
    rpc_listen: str = "127.0.0.1:0"
    peer_listen: str = "127.0.0.1:0"
    peer_source: str = ""
    """NET-2: the local IP address to connect to peers from; empty lets the system choose."""
    withhold_data: bool = False
    """HELD-5."""


class L1Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    url: str
    deployment: str
    """Path of the deployment file that `ape run deploy` writes."""
    beacon: str = ""
    """The beacon API of a consensus client, from which blobs that others post are archived."""
    confirmations: Annotated[int, msgspec.Meta(ge=0, le=128)] = 4
    poll_ms: Millis = 250
    takeover_ms: Millis = 4_000
    """SUBMIT-1: how long a member has before the next one submits too."""
    resubmit_ms: Millis = 12_000
    """SUBMIT-3: how long a transaction may stay unmined before it is replaced."""
    batches_together: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4
    """SUBMIT-2: how many batches go to L1 at once, each up to 128 KiB. A full pool of Ethereum's
    clients keeps 512 KiB of one account; what L1's blocks have no room for within `resubmit_ms` is
    replaced at a higher fee."""


class KeysSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    signer: str
    """Path of the keystore with the hot signing key; it also pays for L1 transactions, and is the
    source of the transport key."""
    former: tuple[str, ...] = ()
    """Paths of the keystores before it, while a committee may still name them (STAKE-11)."""


class ConsensusSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    timeout_ms: Millis = 400
    max_timeout_ms: Millis = 5_000
    heartbeat_ms: Millis = 1_000
    list_after_ms: Millis = 1_000
    """LIST-1: how long a transaction waits here before this node has it listed."""
    list_grace_ms: Millis = 500
    """LIST-4: how long a listing has been here before a block must hold it; at least twice the
    time that a message takes between any two members."""


class MempoolSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    max_transactions: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 50_000
    max_bytes: Annotated[int, msgspec.Meta(ge=1 << 17, le=1 << 32)] = 64 << 20
    fee_floor_wei: Annotated[int, msgspec.Meta(ge=0)] = 1
    deny_senders: tuple[str, ...] = ()
    """POOL-6."""


class PromisesSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """PROMISE-2."""

    heights: Annotated[int, msgspec.Meta(ge=0, le=256)] = 256
    """How far above the last final block a promise reaches; none are made if it is 0."""
    margin_seconds: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 30
    """None are made so shortly before this node leaves the committee."""
    break_promises: bool = False
    """PROMISE-9."""


class ArchiveSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """SUBMIT-6. A day with a batch in each L1 block is a GiB; what is oldest goes first."""

    seconds: Annotated[int, msgspec.Meta(ge=0, le=2**40)] = 60 * 86_400
    max_bytes: Annotated[int, msgspec.Meta(ge=0, le=2**50)] = 64 << 30


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    node: NodeSection
    l1: L1Section
    keys: KeysSection
    consensus: ConsensusSection = ConsensusSection()
    mempool: MempoolSection = MempoolSection()
    promises: PromisesSection = PromisesSection()
    archive: ArchiveSection = ArchiveSection()


def load_config(path: Path) -> Config:
    """Read and check the file; paths in it are relative to its folder. Raises `LocalFault`
    naming the file and the entry that is wrong."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LocalFault(f"configuration {path}: no such file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LocalFault(f"configuration {path}: {error}") from error
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise LocalFault(f"configuration {path}: {error}") from error
    base = path.resolve().parent
    return msgspec.structs.replace(
        config,
        node=msgspec.structs.replace(config.node, data_dir=str(base / config.node.data_dir)),
        l1=msgspec.structs.replace(config.l1, deployment=str(base / config.l1.deployment)),
        keys=KeysSection(
            str(base / config.keys.signer), tuple(str(base / path) for path in config.keys.former)
        ),
    )


def split_address(text: str, what: str) -> tuple[str, int]:
    """`host:port` to its parts; raises `LocalFault` naming `what`."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise LocalFault(f"{what}: {text!r} is not host:port")
    return host, int(port)


def keystore_password(environ: dict[str, str] | None = None) -> str:
    """The keystore password from the environment; raises `LocalFault` if there is none."""
    env = os.environ if environ is None else environ
    if named := env.get("SWITCHYARD_PASSWORD_FILE"):
        try:
            return Path(named).read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise LocalFault(f"SWITCHYARD_PASSWORD_FILE: {error}") from error
    if "SWITCHYARD_PASSWORD" in env:
        return env["SWITCHYARD_PASSWORD"]
    raise LocalFault(
        "the keystore needs a password: set SWITCHYARD_PASSWORD_FILE to a file that holds it,"
        " or SWITCHYARD_PASSWORD"
    )
