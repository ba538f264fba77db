"""What a member of the model is given, and what can be seen of what it does."""

from dataclasses import dataclass
from enum import Enum

from tests.model.protocol import Block, Statement


class Verdict(Enum):
    ACCEPT = "accept"
    REJECT = "reject"
    NOT_YET = "not yet"


# Inputs


@dataclass(frozen=True)
class Vote:
    member: int
    statement: Statement

    def __str__(self) -> str:
        return f"{self.statement} of {self.member}"


@dataclass(frozen=True)
class Certificate:
    statement: Statement

    def __str__(self) -> str:
        return f"certificate {self.statement}"


@dataclass(frozen=True)
class Proposal:
    """Carries what justifies the block, unless `is_bare`: then nothing."""

    block: Block
    is_bare: bool = False

    def __str__(self) -> str:
        return f"{'bare ' if self.is_bare else ''}proposal {self.block}"


@dataclass(frozen=True)
class Blocks:
    """From a peer that was asked."""

    block: Block

    def __str__(self) -> str:
        return f"block {self.block}"


@dataclass(frozen=True)
class TimerEnds:
    def __str__(self) -> str:
        return "timer ends"


@dataclass(frozen=True)
class AskAgain:
    """It is time to ask the application again."""

    def __str__(self) -> str:
        return "ask again"


@dataclass(frozen=True)
class Judged:
    verdict: Verdict

    def __str__(self) -> str:
        return f"application: {self.verdict.value}"


@dataclass(frozen=True)
class Built:
    """The application has built the block it was asked for."""

    def __str__(self) -> str:
        return "application: built"


@dataclass(frozen=True)
class Restart:
    """The process is killed and starts again with its journal."""

    def __str__(self) -> str:
        return "restart"


Input = Vote | Certificate | Proposal | Blocks | TimerEnds | AskAgain | Judged | Built | Restart


@dataclass(frozen=True)
class Did:
    """What can be seen of a member from outside, in the order of each kind."""

    cast: tuple[Statement, ...] = ()
    repeated: frozenset[Statement] = frozenset()
    judges: tuple[Block, ...] = ()
    builds_on: tuple[Block, ...] = ()
    finalized: tuple[Block, ...] = ()
    convicted: frozenset[int] = frozenset()
    is_fault: bool = False
    """The sender broke a rule."""
