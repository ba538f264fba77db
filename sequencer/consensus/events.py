"""The inputs and outputs of the Simplex core. Inputs are typed and their signatures checked;
outputs are carried out by the runtime in order."""

from dataclasses import dataclass
from enum import Enum

from sequencer.blocks.header import Block, Header
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.messages import (
    Certificate,
    FinalityProof,
    Proposal,
    SignedVote,
    Vote,
)
from sequencer.types import Hash32, MemberIndex, View


class Verdict(Enum):
    """What the application says of a proposed block."""

    ACCEPT = "accept"
    REJECT = "reject"
    NOT_YET = "not yet"


# Inputs


@dataclass(frozen=True, slots=True)
class Restored:
    """A record of the journal, before `Start` (JOURNAL-2)."""

    record: SignedVote | Certificate | Block


@dataclass(frozen=True, slots=True)
class Start:
    """The journal is replayed: take part."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; due no later than `Simplex.deadline()`."""


@dataclass(frozen=True, slots=True)
class WorkChanged:
    """Whether there is something to order on the best block of the current view: a core that has
    entered a view takes it that there is not, until it is told (SIMPLEX-2)."""

    has_work: bool


@dataclass(frozen=True, slots=True)
class Received:
    """A message whose signatures hold: from a peer, or this node's own signed vote."""

    message: SignedVote | Certificate | Proposal


@dataclass(frozen=True, slots=True)
class Built:
    """The application's block for `Build`."""

    block: Block


@dataclass(frozen=True, slots=True)
class Judged:
    """The application's answer to `Verify`."""

    view: View
    block: Hash32
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Fetched:
    """Blocks a peer sent: linked one to the next; either the last one is wanted, or `proof`
    holds for it."""

    blocks: tuple[Block, ...]
    proof: FinalityProof | None


Input = Restored | Start | Tick | WorkChanged | Received | Built | Judged | Fetched


# Outputs


@dataclass(frozen=True, slots=True)
class CastVote:
    """Sign, journal (with `block`, if given), sync, feed back, then broadcast (JOURNAL-1)."""

    vote: Vote
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Propose:
    """As `CastVote` for the leader's own block, broadcast as one `Proposal`."""

    vote: Vote
    block: Block
    parent_certificate: Certificate | None
    nullifications: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Broadcast:
    message: SignedVote | Certificate


@dataclass(frozen=True, slots=True)
class Send:
    member: MemberIndex
    message: Certificate


@dataclass(frozen=True, slots=True)
class Build:
    """Ask the application for a block of `view` on `parent`; `pending` are the unfinalized
    ancestors, ascending, ending with the parent."""

    view: View
    parent: Header
    pending: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Verify:
    """Ask the application whether to vote for `block`."""

    block: Block
    parent: Header
    pending: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Finalized:
    """Blocks that are final, ascending, each handed out once; `proof` is for the last."""

    blocks: tuple[Block, ...]
    proof: FinalityProof


@dataclass(frozen=True, slots=True)
class NeedBlocks:
    """Fetch the chain up to this block from a peer (SIMPLEX-13)."""

    block: Hash32


@dataclass(frozen=True, slots=True)
class Record:
    """Journal this certificate; nothing waits for it."""

    certificate: Certificate


Output = (
    CastVote
    | Propose
    | Broadcast
    | Send
    | Build
    | Verify
    | Finalized
    | NeedBlocks
    | Record
    | Equivocation
)
