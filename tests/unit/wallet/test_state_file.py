"""The state file: whole or the one before, for one program, readable or refused by name."""

import os
from pathlib import Path

import msgspec
import pytest

from sequencer.errors import LocalFault
from sequencer.types import Address, RollupId
from sequencer.wallet import errands
from sequencer.wallet.state_file import Attempt, Signed, State, StateFile, state_of
from tests.unit.derivation.worlds import transaction
from tests.unit.l1.fake_l1 import DEPLOYMENT

ERRAND = errands.transaction(RollupId(1), 7001, transaction(0))
SENDER = Address(bytes([5]) * 20)
FRESH = state_of(ERRAND, DEPLOYMENT, SENDER)


def with_attempt(state: State) -> State:
    return msgspec.structs.replace(state, enqueue=(Attempt(3, (Signed("0x0102", 1_900_000_000),)),))


def test_save__then_load__is_the_same(tmp_path: Path) -> None:
    with StateFile(tmp_path / "deeper" / "one.json") as file:
        assert file.load() is None
        file.save(with_attempt(FRESH))
        assert file.load() == with_attempt(FRESH)
        assert file.load().errand() == ERRAND  # type: ignore[union-attr]
    assert (tmp_path / "deeper" / "one.json").stat().st_mode & 0o077 == 0


def test_save__interrupted_before_the_end__leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise KeyboardInterrupt

    file = StateFile(tmp_path / "one.json")
    file.save(FRESH)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(KeyboardInterrupt):
            file.save(with_attempt(FRESH))
    assert file.load() == FRESH
    file.save(with_attempt(FRESH))
    assert file.load() == with_attempt(FRESH)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "truncated"),
        (b"{}", "missing required field"),
        (b'{"version": 1, "more": 2}', "unknown field"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_load__not_a_state__names_the_file(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(content)
    with pytest.raises(LocalFault, match=f"one.json.*{problem}"):
        StateFile(path).load()


def test_load__of_another_version__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    StateFile(path).save(FRESH)
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(LocalFault, match="version 2"):
        StateFile(path).load()


def test_open__held_by_another__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    with StateFile(path), pytest.raises(LocalFault, match="another program"), StateFile(path):
        pass
    with StateFile(path):
        pass
