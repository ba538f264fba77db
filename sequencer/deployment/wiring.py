"""Is what stands on L1 what was planned? The questions, and the judgement of the answers. Pure.

A deployment that was interrupted, or whose deployer's nonce moved, leaves contracts that point
at nothing. Reading everything back finds that before anybody bonds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from sequencer.crypto.hashing import keccak
from sequencer.deployment.artifacts import Artifact, abi_types
from sequencer.deployment.plan import (
    SLASHERS,
    Plan,
    data_parameters,
    fallback_parameters,
    floor_parameters,
    inbox_parameters,
    proposers,
    times,
)
from sequencer.errors import LocalFault
from sequencer.types import Address

PROPOSER_ROLE = keccak(b"PROPOSER_ROLE")
ADMIN_ROLE = bytes(32)
"""Roles of OpenZeppelin's TimelockController."""


WIRES = (
    ("ParameterTimelock", "rollups", "RollupRegistry"),
    ("Parameters", "timelock", "ParameterTimelock"),
    ("BondRegistry", "parameters", "Parameters"),
    ("BondRegistry", "ledger", "SlashingLedger"),
    ("Committee", "registry", "BondRegistry"),
    ("InsurancePool", "registry", "BondRegistry"),
    ("InsurancePool", "ledger", "SlashingLedger"),
    ("InsurancePool", "parameters", "Parameters"),
    ("SlashingLedger", "registry", "BondRegistry"),
    ("SlashingLedger", "committee", "Committee"),
    ("SlashingLedger", "insurance", "InsurancePool"),
    ("SlashingLedger", "parameters", "Parameters"),
    ("ForcedInbox", "rollups", "RollupRegistry"),
    ("ForcedInbox", "chain", "CommitmentChain"),
    ("CommitmentChain", "registry", "BondRegistry"),
    ("CommitmentChain", "committee", "Committee"),
    ("CommitmentChain", "inbox", "ForcedInbox"),
    ("EquivocationSlasher", "ledger", "SlashingLedger"),
    ("EquivocationSlasher", "registry", "BondRegistry"),
    ("EquivocationSlasher", "committee", "Committee"),
    ("RollupInbox", "rollups", "RollupRegistry"),
    ("RollupInbox", "chain", "CommitmentChain"),
    ("DataAvailabilityChallenge", "ledger", "SlashingLedger"),
    ("DataAvailabilityChallenge", "registry", "BondRegistry"),
    ("DataAvailabilityChallenge", "committee", "Committee"),
    ("DataAvailabilityChallenge", "chain", "CommitmentChain"),
    ("Participation", "chain", "CommitmentChain"),
    ("InactivitySlasher", "ledger", "SlashingLedger"),
    ("InactivitySlasher", "participation", "Participation"),
    ("RevenueSplitter", "participation", "Participation"),
    ("RevenueSplitter", "insurance", "InsurancePool"),
    ("RevenueSplitter", "rollups", "RollupRegistry"),
    ("SequencingFees", "chain", "CommitmentChain"),
    ("SequencingFees", "rollups", "RollupRegistry"),
    ("SequencingFees", "splitter", "RevenueSplitter"),
    ("SequencingFees", "parameters", "Parameters"),
    ("OrderingSlasher", "ledger", "SlashingLedger"),
    ("OrderingSlasher", "rollups", "RollupRegistry"),
    ("NeglectSlasher", "ledger", "SlashingLedger"),
    ("NeglectSlasher", "inbox", "ForcedInbox"),
    ("PromiseSlasher", "ledger", "SlashingLedger"),
    ("PromiseSlasher", "chain", "CommitmentChain"),
    ("InclusionProofs", "chain", "CommitmentChain"),
)
"""Which contract names which, by the view that says so."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call of a view, and the answer the plan expects."""

    artifact: Artifact
    address: Address
    function: str
    arguments: tuple[Any, ...]
    expected: Any

    def call_data(self) -> bytes:
        return self.artifact.call_data(self.function, self.arguments)

    def check(self, output: bytes) -> None:
        """Raises `LocalFault` unless `output`, what the call returned, is as expected."""
        asked = f"{self.artifact.name} at 0x{self.address.hex()}: {self.function}"
        if not output:
            raise LocalFault(f"{asked} answers nothing: no such contract is there")
        types = abi_types(self.artifact.function(self.function)["outputs"])
        try:
            (actual,) = abi_decode(types, output)
        except (DecodingError, ValueError) as error:
            raise LocalFault(f"{asked} answers {output[:64].hex()}: {error}") from error
        if types == ["address"]:
            actual = bytes.fromhex(actual[2:])
        if actual != self.expected:
            raise LocalFault(f"{asked} is {_text(actual)}, planned was {_text(self.expected)}")


def questions(plan: Plan, artifacts: Mapping[str, Artifact]) -> Iterator[Question]:
    """Everything a constructor was told; true for as long as the contracts stand."""
    at = plan.address
    sizes = plan.parameters.committee
    expected: list[tuple[str, str, tuple[Any, ...], Any]] = [
        ("RollupRegistry", "exitDelaySeconds", (), plan.parameters.rollups.exit_delay_seconds),
        ("ParameterTimelock", "getMinDelay", (), plan.parameters.timelock.delay_seconds),
        ("ParameterTimelock", "marginSeconds", (), plan.parameters.timelock_margin_seconds),
        ("Parameters", "values", (), plan.parameters.initial_values),
        ("BondRegistry", "times", (), times(plan.genesis, plan.parameters)),
        ("BondRegistry", "domainSeparator", (), plan.domain.separator()),
        ("Committee", "minSize", (), sizes.min_size),
        ("Committee", "maxSize", (), sizes.max_size),
        ("ForcedInbox", "parameters", (), inbox_parameters(plan.parameters)),
        ("CommitmentChain", "fallbackParameters", (), fallback_parameters(plan.parameters)),
        ("RollupInbox", "parameters", (), floor_parameters(plan.parameters)),
        ("DataAvailabilityChallenge", "parameters", (), data_parameters(plan.parameters)),
        ("PromiseSlasher", "answerSeconds", (), plan.parameters.data.answer_seconds),
    ]
    expected += [(name, view, (), at(other)) for name, view, other in WIRES]
    expected += [("SlashingLedger", "isSlasher", (at(name),), True) for name in SLASHERS]
    expected += [
        ("ParameterTimelock", "hasRole", (PROPOSER_ROLE, who), True)
        for who in proposers(plan.deployer, plan.parameters)
    ]
    # Nobody administers it but itself (PARAM-1).
    expected.append(("ParameterTimelock", "hasRole", (ADMIN_ROLE, plan.deployer), False))
    for name, function, arguments, answer in expected:
        yield Question(artifacts[name], at(name), function, arguments, answer)


def _text(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
