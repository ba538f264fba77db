"""A short run of what `make invariants` runs at length, and whether its planted bugs still fit."""

import os
import subprocess

import pytest

from tests.invariants.planted import BUGS, Planted
from tools.compile_contracts import ROOT

RUNS = 40


def test_suites__a_short_seeded_run__finds_nothing() -> None:
    done = subprocess.run(
        ["forge", "test"],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{ROOT}/build/bin{os.pathsep}{os.environ['PATH']}",
            "FOUNDRY_PROFILE": "invariants",
            "FOUNDRY_FUZZ_RUNS": str(RUNS),
            "FOUNDRY_INVARIANT_RUNS": str(RUNS),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_planted_bug__changes_one_place(bug: Planted) -> None:
    content = (ROOT / bug.source).read_text("utf-8")
    assert bug.plant(content) != content
