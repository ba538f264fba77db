"""The deployment file: which contracts, since when, and what all nodes must have alike.

`ape run deploy` writes it; nodes and followers start from it. It holds no secret.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from sequencer.batches.cut import BatchParameters
from sequencer.crypto.digests import Domain
from sequencer.errors import LocalFault
from sequencer.l1.schedule import Schedule
from sequencer.types import Address

VERSION = 2
L1_TRANSACTION_BYTES = 128 << 10
"""What L1's transaction pools take at most (geth's txMaxSize; the others follow it)."""
COMMIT_ROOM_BYTES = 12 << 10
"""For what `commit` carries besides data: 128 signatures, the batch, and the transaction."""

_Positive = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
_Natural = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]


@dataclass(frozen=True, slots=True)
class Contracts:
    """Addresses on L1."""

    rollup_registry: Address
    parameter_timelock: Address
    parameters: Address
    bond_registry: Address
    committee: Address
    insurance_pool: Address
    slashing_ledger: Address
    forced_inbox: Address
    commitment_chain: Address
    equivocation_slasher: Address
    rollup_inbox: Address
    data_availability_challenge: Address
    participation: Address
    inactivity_slasher: Address
    revenue_splitter: Address
    sequencing_fees: Address
    ordering_slasher: Address
    neglect_slasher: Address
    promise_slasher: Address
    inclusion_proofs: Address


@dataclass(frozen=True, slots=True)
class Deployment:
    """Times in seconds, but for `batch_age_ms`."""

    chain_id: int
    start_block: int
    """A block at or before the first event of any of the contracts."""
    contracts: Contracts
    schedule: Schedule
    force_window_seconds: int
    commit_grace_seconds: int
    unbonding_seconds: int
    data_window_seconds: int
    """From the checkpoint that has a batch to the end of its challenges (DATA-6)."""
    data_answer_seconds: int
    """From a challenge to its deadline (DATA-3)."""
    batch_bytes: int
    batch_age_ms: int
    block_bytes: int
    """Longest payload of a block: with it a full batch still fits an L1 transaction."""
    blob_bytes_min: int
    """Shortest batch data that has a blob form too (BATCH-6)."""

    @property
    def domain(self) -> Domain:
        """ENC-1."""
        return Domain(self.chain_id, self.contracts.bond_registry)

    @property
    def slashable_epochs(self) -> int:
        """For how many epochs after its own a vote can still be punished, at least: a member may
        leave with its epoch, whose committee was drawn two epochs before (COMM-1)."""
        return -(-self.unbonding_seconds // self.schedule.epoch_seconds) + 3

    @property
    def batch_parameters(self) -> BatchParameters:
        return BatchParameters(self.batch_bytes, self.batch_age_ms, self.blob_bytes_min)


def max_block_bytes(batch_bytes: int) -> int:
    """The longest payload with which every batch fits an L1 transaction: BATCH-2 ends a batch
    with the block that reaches `batch_bytes`, so its data is shorter than both together."""
    return L1_TRANSACTION_BYTES - COMMIT_ROOM_BYTES - batch_bytes


class _Contracts(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    rollup_registry: _Address
    parameter_timelock: _Address
    parameters: _Address
    bond_registry: _Address
    committee: _Address
    insurance_pool: _Address
    slashing_ledger: _Address
    forced_inbox: _Address
    commitment_chain: _Address
    equivocation_slasher: _Address
    rollup_inbox: _Address
    data_availability_challenge: _Address
    participation: _Address
    inactivity_slasher: _Address
    revenue_splitter: _Address
    sequencing_fees: _Address
    ordering_slasher: _Address
    neglect_slasher: _Address
    promise_slasher: _Address
    inclusion_proofs: _Address


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    chain_id: _Positive
    start_block: _Natural
    contracts: _Contracts
    genesis: _Natural
    epoch_seconds: _Positive
    force_window_seconds: _Positive
    commit_grace_seconds: _Positive
    unbonding_seconds: _Positive
    data_window_seconds: _Positive
    data_answer_seconds: _Positive
    batch_bytes: _Positive
    batch_age_ms: _Positive
    block_bytes: _Positive
    blob_bytes_min: _Positive

    def __post_init__(self) -> None:
        """msgspec reports a ValueError as its own."""
        if self.version != VERSION:
            raise ValueError(f"version {self.version}, this program reads {VERSION}")
        limit = max_block_bytes(self.batch_bytes)
        if self.block_bytes > limit:
            raise ValueError(
                f"block_bytes {self.block_bytes} with batch_bytes {self.batch_bytes} makes batches"
                f" that L1 does not take; at most {limit}"
            )
        addresses = [getattr(self.contracts, name) for name in _Contracts.__struct_fields__]
        if len({address.lower() for address in addresses}) != len(addresses):
            raise ValueError("two contracts have one address")


def load_deployment(path: Path) -> Deployment:
    """Read and check a deployment file; raises `LocalFault` naming the file and the entry."""
    try:
        raw = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise LocalFault(f"deployment {path}: no such file") from error
    except (OSError, msgspec.DecodeError) as error:
        raise LocalFault(f"deployment {path}: {error}") from error
    contracts = Contracts(
        *(
            Address(bytes.fromhex(getattr(raw.contracts, name)[2:]))
            for name in Contracts.__dataclass_fields__
        )
    )
    return Deployment(
        chain_id=raw.chain_id,
        start_block=raw.start_block,
        contracts=contracts,
        schedule=Schedule(raw.genesis, raw.epoch_seconds),
        force_window_seconds=raw.force_window_seconds,
        commit_grace_seconds=raw.commit_grace_seconds,
        unbonding_seconds=raw.unbonding_seconds,
        data_window_seconds=raw.data_window_seconds,
        data_answer_seconds=raw.data_answer_seconds,
        batch_bytes=raw.batch_bytes,
        batch_age_ms=raw.batch_age_ms,
        block_bytes=raw.block_bytes,
        blob_bytes_min=raw.blob_bytes_min,
    )


def save_deployment(deployment: Deployment, path: Path) -> None:
    """Write the file; the same deployment gives the same bytes."""
    contracts = {
        name: "0x" + getattr(deployment.contracts, name).hex()
        for name in Contracts.__dataclass_fields__
    }
    raw = _File(
        version=VERSION,
        chain_id=deployment.chain_id,
        start_block=deployment.start_block,
        contracts=_Contracts(**contracts),
        genesis=deployment.schedule.genesis,
        epoch_seconds=deployment.schedule.epoch_seconds,
        force_window_seconds=deployment.force_window_seconds,
        commit_grace_seconds=deployment.commit_grace_seconds,
        unbonding_seconds=deployment.unbonding_seconds,
        data_window_seconds=deployment.data_window_seconds,
        data_answer_seconds=deployment.data_answer_seconds,
        batch_bytes=deployment.batch_bytes,
        batch_age_ms=deployment.batch_age_ms,
        block_bytes=deployment.block_bytes,
        blob_bytes_min=deployment.blob_bytes_min,
    )
    path.write_bytes(msgspec.json.format(msgspec.json.encode(raw), indent=2) + b"\n")
