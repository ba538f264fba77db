"""What a deployment fixes for ever: the constructor parameters and what all nodes share.

Named sets for networks on one machine, and a reader for a set of one's own (TOML). The contracts
check every relation between them again; here they are checked so that a mistake costs no gas.
"""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from sequencer.deployment.economy import (
    GWEI,
    PARAMETER_NAMES,
    FeesSection,
    InsuranceSection,
    SlashingSection,
    StakeSection,
    WorkSection,
)
from sequencer.errors import LocalFault
from sequencer.l1.deployment import L1_TRANSACTION_BYTES, max_block_bytes
from sequencer.types import MAX_MEMBERS

_Seconds = Annotated[int, msgspec.Meta(ge=1, le=10 * 365 * 86_400)]
_Wei = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Size = Annotated[int, msgspec.Meta(ge=1, le=MAX_MEMBERS)]


class TimesSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`Times` of `IBondRegistry`, without the genesis."""

    epoch_seconds: _Seconds
    unbonding_seconds: _Seconds
    commit_grace_seconds: _Seconds
    evidence_seconds: _Seconds


class TimelockSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Who may propose that a parameter changes, and how long before it does (PARAM-1). Without
    proposers the deployer is the only one."""

    delay_seconds: _Seconds
    proposers: tuple[Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")], ...] = ()


class CommitteeSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Sizes of the committee (COMM-2, COMM-3)."""

    min_size: _Size
    max_size: _Size


class InboxSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`InboxParameters` of `IForcedInbox`."""

    force_window_seconds: _Seconds
    max_bytes: Annotated[int, msgspec.Meta(ge=1, le=128 << 10)] = 32 << 10
    max_gas: Annotated[int, msgspec.Meta(ge=21_000, le=2**63 - 1)] = 2_000_000
    base_fee_wei: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] = 20_000 * GWEI
    wei_per_byte: _Wei = 16 * GWEI
    wei_per_gas: _Wei = GWEI // 100
    congestion_target: Annotated[int, msgspec.Meta(ge=1, le=2**32 - 1)] = 64


class RollupsSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How long a rollup's owner announces a change of who orders it (ROLL-3)."""

    exit_delay_seconds: _Seconds


class FallbackSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`FallbackParameters` of `ICommitmentChain` and `FloorParameters` of `IRollupInbox`."""

    liveness_seconds: _Seconds
    overdue_seconds: _Seconds
    tail_seconds: _Seconds
    floor_wei: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] = 20_000 * GWEI
    floor_wei_per_byte: _Wei = 16 * GWEI
    floor_wei_per_blob_byte: _Wei = GWEI


class DataSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`DataParameters` of `IDataAvailabilityChallenge`."""

    window_seconds: _Seconds
    answer_seconds: _Seconds


