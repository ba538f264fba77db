"""Compiled contracts: read when they are there, named when they are not."""

import json
from pathlib import Path

import pytest

from sequencer.deployment.artifacts import load_artifact
from sequencer.errors import LocalFault


def test_load(tmp_path: Path) -> None:
    content = {"contractName": "Box", "abi": [{"type": "constructor", "inputs": []}]}
    (tmp_path / "Box.json").write_text(json.dumps({**content, "bytecode": "0x6001"}))
    box = load_artifact("Box", tmp_path)
    assert box.name == "Box"
    assert box.init_code(()) == b"\x60\x01"


def test_not_compiled(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match=r"Box\.json: no such file; `make build`"):
        load_artifact("Box", tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"abi": [], "bytecode": "0xzz"}'])
def test_not_an_artifact(tmp_path: Path, content: str) -> None:
    (tmp_path / "Box.json").write_text(content)
    with pytest.raises(LocalFault, match=r"Box\.json: not a compiled contract"):
        load_artifact("Box", tmp_path)
