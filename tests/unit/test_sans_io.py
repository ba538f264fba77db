"""House rule: the stages are sans-IO. Their modules import nothing that waits, reads a clock, draws
randomness, or touches a socket, a file or the environment."""

import ast
from pathlib import Path

import pytest

import sequencer

ROOT = Path(sequencer.__file__).parent
PURE_PACKAGES = ("batches", "blocks", "consensus", "mempool", "ordering", "promises")
PURE_MODULES = (
    *(
        path
        for package in PURE_PACKAGES
        for path in sorted((ROOT / package).glob("*.py"))
        if path.name != "journal.py"  # the journal is a file: that is its subject
    ),
    *(ROOT / "derivation" / f"{name}.py" for name in ("committed", "derive", "found")),
    ROOT / "ingress" / "transaction.py",
    ROOT / "l1" / "asked.py",
    ROOT / "l1" / "challenges.py",
    ROOT / "l1" / "submission.py",
    ROOT / "l1" / "view.py",
    ROOT / "wallet" / "held_proof.py",
    *(path for path in sorted((ROOT / "evidence").glob("*.py")) if path.name != "reading.py"),
    ROOT / "watch" / "faults.py",
    ROOT / "watch" / "standing.py",
    ROOT / "types.py",
)
FORBIDDEN = {
    "aiohttp", "asyncio", "datetime", "io", "multiprocessing", "os", "pathlib", "random",
    "secrets", "selectors", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "uvloop", "web3", "zmq",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """The top-level names of everything a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", PURE_MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_pure_module__imports_nothing_that_does_io(path: Path) -> None:
    assert not imported(path) & FORBIDDEN


@pytest.mark.parametrize("path", PURE_MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_pure_module__defines_no_coroutine(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.AsyncFunctionDef | ast.Await)]


def test_the_check_itself__sees_an_import(tmp_path: Path) -> None:
    module = tmp_path / "m.py"
    module.write_text("import os.path\nfrom asyncio import sleep\n", encoding="utf-8")
    assert imported(module) & FORBIDDEN == {"os", "asyncio"}