class NetworkSection(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What no contract knows but all nodes must have alike (BATCH-2, BLOCK-5)."""

    batch_bytes: Annotated[int, msgspec.Meta(ge=1_024, le=L1_TRANSACTION_BYTES)] = 64 << 10
    batch_age_ms: Annotated[int, msgspec.Meta(ge=100, le=3_600_000)] = 4_000
    block_bytes: Annotated[int, msgspec.Meta(ge=1_024, le=L1_TRANSACTION_BYTES)] = 52 << 10
    blob_bytes_min: Annotated[int, msgspec.Meta(ge=1, le=2**53)] = 16 << 10

    def __post_init__(self) -> None:
        """A full batch must fit an L1 transaction; msgspec reports a ValueError with its place."""
        limit = max_block_bytes(self.batch_bytes)
        if self.block_bytes > limit:
            raise ValueError(
                f"block_bytes {self.block_bytes} with batch_bytes {self.batch_bytes} makes batches"
                f" that L1 does not take; at most {limit}"
            )


class Parameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One deployment. `genesis_delay_seconds`: from the deployment to epoch 0, the time that
    operators have to bond (COMM-1)."""

    genesis_delay_seconds: _Seconds
    times: TimesSection
    stake: StakeSection
    slashing: SlashingSection
    insurance: InsuranceSection = InsuranceSection()
    work: WorkSection = WorkSection()
    fees: FeesSection
    timelock: TimelockSection
    committee: CommitteeSection
    inbox: InboxSection
    rollups: RollupsSection
    fallback: FallbackSection
    data: DataSection
    network: NetworkSection = NetworkSection()

    def __post_init__(self) -> None:
        """TIME-4, DATA-7, PARAM-1, and the order of the sizes."""
        times = self.times
        least = 3 * times.epoch_seconds + times.commit_grace_seconds + times.evidence_seconds
        if times.unbonding_seconds < least:
            raise ValueError(
                f"unbonding_seconds {times.unbonding_seconds} is below {least}:"
                " three times the epoch, the commit grace and the evidence window (TIME-4)"
            )
        longest = self.data.window_seconds + self.data.answer_seconds
        if longest >= times.evidence_seconds:
            raise ValueError(
                f"window_seconds and answer_seconds of the held data are {longest} together, not"
                f" below evidence_seconds {times.evidence_seconds} (DATA-7)"
            )
        least = self.rollups.exit_delay_seconds + self.timelock_margin_seconds
        if self.timelock.delay_seconds < least:
            raise ValueError(
                f"delay_seconds {self.timelock.delay_seconds} of the timelock is below {least}:"
                " a rollup's exit or the unbonding, whichever is longer, and two epochs (PARAM-1)"
            )
        if self.committee.min_size > self.committee.max_size:
            raise ValueError(
                f"min_size {self.committee.min_size} is above max_size {self.committee.max_size}"
            )

    @property
    def timelock_margin_seconds(self) -> int:
        """By how much the timelock's delay is above a rollup's exit, at least: whoever leaves with
        what is staked when a change is announced is gone before it (PARAM-1)."""
        beyond_exit = self.times.unbonding_seconds - self.rollups.exit_delay_seconds
        return max(0, beyond_exit) + 2 * self.times.epoch_seconds

    @property
    def initial_values(self) -> tuple[int, ...]:
        """Of the parameters that may change, in the order of `Parameter`."""
        sections = (self.stake, self.slashing, self.insurance, self.work, self.fees)
        values = dict(pair for section in sections for pair in section.values())
        return tuple(values[name] for name in PARAMETER_NAMES)


_COMMITTEE = CommitteeSection(min_size=3, max_size=100)

PARAMETER_SETS = {
    # A person watches: long enough to read along, short enough to see an epoch change.
    "devnet": Parameters(
        genesis_delay_seconds=120,
        times=TimesSection(
            epoch_seconds=60,
            commit_grace_seconds=120,
            evidence_seconds=300,
            unbonding_seconds=600,
        ),
        stake=StakeSection(min_bond_gwei=GWEI),
        slashing=SlashingSection(jail_seconds=180),
        fees=FeesSection(notice_seconds=300),
        timelock=TimelockSection(delay_seconds=720),
        committee=_COMMITTEE,
        inbox=InboxSection(force_window_seconds=30),
        rollups=RollupsSection(exit_delay_seconds=60),
        fallback=FallbackSection(liveness_seconds=60, overdue_seconds=60, tail_seconds=20),
        data=DataSection(window_seconds=120, answer_seconds=40),
    ),
    # A program watches: every deadline within half a minute.
    "demo": Parameters(
        genesis_delay_seconds=60,
        times=TimesSection(
            epoch_seconds=20,
            commit_grace_seconds=60,
            evidence_seconds=120,
            unbonding_seconds=240,
        ),
        stake=StakeSection(min_bond_gwei=GWEI),
        slashing=SlashingSection(jail_seconds=60),
        work=WorkSection(min_commits=4),
        fees=FeesSection(notice_seconds=60),
        timelock=TimelockSection(delay_seconds=280),
        committee=_COMMITTEE,
        inbox=InboxSection(force_window_seconds=20),
        rollups=RollupsSection(exit_delay_seconds=30),
        fallback=FallbackSection(liveness_seconds=30, overdue_seconds=30, tail_seconds=10),
        data=DataSection(window_seconds=60, answer_seconds=20),
        network=NetworkSection(batch_age_ms=2_000),
    ),
}


def load_parameters(name_or_path: str) -> Parameters:
    """A named set, or one's own from a TOML file; raises `LocalFault` naming the entry."""
    if name_or_path in PARAMETER_SETS:
        return PARAMETER_SETS[name_or_path]
    path = Path(name_or_path)
    if not path.exists():
        known = ", ".join(PARAMETER_SETS)
        raise LocalFault(f"parameters {name_or_path!r}: neither a named set ({known}) nor a file")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(raw, Parameters)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LocalFault(f"parameters {path}: {error}") from error
    except msgspec.ValidationError as error:
        raise LocalFault(f"parameters {path}: {error}") from error
