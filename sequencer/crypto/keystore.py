"""Keystore files (Web3 Secret Storage, version 3, scrypt) that hold one signing key each.

Only this module reads or writes a secret on disk. No error message repeats one.
"""

import json
import os
from enum import IntEnum
from pathlib import Path
from typing import Any

from sequencer.crypto.signatures import CURVE_ORDER, Signer
from sequencer.errors import LocalFault
from sequencer.types import Address

SECRET_LENGTH = 32
MAX_KEYSTORE_BYTES = 1 << 16
_PRIVATE = 0o600


class ScryptCost(IntEnum):
    """The scrypt parameter N: what one guess at the password costs."""

    STANDARD = 1 << 18
    """About a second and 256 MiB; for keys that guard real money."""
    DEVNET = 1 << 12
    """A few milliseconds; for keys that are made and thrown away on one machine."""


def new_secret() -> bytes:
    """A fresh signing secret from the system's entropy."""
    while True:
        secret = os.urandom(SECRET_LENGTH)
        if 0 < int.from_bytes(secret, "big") < CURVE_ORDER:
            return secret


def create_keystore(
    path: Path, secret: bytes, password: str, cost: ScryptCost = ScryptCost.STANDARD
) -> Address:
    """Write a new keystore, readable by its owner alone, and return the key's address.

    Raises `LocalFault` when the file exists or cannot be written: no key is ever overwritten.
    """
    from eth_account import Account  # noqa: PLC0415 - half a second that most commands never need

    address = Signer(secret).address
    keyfile = Account.encrypt(secret, password, kdf="scrypt", iterations=int(cost))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError as error:
        raise LocalFault(
            f"keystore {path}: a file is there already; it is left as it is"
        ) from error
    except OSError as error:
        raise LocalFault(f"keystore {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keyfile, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    return address


def load_secret(path: Path, password: str) -> bytes:
    """The 32-byte secret in a keystore.

    Raises `LocalFault` when the file is missing, is no keystore, does not open with this
    password, or holds another key than the address it states.
    """
    from eth_account import Account  # noqa: PLC0415 - half a second that most commands never need

    keyfile = _read(path)
    stated = _stated_address(path, keyfile)
    try:
        secret = bytes(Account.decrypt(keyfile, password))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise LocalFault(f"keystore {path}: wrong password") from error
        raise LocalFault(f"keystore {path}: malformed: {error}") from error
    except (KeyError, TypeError, NotImplementedError, ArithmeticError) as error:
        raise LocalFault(f"keystore {path}: malformed: {error!r}") from error
    if not 0 < int.from_bytes(secret, "big") < CURVE_ORDER or len(secret) != SECRET_LENGTH:
        raise LocalFault(f"keystore {path}: what it holds is no secp256k1 key")
    actual = Signer(secret).address
    if stated is not None and actual != stated:
        raise LocalFault(
            f"keystore {path}: it names 0x{stated.hex()} but holds the key of 0x{actual.hex()}"
        )
    return secret


def load_signer(path: Path, password: str) -> Signer:
    """The key in a keystore, ready to sign; raises `LocalFault` as `load_secret`."""
    return Signer(load_secret(path, password))


def keystore_address(path: Path) -> Address:
    """The address a keystore states, without opening it; raises `LocalFault` if it has none."""
    stated = _stated_address(path, _read(path))
    if stated is None:
        raise LocalFault(f"keystore {path}: it states no address; open it to see the key's")
    return stated


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_KEYSTORE_BYTES + 1)
    except FileNotFoundError as error:
        raise LocalFault(f"keystore {path}: no such file") from error
    except OSError as error:
        raise LocalFault(f"keystore {path}: {error.strerror}") from error
    if len(content) > MAX_KEYSTORE_BYTES:
        raise LocalFault(f"keystore {path}: above {MAX_KEYSTORE_BYTES} bytes, so no keystore")
    try:
        keyfile = json.loads(content)
    except ValueError as error:
        raise LocalFault(f"keystore {path}: malformed: not JSON") from error
    if not isinstance(keyfile, dict) or keyfile.get("version") != 3:
        raise LocalFault(f"keystore {path}: malformed: not a version 3 keystore")
    if not isinstance(keyfile.get("crypto"), dict):
        raise LocalFault(f"keystore {path}: malformed: no 'crypto' section")
    return keyfile


def _stated_address(path: Path, keyfile: dict[str, Any]) -> Address | None:
    stated = keyfile.get("address")
    if stated is None:
        return None
    try:
        address = bytes.fromhex(stated.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise LocalFault(f"keystore {path}: malformed: its address is not hex") from error
    if len(address) != 20:
        raise LocalFault(f"keystore {path}: malformed: its address has {len(address)} bytes")
    return Address(address)
