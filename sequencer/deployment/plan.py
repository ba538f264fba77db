"""What is created, in which order, at which address, with which arguments. Pure.

The contracts refer to each other in circles (the registry names its ledger, the ledger its
slashers, the inbox its chain), so addresses are computed from the deployer's nonce before
anything is sent; the constructors check that the circles close.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rlp

from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.deployment.artifacts import Artifact
from sequencer.deployment.parameters import Parameters
from sequencer.l1.deployment import Contracts, Deployment
from sequencer.l1.schedule import Schedule
from sequencer.types import Address

CONTRACTS = (
    "RollupRegistry",
    "ParameterTimelock",
    "Parameters",
    "BondRegistry",
    "Committee",
    "InsurancePool",
    "SlashingLedger",
    "ForcedInbox",
    "CommitmentChain",
    "EquivocationSlasher",
    "RollupInbox",
    "DataAvailabilityChallenge",
    "Participation",
    "InactivitySlasher",
    "RevenueSplitter",
    "SequencingFees",
    "OrderingSlasher",
    "NeglectSlasher",
    "PromiseSlasher",
    "InclusionProofs",
)
"""In the order of creation: a constructor may call what stands before it."""

SLASHERS = (
    "EquivocationSlasher",
    "DataAvailabilityChallenge",
    "InactivitySlasher",
    "OrderingSlasher",
    "NeglectSlasher",
    "PromiseSlasher",
)
"""Who may have an operator slashed (LEDGER-1)."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One contract to create."""

    name: str
    nonce: int
    address: Address
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole deployment; `genesis` in seconds."""

    chain_id: int
    deployer: Address
    genesis: int
    parameters: Parameters
    creations: tuple[Creation, ...]

    def address(self, name: str) -> Address:
        return next(creation.address for creation in self.creations if creation.name == name)

    @property
    def domain(self) -> Domain:
        """ENC-1."""
        return Domain(self.chain_id, self.address("BondRegistry"))


def create_address(deployer: Address, nonce: int) -> Address:
    """Where a contract created by `deployer` at `nonce` will be (yellow paper, 7)."""
    return Address(keccak(rlp.encode([deployer, nonce]))[12:])


def plan_deployment(
    *, chain_id: int, deployer: Address, first_nonce: int, genesis: int, parameters: Parameters
) -> Plan:
    """The plan of a deployer whose next nonce is `first_nonce`."""
    at = {name: create_address(deployer, first_nonce + i) for i, name in enumerate(CONTRACTS)}
    arguments = _arguments(at, deployer, genesis, parameters)
    creations = tuple(
        Creation(name, first_nonce + i, at[name], arguments[name])
        for i, name in enumerate(CONTRACTS)
    )
    return Plan(chain_id, deployer, genesis, parameters, creations)


def times(genesis: int, parameters: Parameters) -> tuple[int, ...]:
    """`Times`, in the order of the struct."""
    found = parameters.times
    return (
        genesis,
        found.epoch_seconds,
        found.unbonding_seconds,
        found.commit_grace_seconds,
        found.evidence_seconds,
    )


def inbox_parameters(parameters: Parameters) -> tuple[int, ...]:
    """`InboxParameters`, in the order of the struct."""
    inbox = parameters.inbox
    return (
        inbox.force_window_seconds,
        inbox.max_bytes,
        inbox.max_gas,
        inbox.base_fee_wei,
        inbox.wei_per_byte,
        inbox.wei_per_gas,
        inbox.congestion_target,
    )


def fallback_parameters(parameters: Parameters) -> tuple[int, ...]:
    """`FallbackParameters`, in the order of the struct."""
    fallback = parameters.fallback
    return (fallback.liveness_seconds, fallback.overdue_seconds, fallback.tail_seconds)


def floor_parameters(parameters: Parameters) -> tuple[int, ...]:
    """`FloorParameters`, in the order of the struct."""
    fallback = parameters.fallback
    return (
        fallback.floor_wei,
        fallback.floor_wei_per_byte,
        fallback.floor_wei_per_blob_byte,
    )


def data_parameters(parameters: Parameters) -> tuple[int, ...]:
    """`DataParameters`, in the order of the struct."""
    return (parameters.data.window_seconds, parameters.data.answer_seconds)


def proposers(plan_deployer: Address, parameters: Parameters) -> list[Address]:
    """Who may propose that a parameter changes."""
    named = [Address(bytes.fromhex(text[2:])) for text in parameters.timelock.proposers]
    return named or [plan_deployer]


def _arguments(
    at: Mapping[str, Address], deployer: Address, genesis: int, parameters: Parameters
) -> dict[str, tuple[Any, ...]]:
    registry, committee, chain = at["BondRegistry"], at["Committee"], at["CommitmentChain"]
    rollups, ledger, insurance = at["RollupRegistry"], at["SlashingLedger"], at["InsurancePool"]
    sizes = parameters.committee
    return {
        "RollupRegistry": (parameters.rollups.exit_delay_seconds,),
        "ParameterTimelock": (
            parameters.timelock.delay_seconds,
            parameters.timelock_margin_seconds,
            rollups,
            proposers(deployer, parameters),
        ),
        "Parameters": (at["ParameterTimelock"], parameters.initial_values),
        "BondRegistry": (times(genesis, parameters), at["Parameters"], ledger),
        "Committee": (registry, sizes.min_size, sizes.max_size),
        "InsurancePool": (registry, ledger),
        "SlashingLedger": (committee, insurance, [at[name] for name in SLASHERS]),
        "ForcedInbox": (rollups, chain, inbox_parameters(parameters)),
        "CommitmentChain": (
            registry,
            committee,
            at["ForcedInbox"],
            fallback_parameters(parameters),
        ),
        "EquivocationSlasher": (ledger,),
        "RollupInbox": (rollups, chain, floor_parameters(parameters)),
        "DataAvailabilityChallenge": (ledger, chain, data_parameters(parameters)),
        "Participation": (chain,),
        "InactivitySlasher": (ledger, at["Participation"]),
        "RevenueSplitter": (at["Participation"], rollups),
        "SequencingFees": (chain, at["RevenueSplitter"]),
        "OrderingSlasher": (ledger, rollups),
        "NeglectSlasher": (ledger, at["ForcedInbox"]),
        "PromiseSlasher": (ledger, chain, parameters.data.answer_seconds),
        "InclusionProofs": (chain,),
    }


def deployment_of(plan: Plan, start_block: int) -> Deployment:
    """What the deployment file says of a plan that was carried out from `start_block` on."""
    network, data = plan.parameters.network, plan.parameters.data
    return Deployment(
        chain_id=plan.chain_id,
        start_block=start_block,
        contracts=Contracts(**{snake_case(name): plan.address(name) for name in CONTRACTS}),
        schedule=Schedule(plan.genesis, plan.parameters.times.epoch_seconds),
        force_window_seconds=plan.parameters.inbox.force_window_seconds,
        commit_grace_seconds=plan.parameters.times.commit_grace_seconds,
        unbonding_seconds=plan.parameters.times.unbonding_seconds,
        data_window_seconds=data.window_seconds,
        data_answer_seconds=data.answer_seconds,
        batch_bytes=network.batch_bytes,
        batch_age_ms=network.batch_age_ms,
        block_bytes=network.block_bytes,
        blob_bytes_min=network.blob_bytes_min,
    )


def snake_case(name: str) -> str:
    """A contract's name as the deployment has it: `bond_registry`."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


def init_codes(plan: Plan, artifacts: Mapping[str, Artifact]) -> tuple[bytes, ...]:
    """The data of the creating transactions, in the order of `plan.creations`."""
    return tuple(artifacts[c.name].init_code(c.arguments) for c in plan.creations)
