"""Whole processes: the programs of this project, Anvil and ape, as a person runs them.

They need what `make build` makes: anvil on PATH and the compiled contracts.
"""

import shutil
from pathlib import Path

import pytest

from sequencer.deployment.artifacts import DEFAULT_FOLDER


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    if shutil.which("anvil") is None or not Path(DEFAULT_FOLDER, "BondRegistry.json").exists():
        pytest.fail("anvil or the compiled contracts are missing: run the tests by `make test`")
