"""The numbers that may change later (PARAM-1), as a deployment begins with them.

Amounts of ether are in gwei here, as TOML has integers of 64 bits only. Bounds are those of
`Parameters.sol` (PARAM-2).
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec

GWEI = 10**9
BPS = 10_000
YEAR_SECONDS = 365 * 86_400
_GREATEST_GWEI = 10_000_000 * GWEI

PARAMETER_NAMES = (
    "MIN_BOND_WEI",
    "MIN_DELEGATION_WEI",
    "MAX_COMMISSION_BPS",
    "MAX_COMMISSION_RISE_BPS",
    "OPERATOR_CAP_BPS",
    "EQUIVOCATION_BASE_BPS",
    "DATA_BASE_BPS",
    "INACTIVITY_BASE_BPS",
    "ORDERING_BASE_BPS",
    "PROMISE_BASE_BPS",
    "NEGLECT_BASE_BPS",
    "CORRELATION_BPS",
    "JAIL_SECONDS",
    "REWARD_BPS",
    "VICTIM_BPS",
    "INSURANCE_BPS",
    "CLAIM_CAP_WEI",
    "PERIOD_CAP_WEI",
    "FLOOR_BPS",
    "MIN_COMMITS",
    "ROLLUPS_SHARE_BPS",
    "INSURANCE_SHARE_BPS",
    "FEE_WEI_PER_BYTE",
    "NOTICE_SECONDS",
)
"""`Parameter` of `IParameters`, in its order."""


class _Section(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Every field is a parameter, by its name in small letters; gwei stand for wei."""

    def values(self) -> Iterator[tuple[str, int]]:
        """Names and values as L1 has them."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if field.endswith("_gwei"):
                yield field.removesuffix("_gwei").upper() + "_WEI", value * GWEI
            else:
                yield field.upper(), value


class StakeSection(_Section, frozen=True, kw_only=True):
    """What an operator and a delegator bring (STAKE-2, STAKE-6, STAKE-10, COMM-5)."""

    min_bond_gwei: Annotated[int, msgspec.Meta(ge=1, le=_GREATEST_GWEI)]
    min_delegation_gwei: Annotated[int, msgspec.Meta(ge=1, le=1_000 * GWEI)] = GWEI // 100
    max_commission_bps: Annotated[int, msgspec.Meta(ge=0, le=BPS)] = 2_000
    max_commission_rise_bps: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 200
    operator_cap_bps: Annotated[int, msgspec.Meta(ge=BPS // 30, le=BPS)] = 3_333


class SlashingSection(_Section, frozen=True, kw_only=True):
    """What an offence costs (LEDGER-2, IDLE-1), and who gets it (LEDGER-6)."""

    equivocation_base_bps: Annotated[int, msgspec.Meta(ge=100, le=BPS)] = 1_000
    data_base_bps: Annotated[int, msgspec.Meta(ge=10, le=BPS)] = 500
    inactivity_base_bps: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    ordering_base_bps: Annotated[int, msgspec.Meta(ge=10, le=BPS)] = 1_000
    promise_base_bps: Annotated[int, msgspec.Meta(ge=10, le=BPS)] = 1_000
    neglect_base_bps: Annotated[int, msgspec.Meta(ge=10, le=BPS)] = 1_000
    correlation_bps: Annotated[int, msgspec.Meta(ge=0, le=3 * BPS)] = 2 * BPS
    jail_seconds: Annotated[int, msgspec.Meta(ge=1, le=YEAR_SECONDS)]
    reward_bps: Annotated[int, msgspec.Meta(ge=0, le=1_500)] = 1_000
    victim_bps: Annotated[int, msgspec.Meta(ge=0, le=5_000)] = 4_000
    insurance_bps: Annotated[int, msgspec.Meta(ge=0, le=3_000)] = 2_000


class InsuranceSection(_Section, frozen=True, kw_only=True):
    """What the pool pays (INS-2, INS-3)."""

    claim_cap_gwei: Annotated[int, msgspec.Meta(ge=0, le=_GREATEST_GWEI)] = 100 * GWEI
    period_cap_gwei: Annotated[int, msgspec.Meta(ge=1, le=_GREATEST_GWEI)] = 500 * GWEI


class WorkSection(_Section, frozen=True, kw_only=True):
    """Who counts as absent (WORK-3)."""

    floor_bps: Annotated[int, msgspec.Meta(ge=0, le=3_000)] = 1_000
    min_commits: Annotated[int, msgspec.Meta(ge=4, le=10_000)] = 10


class FeesSection(_Section, frozen=True, kw_only=True):
    """What rollups pay (FEE-2, FEE-4), and what of it is not the operators' (REV-2)."""

    rollups_share_bps: Annotated[int, msgspec.Meta(ge=0, le=5_000)] = 1_000
    insurance_share_bps: Annotated[int, msgspec.Meta(ge=0, le=5_000)] = 1_000
    fee_wei_per_byte: Annotated[int, msgspec.Meta(ge=1, le=1_000_000 * GWEI)] = GWEI
    notice_seconds: Annotated[int, msgspec.Meta(ge=1, le=YEAR_SECONDS)]
