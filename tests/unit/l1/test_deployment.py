"""The deployment file: written and read back, and every wrong entry named."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from sequencer.errors import LocalFault
from sequencer.l1.deployment import (
    VERSION,
    Contracts,
    Deployment,
    load_deployment,
    max_block_bytes,
    save_deployment,
)
from sequencer.l1.schedule import Schedule
from sequencer.types import Address

DEPLOYMENT = Deployment(
    chain_id=31337,
    start_block=3,
    contracts=Contracts(
        *(Address(bytes([number]) * 20) for number in range(1, 1 + len(fields(Contracts))))
    ),
    schedule=Schedule(1_700_000_000, 60),
    force_window_seconds=30,
    commit_grace_seconds=120,
    unbonding_seconds=600,
    data_window_seconds=120,
    data_answer_seconds=40,
    batch_bytes=64 << 10,
    batch_age_ms=4_000,
    block_bytes=52 << 10,
    blob_bytes_min=16 << 10,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "deployment.json"
    save_deployment(DEPLOYMENT, path)
    return path


def test_load__what_was_saved(file: Path) -> None:
    assert load_deployment(file) == DEPLOYMENT
    assert DEPLOYMENT.domain.registry == DEPLOYMENT.contracts.bond_registry
    chain = "0x" + DEPLOYMENT.contracts.commitment_chain.hex()
    assert json.loads(file.read_text())["contracts"]["CommitmentChain"] == chain


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", VERSION - 1),
        ("chain_id", 0),
        ("chain_id", "31337"),
        ("start_block", -1),
        ("epoch_seconds", 0),
        ("batch_bytes", 0),
        ("block_bytes", max_block_bytes(64 << 10) + 1),
        ("unknown", 1),
        ("contracts", {}),
        ("genesis", None),
    ],
)
def test_load__wrong_entry__is_refused_naming_file_and_entry(
    file: Path, name: str, value: object
) -> None:
    raw = json.loads(file.read_text())
    raw[name] = value
    file.write_text(json.dumps(raw))
    with pytest.raises(LocalFault, match=name) as caught:
        load_deployment(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("address", ["0x12", "12" * 20, "0x" + "zz" * 20, "0x" + "01" * 20])
def test_load__wrong_or_repeated_address__is_refused(file: Path, address: str) -> None:
    raw = json.loads(file.read_text())
    raw["contracts"]["Committee"] = address
    file.write_text(json.dumps(raw))
    with pytest.raises(LocalFault, match=r"contract|Committee"):
        load_deployment(file)


@pytest.mark.parametrize("content", ["", "[]", "{", "\xff"])
def test_load__no_json_object__is_refused(file: Path, content: str) -> None:
    file.write_text(content, encoding="latin-1")
    with pytest.raises(LocalFault, match=r"deployment\.json"):
        load_deployment(file)


def test_load__no_file__is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="no such file"):
        load_deployment(tmp_path / "none.json")
