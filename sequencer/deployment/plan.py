"""What is created, in which order, at which address, with which arguments. Pure.

The contracts refer to each other in two circles (the registry names its slashers, the inbox its
chain), so addresses are computed from the deployer's nonce before anything is sent; the
constructors check that the circles close.
"""

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
    "BondRegistry",
    "Committee",
    "ForcedInbox",
    "CommitmentChain",
    "EquivocationSlasher",
    "RollupInbox",
    "DataAvailabilityChallenge",
)
"""In the order of creation: a constructor may call what stands before it."""


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
    arguments = _arguments(at, genesis, parameters)
    creations = tuple(
        Creation(name, first_nonce + i, at[name], arguments[name])
        for i, name in enumerate(CONTRACTS)
    )
    return Plan(chain_id, deployer, genesis, parameters, creations)


def bond_parameters(genesis: int, parameters: Parameters) -> tuple[int, ...]:
    """`BondParameters`, in the order of the struct."""
    bond = parameters.bond
    return (
        bond.min_bond_wei,
        genesis,
        bond.epoch_seconds,
        bond.unbonding_seconds,
        bond.commit_grace_seconds,
        bond.evidence_seconds,
        bond.slash_bps,
        bond.reward_bps,
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


def _arguments(
    at: Mapping[str, Address], genesis: int, parameters: Parameters
) -> dict[str, tuple[Any, ...]]:
    registry, committee = at["BondRegistry"], at["Committee"]
    sizes = parameters.committee
    return {
        "RollupRegistry": (parameters.rollups.exit_delay_seconds,),
        "BondRegistry": (
            bond_parameters(genesis, parameters),
            [at["EquivocationSlasher"], at["DataAvailabilityChallenge"]],
        ),
        "Committee": (registry, sizes.min_size, sizes.max_size),
        "ForcedInbox": (
            at["RollupRegistry"],
            at["CommitmentChain"],
            inbox_parameters(parameters),
        ),
        "CommitmentChain": (
            registry,
            committee,
            at["ForcedInbox"],
            fallback_parameters(parameters),
        ),
        "EquivocationSlasher": (registry, committee),
        "RollupInbox": (
            at["RollupRegistry"],
            at["CommitmentChain"],
            floor_parameters(parameters),
        ),
        "DataAvailabilityChallenge": (
            registry,
            at["CommitmentChain"],
            data_parameters(parameters),
        ),
    }


def deployment_of(plan: Plan, start_block: int) -> Deployment:
    """What the deployment file says of a plan that was carried out from `start_block` on."""
    at, bond, network = plan.address, plan.parameters.bond, plan.parameters.network
    data = plan.parameters.data
    return Deployment(
        chain_id=plan.chain_id,
        start_block=start_block,
        contracts=Contracts(
            rollup_registry=at("RollupRegistry"),
            bond_registry=at("BondRegistry"),
            committee=at("Committee"),
            forced_inbox=at("ForcedInbox"),
            commitment_chain=at("CommitmentChain"),
            equivocation_slasher=at("EquivocationSlasher"),
            rollup_inbox=at("RollupInbox"),
            data_availability_challenge=at("DataAvailabilityChallenge"),
        ),
        schedule=Schedule(plan.genesis, bond.epoch_seconds),
        force_window_seconds=plan.parameters.inbox.force_window_seconds,
        commit_grace_seconds=bond.commit_grace_seconds,
        unbonding_seconds=bond.unbonding_seconds,
        data_window_seconds=data.window_seconds,
        data_answer_seconds=data.answer_seconds,
        batch_bytes=network.batch_bytes,
        batch_age_ms=network.batch_age_ms,
        block_bytes=network.block_bytes,
        blob_bytes_min=network.blob_bytes_min,
    )


def init_codes(plan: Plan, artifacts: Mapping[str, Artifact]) -> tuple[bytes, ...]:
    """The data of the creating transactions, in the order of `plan.creations`."""
    return tuple(artifacts[c.name].init_code(c.arguments) for c in plan.creations)
