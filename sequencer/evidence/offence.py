"""What members are slashed for, as L1 numbers it."""

from enum import IntEnum


class Offence(IntEnum):
    """The numbers of `Offence` in `ISlashingLedger`."""

    EQUIVOCATION = 1
    DATA = 2
    INACTIVITY = 3
    ORDERING = 4
    PROMISE = 5
    NEGLECT = 6
