"""Compile contracts/ with py-solc-x: build/contracts/<Name>.json and sequencer/l1/abi.json.

Each file in build/contracts holds the abi, bytecode and deployedBytecode of one deployable
contract. The ABIs of all but the test harnesses are committed in sequencer/l1/abi.json, so
that a node runs without a compiler; ``--check`` fails when that file is stale.

The library files that the contracts use are copied to build/libraries, for ape: it copies
its dependencies into the contracts folder and then looks at no more than 500 files there,
so that with whole libraries some of our own contracts would be missing by chance.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import solcx

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ARTIFACTS = ROOT / "build" / "contracts"
USED_LIBRARIES = ROOT / "build" / "libraries"
ABI_FILE = ROOT / "sequencer" / "l1" / "abi.json"

SOLC_VERSION = "0.8.37"
# Where `make` put the compiler; py-solc-x reads the variable on each call.
os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / "build" / "solcx"))
# The same as in foundry.toml and ape-config.yaml; tests/toolchain holds the three together.
SETTINGS: dict[str, Any] = {
    "evmVersion": "osaka",
    "optimizer": {"enabled": True, "runs": 10_000},
    "viaIR": False,
    # Bytecode then depends on the code alone, not on paths and comments.
    "metadata": {"bytecodeHash": "none"},
}
# Imports that start with one of these come from node_modules, the others are relative.
LIBRARIES = ("@openzeppelin/contracts/", "solady/src/")
# Contracts that only tests deploy.
HARNESSES = ("contracts/harness/", "contracts/mocks/")

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(r"\bimport\b[^;\"']*[\"']([^\"']+)[\"'][^;]*;")


class CompileFault(Exception):
    """The sources cannot be compiled; the message says where and why."""


def source_paths() -> list[Path]:
    """The project's own Solidity files; ape keeps copies of libraries in contracts/.cache."""
    return sorted(p for p in CONTRACTS.rglob("*.sol") if ".cache" not in p.parts)


def _is_library(unit: str) -> bool:
    return unit.startswith(LIBRARIES)


def _imports(unit: str, content: str) -> Iterator[str]:
    for target in _IMPORT.findall(_COMMENT.sub(" ", content)):
        if target.startswith("."):
            target = os.path.normpath(os.path.join(os.path.dirname(unit), target))
        yield target


def _read(unit: str, importer: str) -> str:
    base = ROOT / "node_modules" if _is_library(unit) else ROOT
    try:
        return (base / unit).read_text(encoding="utf-8")
    except OSError as error:
        raise CompileFault(f"{importer} imports {unit}, which cannot be read: {error}") from None


def collect_sources() -> dict[str, dict[str, str]]:
    """Every source unit reachable from contracts/, under the name it is imported by."""
    pending = [(p.relative_to(ROOT).as_posix(), "the build") for p in source_paths()]
    sources: dict[str, dict[str, str]] = {}
    while pending:
        unit, importer = pending.pop()
        if unit in sources:
            continue
        content = _read(unit, importer)
        sources[unit] = {"content": content}
        pending.extend((target, unit) for target in _imports(unit, content))
    return dict(sorted(sources.items()))


def _own_contracts(output: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(source unit, name) of each contract that can be deployed: no interface, no library."""
    for unit, source in sorted(output["sources"].items()):
        if _is_library(unit):
            continue
        for node in source["ast"]["nodes"]:
            is_contract = node["nodeType"] == "ContractDefinition"
            if is_contract and node["contractKind"] == "contract" and not node["abstract"]:
                yield unit, node["name"]


def copy_used_libraries(sources: dict[str, dict[str, str]]) -> None:
    """Make build/libraries hold exactly the library units among the sources."""
    used = {unit: source["content"] for unit, source in sources.items() if _is_library(unit)}
    present = {
        path.relative_to(USED_LIBRARIES).as_posix(): path.read_text(encoding="utf-8")
        for path in USED_LIBRARIES.rglob("*.sol")
    }
    if used == present:
        return
    # ape would go on with the copies it has made.
    for copies in (USED_LIBRARIES, ROOT / "build" / "ape" / "packages", CONTRACTS / ".cache"):
        shutil.rmtree(copies, ignore_errors=True)
    for library in LIBRARIES:
        (USED_LIBRARIES / library).mkdir(parents=True)
    for unit, content in used.items():
        _write(USED_LIBRARIES / unit, content)


def compile_all(sources: dict[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
    """Compile contracts/; returns name -> {abi, bytecode, deployedBytecode}, hex with 0x.

    Raises CompileFault on errors and on the project's own warnings.
    """
    selection = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]
    standard_input = {
        "language": "Solidity",
        "sources": sources,
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": selection, "": ["ast"]}}},
    }
    try:
        output = solcx.compile_standard(standard_input, solc_version=SOLC_VERSION, allow_empty=True)
    except solcx.exceptions.SolcError as error:
        raise CompileFault(error.message) from None
    warnings = [
        entry["formattedMessage"]
        for entry in output.get("errors", [])
        if not _is_library(entry.get("sourceLocation", {}).get("file", ""))
    ]
    if warnings:
        raise CompileFault("warnings count as errors:\n" + "\n".join(warnings))

    contracts: dict[str, dict[str, Any]] = {}
    for unit, name in _own_contracts(output):
        if name in contracts:
            raise CompileFault(f"{unit}: a second contract has the name {name}")
        compiled = output["contracts"][unit][name]
        evm = compiled["evm"]
        contracts[name] = {
            "contractName": name,
            "sourceName": unit,
            "abi": compiled["abi"],
            "bytecode": "0x" + evm["bytecode"]["object"],
            "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        }
        if "__$" in contracts[name]["bytecode"]:
            raise CompileFault(
                f"{unit}: {name} needs a linked library; make its functions internal"
            )
    return contracts


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def write_artifacts(contracts: dict[str, dict[str, Any]]) -> None:
    for name, artifact in contracts.items():
        _write(ARTIFACTS / f"{name}.json", json.dumps(artifact, indent=1) + "\n")
    for stale in ARTIFACTS.glob("*.json"):
        if stale.stem not in contracts:
            stale.unlink()


def abi_text(contracts: dict[str, dict[str, Any]]) -> str:
    abis = {
        name: artifact["abi"]
        for name, artifact in contracts.items()
        if not artifact["sourceName"].startswith(HARNESSES)
    }
    return json.dumps(abis, indent=1, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if sequencer/l1/abi.json is stale"
    )
    args = parser.parse_args()
    try:
        sources = collect_sources()
        contracts = compile_all(sources)
    except CompileFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    expected = abi_text(contracts)
    actual = ABI_FILE.read_text(encoding="utf-8") if ABI_FILE.exists() else ""
    if args.check:
        if actual != expected:
            print("error: sequencer/l1/abi.json is stale; run make build", file=sys.stderr)
            return 1
        return 0
    copy_used_libraries(sources)
    write_artifacts(contracts)
    if actual != expected:
        _write(ABI_FILE, expected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
