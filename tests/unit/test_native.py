"""The C helper's switch (docs/adr/0009)."""

import os
import subprocess
import sys

import pytest

from sequencer import native

PROGRAM = "from sequencer import native; print(native.bulk is not None)"


def is_used(switch: str | None) -> bool:
    environment = {name: value for name, value in os.environ.items() if name != "SWITCHYARD_NATIVE"}
    if switch is not None:
        environment["SWITCHYARD_NATIVE"] = switch
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip() == "True"


def test_helper__switched_off__is_not_used() -> None:
    assert not is_used("0")


@pytest.mark.skipif(native.bulk is None, reason="the C helper is not built")
def test_helper__built__is_used() -> None:
    assert is_used(None)
