"""The alphabets of `walk`: small enough that every order can be tried."""

from tests.model.inputs import Blocks, Certificate, Proposal, Restart, TimerEnds, Verdict, Vote
from tests.model.protocol import START, Block, Kind, Statement
from tests.model.walk import Scene

A, B = Block(1, 0, START), Block(1, 1, START)
A2, S2 = Block(2, 0, A), Block(2, 0, START)
A3, S3 = Block(3, 0, A2), Block(3, 0, A)


def said(kind: Kind, block: Block) -> Statement:
    return Statement(kind, block.view, block)


NOTARIZE_A, FINALIZE_A = said(Kind.NOTARIZE, A), said(Kind.FINALIZE, A)
NULLIFY_1, NULLIFY_2 = Statement(Kind.NULLIFY, 1), Statement(Kind.NULLIFY, 2)
NOTARIZED_A, FINALIZED_A = Certificate(NOTARIZE_A), Certificate(FINALIZE_A)
NOTARIZED_A2 = Certificate(said(Kind.NOTARIZE, A2))
FINALIZED_A2 = Certificate(said(Kind.FINALIZE, A2))
NULLIFIED_1, NULLIFIED_2 = Certificate(NULLIFY_1), Certificate(NULLIFY_2)
ACCEPT = (Verdict.ACCEPT,)

SCENES = (
    Scene(
        "a leader with two blocks",
        0,
        (Proposal(A), Proposal(B), NOTARIZED_A, NULLIFIED_1, TimerEnds()),
    ),
    Scene(
        "a chain of two blocks",
        0,
        (
            *(Proposal(A), Proposal(A2), Blocks(A), TimerEnds()),
            *(NOTARIZED_A, FINALIZED_A, NOTARIZED_A2, FINALIZED_A2),
        ),
        ACCEPT,
    ),
    Scene(
        "a nullified view",
        0,
        (
            *(Proposal(A), Proposal(A2), Proposal(S2), Proposal(S2, is_bare=True)),
            *(NOTARIZED_A, NULLIFIED_1, TimerEnds()),
        ),
    ),
    Scene(
        "single votes",
        0,
        (
            *(Proposal(A), TimerEnds()),
            *(Vote(member, NOTARIZE_A) for member in (2, 3)),
            *(Vote(member, NULLIFY_1) for member in (1, 3)),
            *(Vote(member, FINALIZE_A) for member in (1, 2)),
        ),
        ACCEPT,
    ),
    Scene(
        "members that contradict themselves",
        0,
        (
            *(Proposal(A), Proposal(B), NOTARIZED_A, TimerEnds()),
            *(Vote(2, said(Kind.NOTARIZE, B)), Vote(2, NULLIFY_1), Vote(2, FINALIZE_A)),
        ),
        ACCEPT,
    ),
    Scene(
        "the leader of view 1",
        1,
        (
            *(NULLIFIED_1, NOTARIZED_A, TimerEnds(), Blocks(A)),
            *(Vote(member, NOTARIZE_A) for member in (0, 2)),
            *(Vote(member, FINALIZE_A) for member in (0, 2)),
        ),
    ),
    Scene(
        "the leader of view 2",
        2,
        (
            *(Proposal(A), Blocks(A), TimerEnds()),
            *(NOTARIZED_A, FINALIZED_A, NULLIFIED_1, NULLIFIED_2),
        ),
        ACCEPT,
    ),
    Scene(
        "the leader of view 3",
        3,
        (
            *(Proposal(A), Proposal(A2), TimerEnds()),
            *(NOTARIZED_A, NULLIFIED_1, NULLIFIED_2, NOTARIZED_A2),
        ),
        ACCEPT,
    ),
    Scene(
        "a gap in a chain of three blocks",
        0,
        (
            *(Proposal(A2), Proposal(A3), Proposal(S3), Blocks(A), Blocks(A2)),
            *(FINALIZED_A, Certificate(said(Kind.FINALIZE, A3)), TimerEnds()),
        ),
        ACCEPT,
    ),
    Scene(
        "restarts",
        0,
        (
            *(Proposal(A), Proposal(B), Proposal(A2), TimerEnds(), Restart()),
            *(NOTARIZED_A, NULLIFIED_1, FINALIZED_A),
        ),
        ACCEPT,
    ),
    Scene(
        "a restart of a leader",
        2,
        (Proposal(A), TimerEnds(), Restart(), NOTARIZED_A, NULLIFIED_1, FINALIZED_A),
        ACCEPT,
    ),
)
