"""forge, ape and py-solc-x compile the same sources to the same bytecode.

Gas is measured with one of them, tests run with another, and the node's tools deploy what the
third made: a difference in settings would make the three speak of different contracts.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tools.compile_contracts import ROOT, collect_sources, compile_all

Bytecodes = dict[str, tuple[str, str]]


def _run(*command: str) -> None:
    path = f"{ROOT}/build/bin{os.pathsep}{ROOT}/.venv/bin{os.pathsep}{os.environ['PATH']}"
    variables = {
        "PATH": path,
        "SOLCX_BINARY_PATH": f"{ROOT}/build/solcx",
        "APE_DATA_FOLDER": f"{ROOT}/build/ape",
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def by_solcx() -> Bytecodes:
    return {
        name: (artifact["bytecode"], artifact["deployedBytecode"])
        for name, artifact in compile_all(collect_sources()).items()
    }


@pytest.fixture(scope="module")
def by_forge(tmp_path_factory: pytest.TempPathFactory) -> Bytecodes:
    folder: Path = tmp_path_factory.mktemp("forge")
    _run("forge", "build", "--out", f"{folder}/out", "--cache-path", f"{folder}/cache")
    found: Bytecodes = {}
    for path in sorted(folder.glob("out/*.sol/*.json")):
        artifact = json.loads(path.read_text())
        target = artifact["metadata"]["settings"]["compilationTarget"]
        if all(unit.startswith("contracts/") for unit in target):
            found[path.stem] = (
                artifact["bytecode"]["object"],
                artifact["deployedBytecode"]["object"],
            )
    return found


@pytest.fixture(scope="module")
def by_ape() -> Bytecodes:
    # --force, because ape's cache does not notice a change of settings.
    _run("ape", "compile", "--force")
    manifest = json.loads((ROOT / ".build" / "__local__.json").read_text())
    return {
        name: (contract["deploymentBytecode"]["bytecode"], contract["runtimeBytecode"]["bytecode"])
        for name, contract in manifest["contractTypes"].items()
    }


def test_there_are_contracts_to_compare(by_solcx: Bytecodes) -> None:
    assert by_solcx
    assert all(len(creation) > len("0x") for creation, _ in by_solcx.values())


@pytest.mark.parametrize("other", ["by_forge", "by_ape"])
def test_bytecode_is_the_same(
    other: str, by_solcx: Bytecodes, request: pytest.FixtureRequest
) -> None:
    theirs: Bytecodes = request.getfixturevalue(other)
    differing = [name for name, code in by_solcx.items() if theirs.get(name) != code]
    assert differing == []
