"""No error without a test: each custom error of the contracts is named in a test of this folder"""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Raised by libraries of others for what these contracts never do.
FOREIGN = {"CheckpointUnorderedInsertion", "DeploymentFailed"}


def test_errors__of_every_contract__are_expected_somewhere(project: Any) -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    errors = {
        error.name
        for contract_type in project.contracts.values()
        if not contract_type.source_id.startswith("contracts/harness/")
        for error in contract_type.errors
    }
    assert len(errors) > 60
    assert {name for name in errors - FOREIGN if f'"{name}"' not in sources} == set()
