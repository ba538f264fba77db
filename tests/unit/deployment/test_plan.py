"""The plan of a deployment: addresses, order, arguments, and the reading back."""

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_abi.abi import encode

from sequencer.deployment.artifacts import Artifact, abi_types
from sequencer.deployment.economy import PARAMETER_NAMES
from sequencer.deployment.parameters import PARAMETER_SETS, TimelockSection
from sequencer.deployment.plan import (
    CONTRACTS,
    SLASHERS,
    Plan,
    create_address,
    deployment_of,
    init_codes,
    plan_deployment,
    proposers,
)
from sequencer.deployment.wiring import Question, questions
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


@pytest.fixture(scope="module")
def artifacts() -> Mapping[str, Artifact]:
    """The committed ABIs; the bytecode is the name."""
    text = resources.files("sequencer.l1").joinpath("abi.json").read_text(encoding="utf-8")
    abis = json.loads(text)
    return {name: Artifact(name, tuple(abis[name]), name.encode()) for name in CONTRACTS}


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
    assert [c.nonce for c in plan.creations] == list(range(127, 127 + len(CONTRACTS)))
    assert [c.address for c in plan.creations] == [
        create_address(DEPLOYER, nonce) for nonce in range(127, 127 + len(CONTRACTS))
    ]


def test_constructors_call_only_what_stands_before_them() -> None:
    """Those named first read their arguments at once."""
    order = {name: position for position, name in enumerate(CONTRACTS)}
    for caller, called in [
        ("ParameterTimelock", "RollupRegistry"),
        ("Committee", "BondRegistry"),
        ("InsurancePool", "BondRegistry"),
        ("SlashingLedger", "Committee"),
        ("SlashingLedger", "InsurancePool"),
        ("CommitmentChain", "Committee"),
        ("CommitmentChain", "ForcedInbox"),
        ("EquivocationSlasher", "SlashingLedger"),
        ("RollupInbox", "CommitmentChain"),
        ("DataAvailabilityChallenge", "SlashingLedger"),
        ("DataAvailabilityChallenge", "CommitmentChain"),
        ("Participation", "CommitmentChain"),
        ("InactivitySlasher", "Participation"),
        ("RevenueSplitter", "Participation"),
        ("SequencingFees", "CommitmentChain"),
        ("SequencingFees", "RevenueSplitter"),
    ]:
        assert order[called] < order[caller]


def test_the_circles_close() -> None:
    plan = make_plan()
    arguments = {c.name: c.arguments for c in plan.creations}
    assert arguments["BondRegistry"][1:] == (
        plan.address("Parameters"),
        plan.address("SlashingLedger"),
    )
    assert arguments["SlashingLedger"][2] == [plan.address(name) for name in SLASHERS]
    assert arguments["Parameters"][0] == plan.address("ParameterTimelock")
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
    assert arguments["BondRegistry"][0][0] == GENESIS


def test_the_deployer_proposes_unless_others_are_named() -> None:
    plan, other = make_plan(), "0x" + "77" * 20
    assert plan.creations[1].arguments[3] == [DEPLOYER]
    timelock = TimelockSection(delay_seconds=720, proposers=(other,))
    named = msgspec.structs.replace(PARAMETER_SETS["devnet"], timelock=timelock)
    assert proposers(DEPLOYER, named) == [bytes.fromhex(other[2:])]


def test_parameters__are_those_of_the_contract_in_its_order() -> None:
    """The enum has no ABI: its values are read from the source."""
    source = Path("contracts/interfaces/IParameters.sol").read_text(encoding="utf-8")
    found = re.search(r"enum Parameter \{(.*?)\}", source, re.DOTALL)
    assert found is not None
    assert tuple(re.findall(r"\w+", found[1])) == PARAMETER_NAMES


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
    creation = next(c for c in plan.creations if c.name == "Committee")
    plain = Plan(plan.chain_id, DEPLOYER, GENESIS, plan.parameters, (creation,))
    registry = plan.address("BondRegistry")
    assert init_codes(plain, with_constructor) == (
        b"\x60\x01" + encode(["address", "uint8", "uint8"], [registry, 3, 100]),
    )


def answers(plan: Plan, artifacts: Mapping[str, Artifact]) -> list[tuple[Question, bytes]]:
    """What contracts that are as planned would say."""
    return [
        (question, _encoded(question, question.expected)) for question in questions(plan, artifacts)
    ]


def _encoded(question: Question, answer: Any) -> bytes:
    return encode(abi_types(question.artifact.function(question.function)["outputs"]), [answer])


def _otherwise(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, tuple):
        return (_otherwise(value[0]), *value[1:])
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    return not value if isinstance(value, bool) else value + 1


def test_wiring__as_planned(artifacts: Mapping[str, Artifact]) -> None:
    for question, output in answers(make_plan(), artifacts):
        question.check(output)


def test_wiring__every_contract_is_asked(artifacts: Mapping[str, Artifact]) -> None:
    assert {q.artifact.name for q in questions(make_plan(), artifacts)} == set(CONTRACTS)


def test_wiring__every_other_answer_is_refused(artifacts: Mapping[str, Artifact]) -> None:
    for question in questions(make_plan(), artifacts):
        with pytest.raises(LocalFault, match=f"{question.artifact.name} at 0x.*planned was"):
            question.check(_encoded(question, _otherwise(question.expected)))


@pytest.mark.parametrize(
    ("output", "complaint"), [(b"", "no such contract"), (b"\1", "answers 01")]
)
def test_wiring__no_answer(
    artifacts: Mapping[str, Artifact], output: bytes, complaint: str
) -> None:
    question = next(questions(make_plan(), artifacts))
    with pytest.raises(LocalFault, match=complaint):
        question.check(output)
