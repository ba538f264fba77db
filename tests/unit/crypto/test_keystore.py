"""Keystores: what is written opens again, what is wrong with one is said, no secret is shown."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from sequencer.crypto.keystore import (
    ScryptCost,
    create_keystore,
    keystore_address,
    load_secret,
    load_signer,
    new_secret,
)
from sequencer.crypto.signatures import Signer
from sequencer.errors import LocalFault

SECRET = bytes(range(1, 33))
PASSWORD = "correct horse"


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "signer.json"
    create_keystore(path, SECRET, PASSWORD, ScryptCost.DEVNET)
    return path


def edit(path: Path, **entries: Any) -> None:
    content = json.loads(path.read_text())
    content.update(entries)
    path.write_text(json.dumps(content))


def test_what_is_written_opens_again(keystore: Path) -> None:
    assert load_secret(keystore, PASSWORD) == SECRET
    assert load_signer(keystore, PASSWORD).address == Signer(SECRET).address
    assert keystore_address(keystore) == Signer(SECRET).address


def test_only_its_owner_may_read_it(keystore: Path) -> None:
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600


def test_new_secrets_differ() -> None:
    assert len({new_secret() for _ in range(8)}) == 8


def test_an_existing_file_is_never_overwritten(keystore: Path) -> None:
    before = keystore.read_bytes()
    with pytest.raises(LocalFault, match="already"):
        create_keystore(keystore, new_secret(), PASSWORD, ScryptCost.DEVNET)
    assert keystore.read_bytes() == before


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match=r"none\.json: no such file"):
        load_signer(tmp_path / "none.json", PASSWORD)


def test_wrong_password_shows_neither_password_nor_key(keystore: Path) -> None:
    with pytest.raises(LocalFault) as caught:
        load_signer(keystore, "battery staple")
    assert str(caught.value) == f"keystore {keystore}: wrong password"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 3}', b"\xff\xfe", b" " * 70_000],
    ids=["empty", "cut", "list", "version", "no-crypto", "not-utf8", "huge"],
)
def test_malformed_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "signer.json"
    path.write_bytes(content)
    with pytest.raises(LocalFault, match=r"signer\.json: (malformed|above)"):
        load_signer(path, PASSWORD)


@pytest.mark.parametrize("entry", ["kdf", "ciphertext", "mac", "kdfparams", "cipherparams"])
def test_malformed_crypto_section(keystore: Path, entry: str) -> None:
    crypto = json.loads(keystore.read_text())["crypto"]
    del crypto[entry]
    edit(keystore, crypto=crypto)
    with pytest.raises(LocalFault, match="malformed"):
        load_signer(keystore, PASSWORD)


@pytest.mark.parametrize("address", ["xyz", 12, "0x1234"])
def test_malformed_address(keystore: Path, address: Any) -> None:
    edit(keystore, address=address)
    with pytest.raises(LocalFault, match="malformed: its address"):
        keystore_address(keystore)


def test_a_key_other_than_the_one_it_names(keystore: Path) -> None:
    edit(keystore, address="11" * 20)
    with pytest.raises(LocalFault, match="but holds the key of"):
        load_signer(keystore, PASSWORD)
