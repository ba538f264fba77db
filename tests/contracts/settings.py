"""What a test network is deployed with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

ETHER = 10**18


@dataclass(frozen=True)
class Times:
    """In the order of the contract's struct."""

    genesis: int = 0
    epochSeconds: int = 1_000  # noqa: N815 - the names are the struct's
    unbondingSeconds: int = 3_800  # noqa: N815
    commitGraceSeconds: int = 300  # noqa: N815
    evidenceSeconds: int = 500  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def start_of(self, epoch: int) -> int:
        """TIME-2."""
        return self.genesis + epoch * self.epochSeconds

    def end_of(self, epoch: int) -> int:
        return self.start_of(epoch + 1)


class Parameter(IntEnum):
    """In the order of the contract's enum."""

    MIN_BOND_WEI = 0
    MIN_DELEGATION_WEI = auto()
    MAX_COMMISSION_BPS = auto()
    MAX_COMMISSION_RISE_BPS = auto()
    OPERATOR_CAP_BPS = auto()
    EQUIVOCATION_BASE_BPS = auto()
    DATA_BASE_BPS = auto()
    INACTIVITY_BASE_BPS = auto()
    ORDERING_BASE_BPS = auto()
    PROMISE_BASE_BPS = auto()
    NEGLECT_BASE_BPS = auto()
    CORRELATION_BPS = auto()
    JAIL_SECONDS = auto()
    REWARD_BPS = auto()
    VICTIM_BPS = auto()
    INSURANCE_BPS = auto()
    CLAIM_CAP_WEI = auto()
    PERIOD_CAP_WEI = auto()
    FLOOR_BPS = auto()
    MIN_COMMITS = auto()
    ROLLUPS_SHARE_BPS = auto()
    INSURANCE_SHARE_BPS = auto()
    FEE_WEI_PER_BYTE = auto()
    NOTICE_SECONDS = auto()


# The numbers that every test network begins with, unless it asks for others. One of four equal
# members that signs twice loses 1,000 + 10,000 / 4 basis points; nobody's weight is capped.
VALUES = {
    Parameter.MIN_BOND_WEI: ETHER,
    Parameter.MIN_DELEGATION_WEI: ETHER // 100,
    Parameter.MAX_COMMISSION_BPS: 5_000,
    Parameter.MAX_COMMISSION_RISE_BPS: 100,
    Parameter.OPERATOR_CAP_BPS: 10_000,
    Parameter.EQUIVOCATION_BASE_BPS: 1_000,
    Parameter.DATA_BASE_BPS: 200,
    Parameter.INACTIVITY_BASE_BPS: 10,
    Parameter.ORDERING_BASE_BPS: 500,
    Parameter.PROMISE_BASE_BPS: 2_000,
    Parameter.NEGLECT_BASE_BPS: 500,
    Parameter.CORRELATION_BPS: 10_000,
    Parameter.JAIL_SECONDS: 500,
    Parameter.REWARD_BPS: 1_000,
    Parameter.VICTIM_BPS: 5_000,
    Parameter.INSURANCE_BPS: 2_000,
    Parameter.CLAIM_CAP_WEI: 2 * ETHER,
    Parameter.PERIOD_CAP_WEI: ETHER,
    Parameter.FLOOR_BPS: 2_000,
    Parameter.MIN_COMMITS: 4,
    Parameter.ROLLUPS_SHARE_BPS: 1_000,
    Parameter.INSURANCE_SHARE_BPS: 1_000,
    Parameter.FEE_WEI_PER_BYTE: 1_000,
    Parameter.NOTICE_SECONDS: 600,
}


@dataclass(frozen=True)
class InboxParameters:
    """In the order of the contract's struct."""

    forceWindowSeconds: int = 600  # noqa: N815 - the names are the struct's
    maxBytes: int = 1_024  # noqa: N815
    maxGas: int = 1_000_000  # noqa: N815
    baseFeeWei: int = 1_000_000  # noqa: N815
    weiPerByte: int = 1_000  # noqa: N815
    weiPerGas: int = 3  # noqa: N815
    congestionTarget: int = 8  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def fee(self, length: int, gas_limit: int, pending: int) -> int:
        """INBOX-2."""
        plain = self.baseFeeWei + length * self.weiPerByte + gas_limit * self.weiPerGas
        return -(-plain * (self.congestionTarget + pending) ** 2 // self.congestionTarget**2)


@dataclass(frozen=True)
class FallbackParameters:
    """In the order of the contract's struct."""

    livenessSeconds: int = 400  # noqa: N815 - the names are the struct's
    overdueSeconds: int = 200  # noqa: N815
    tailSeconds: int = 100  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())


@dataclass(frozen=True)
class FloorParameters:
    """In the order of the contract's struct."""

    floorWei: int = 1_000_000  # noqa: N815 - the names are the struct's
    floorWeiPerByte: int = 1_000  # noqa: N815
    floorWeiPerBlobByte: int = 10  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())

    def price(self, length: int, blobs: int = 0) -> int:
        """POST-2."""
        blob_bytes = blobs * 131_072
        return self.floorWei + length * self.floorWeiPerByte + blob_bytes * self.floorWeiPerBlobByte


@dataclass(frozen=True)
class DataParameters:
    """In the order of the contract's struct."""

    windowSeconds: int = 200  # noqa: N815 - the names are the struct's
    answerSeconds: int = 60  # noqa: N815

    def as_tuple(self) -> tuple[int, ...]:
        return tuple(vars(self).values())
