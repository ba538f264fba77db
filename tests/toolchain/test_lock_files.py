"""The lock files pin every package by hash and say nothing of where it came from."""

import json
import re

import pytest

from tools.compile_contracts import ROOT

PYTHON_LOCKS = [
    "requirements.lock",
    "requirements-build.lock",
    "requirements-analysis.lock",
    "requirements-charts.lock",
]


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_python_lock__names_no_place(name: str) -> None:
    text = (ROOT / name).read_text()
    # Options such as --index-url or --find-links, addresses, local paths.
    assert re.findall(r"^\s*--(?!hash=).*|\S*://\S*|\s/\S+|\s@\s.*", text, re.MULTILINE) == []


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_python_lock__every_package_has_version_and_hash(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    entries = [i for i, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert entries
    for i in entries:
        assert re.match(r"[a-z0-9._-]+==\S+( ; .+)? \\$", lines[i]), lines[i]
        assert re.match(r"    --hash=sha256:[0-9a-f]{64}", lines[i + 1]), lines[i]


def test_npm_lock__names_no_place() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name
        assert entry["version"][0].isdigit(), name


def test_npm_packages_are_pinned_exactly() -> None:
    manifest = json.loads((ROOT / "package.json").read_text())
    wanted = {**manifest["devDependencies"], **manifest["optionalDependencies"]}
    assert wanted
    assert [name for name, version in wanted.items() if not version[0].isdigit()] == []
