"""The plan of a deployment: addresses, order, arguments, and the reading back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from sequencer.deployment.artifacts import Artifact
from sequencer.deployment.parameters import PARAMETER_SETS
from sequencer.deployment.plan import (
    CONTRACTS,
    Plan,
    create_address,
    deployment_of,
    init_codes,
    plan_deployment,
)
from sequencer.deployment.wiring import questions
from sequencer.errors import LocalFault
from sequencer.l1.deployment import load_deployment, save_deployment
from sequencer.types import Address

DEPLOYER = Address(bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"))
GENESIS = 1_800_000_000


def make_plan(first_nonce: int = 0) -> Plan:
    return plan_deployment(
        chain_id=31337,
        deployer=DEPLOYER,
        first_nonce=first_nonce,
        genesis=GENESIS,
        parameters=PARAMETER_SETS["devnet"],
    )


def view(name: str, inputs: list[str], output: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "inputs": [{"name": "", "type": kind} for kind in inputs],
        "outputs": [{"name": "", "type": output}],
    }


@pytest.fixture
def artifacts() -> Mapping[str, Artifact]:
    """Every view that is asked, without a compiler."""
    structs = {
        "BondRegistry": ("parameters", 8),
        "ForcedInbox": ("parameters", 7),
        "CommitmentChain": ("fallbackParameters", 3),
        "RollupInbox": ("parameters", 3),
        "DataAvailabilityChallenge": ("parameters", 2),
    }

    def parameters(name: str, count: int) -> dict[str, Any]:
        entry = view(name, [], "tuple")
        entry["outputs"][0]["components"] = [{"name": "", "type": "uint256"}] * count
        return entry

    views: dict[str, tuple[dict[str, Any], ...]] = {
        "RollupRegistry": (view("exitDelaySeconds", [], "uint64"),),
        "BondRegistry": (
            view("isSlasher", ["address"], "bool"),
            view("domainSeparator", [], "bytes32"),
        ),
        "Committee": (
            view("registry", [], "address"),
            view("minSize", [], "uint8"),
            view("maxSize", [], "uint8"),
        ),
        "ForcedInbox": (view("rollups", [], "address"), view("chain", [], "address")),
        "CommitmentChain": (
            view("registry", [], "address"),
            view("committee", [], "address"),
            view("inbox", [], "address"),
        ),
        "EquivocationSlasher": (
            view("registry", [], "address"),
            view("committee", [], "address"),
        ),
        "RollupInbox": (view("rollups", [], "address"), view("chain", [], "address")),
        "DataAvailabilityChallenge": tuple(
            view(name, [], "address") for name in ("registry", "committee", "chain")
        ),
    }
    return {
        name: Artifact(
            name,
            entries + ((parameters(*structs[name]),) if name in structs else ()),
            name.encode(),
        )
        for name, entries in views.items()
    }


@pytest.mark.parametrize(
    ("nonce", "expected"),
    [
        (0, "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"),
        (1, "343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
        (2, "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
        (3, "fffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c"),
    ],
)
def test_create_address__known_vectors(nonce: int, expected: str) -> None:
    assert create_address(DEPLOYER, nonce).hex() == expected


def test_addresses_follow_the_nonce() -> None:
    plan = make_plan(first_nonce=127)
    assert [c.name for c in plan.creations] == list(CONTRACTS)
    assert [c.nonce for c in plan.creations] == list(range(127, 135))
    assert [c.address for c in plan.creations] == [
        create_address(DEPLOYER, nonce) for nonce in range(127, 135)
    ]


def test_constructors_call_only_what_stands_before_them() -> None:
    """Those named first read their arguments at once."""
    order = {name: position for position, name in enumerate(CONTRACTS)}
    for caller, called in [
        ("Committee", "BondRegistry"),
        ("CommitmentChain", "Committee"),
        ("CommitmentChain", "ForcedInbox"),
        ("EquivocationSlasher", "BondRegistry"),
        ("EquivocationSlasher", "Committee"),
        ("RollupInbox", "CommitmentChain"),
        ("DataAvailabilityChallenge", "CommitmentChain"),
    ]:
        assert order[called] < order[caller]


def test_the_circles_close() -> None:
    plan = make_plan()
    arguments = {c.name: c.arguments for c in plan.creations}
    slashers = ("EquivocationSlasher", "DataAvailabilityChallenge")
    assert arguments["BondRegistry"][1] == [plan.address(name) for name in slashers]
    assert arguments["ForcedInbox"][1] == plan.address("CommitmentChain")
    assert arguments["CommitmentChain"] == (
        plan.address("BondRegistry"),
        plan.address("Committee"),
        plan.address("ForcedInbox"),
        (60, 60, 20),
    )
    assert arguments["RollupInbox"][:2] == (
        plan.address("RollupRegistry"),
        plan.address("CommitmentChain"),
    )
    assert arguments["BondRegistry"][0][1] == GENESIS


def test_deployment_file_says_what_was_planned(tmp_path: Path) -> None:
    plan = make_plan()
    path = tmp_path / "deployment.json"
    save_deployment(deployment_of(plan, start_block=7), path)
    deployment = load_deployment(path)
    assert deployment.start_block == 7
    assert deployment.domain == plan.domain
    assert deployment.schedule.genesis == GENESIS
    for name in CONTRACTS:
        field = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
        assert getattr(deployment.contracts, field) == plan.address(name)


def test_init_codes__bytecode_then_arguments(artifacts: Mapping[str, Artifact]) -> None:
    plan = make_plan()
    constructor = {
        "type": "constructor",
        "inputs": [{"name": "", "type": kind} for kind in ("address", "uint8", "uint8")],
    }
    with_constructor = {
        **{name: Artifact(name, (), b"") for name in CONTRACTS},
        "Committee": Artifact("Committee", (constructor,), b"\x60\x01"),
    }
    plain = Plan(plan.chain_id, DEPLOYER, GENESIS, plan.parameters, (plan.creations[2],))
    registry = plan.address("BondRegistry")
    assert init_codes(plain, with_constructor) == (
        b"\x60\x01" + encode(["address", "uint8", "uint8"], [registry, 3, 100]),
    )


def answers(plan: Plan, artifacts: Mapping[str, Artifact]) -> list[tuple[Any, bytes]]:
    """What contracts that are as planned would say."""
    found = []
    for question in questions(plan, artifacts):
        entry = question.artifact.function(question.function)["outputs"][0]
        expected = question.expected
        count = len(entry.get("components", ()))
        kind = f"({','.join(['uint256'] * count)})" if count else entry["type"]
        found.append((question, encode([kind], [expected])))
    return found


def test_wiring__as_planned(artifacts: Mapping[str, Artifact]) -> None:
    asked = answers(make_plan(), artifacts)
    assert len(asked) == 24
    for question, output in asked:
        question.check(output)


def test_wiring__every_other_answer_is_refused(artifacts: Mapping[str, Artifact]) -> None:
    """A deployment by another account answers otherwise wherever an address is asked for."""
    other = Plan(31337, DEPLOYER, GENESIS + 1, PARAMETER_SETS["demo"], make_plan(9).creations)
    wrong = {q.function: output for q, output in answers(other, artifacts)}
    for question, output in answers(make_plan(), artifacts):
        if question.function in ("isRegistered", "isSlasher", "minSize", "maxSize"):
            output = encode(
                ["uint256"], [{"isSlasher": 0, "isRegistered": 1}.get(question.function, 77)]
            )
        elif question.function in ("parameters", "domainSeparator"):
            output = bytes(len(output))
        else:
            output = wrong[question.function]
        with pytest.raises(LocalFault, match=f"{question.artifact.name} at 0x.*planned was"):
            question.check(output)


@pytest.mark.parametrize(
    ("output", "complaint"), [(b"", "no such contract"), (b"\1", "answers 01")]
)
def test_wiring__no_answer(
    artifacts: Mapping[str, Artifact], output: bytes, complaint: str
) -> None:
    question = next(questions(make_plan(), artifacts))
    with pytest.raises(LocalFault, match=complaint):
        question.check(output)
