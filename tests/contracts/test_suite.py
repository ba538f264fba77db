"""Whether the other tests test what they should: every error, and the contracts as they are now"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ARTIFACTS = FOLDER.parent.parent / "build" / "contracts"

# Raised by libraries of others for what these contracts never do; of the timelock, for batches,
# predecessors, roles laid down and calls that fail without a reason.
FOREIGN = {
    "AccessControlBadConfirmation",
    "DeploymentFailed",
    "FailedCall",
    "TimelockInvalidOperationLength",
    "TimelockUnexecutedPredecessor",
}


def test_errors__of_every_contract__are_expected_somewhere(project: Any) -> None:
    sources = "".join(path.read_text("utf-8") for path in FOLDER.glob("test_*.py"))
    errors = {
        error.name
        for contract_type in project.contracts.values()
        if not contract_type.source_id.startswith("contracts/harness/")
        for error in contract_type.errors
    }
    assert len(errors) > 60
    assert {name for name in errors - FOREIGN if f'"{name}"' not in sources} == set()


def test_bytecode__that_ape_deploys__is_the_builds(project: Any) -> None:
    # ape compiles a changed file, but not the files that import it: `rm -r .build` helps.
    for path in sorted(ARTIFACTS.glob("*.json")):
        built = json.loads(path.read_text("utf-8"))["bytecode"]
        assert getattr(project, path.stem).contract_type.deployment_bytecode.bytecode == built
