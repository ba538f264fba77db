"""The shipped core against the rules, input by input; `make model` walks to the end.

walk
├── every order of a scene's inputs: the core does what the rules say
└── a bug in the core: noticed, with the shortest way there
"""

from types import ModuleType

import pytest

from sequencer.consensus import justification, rounds, simplex
from tests.model.scenes import SCENES
from tests.model.walk import Mismatch, Scene, walk
from tests.mutants.mutate import plant

DEPTH = 4


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_core__every_order_of_inputs__does_what_the_rules_say(scene: Scene) -> None:
    walked = walk(scene, DEPTH)
    assert walked.depth == DEPTH
    assert walked.cast


CORE = simplex.Simplex
BUGS: dict[str, tuple[type | ModuleType, str, str, str]] = {
    "Finalize after Nullify (SIMPLEX-5)": (
        *(CORE, "_vote_finalize"),
        *("{VoteKind.NULLIFY, VoteKind.FINALIZE}", "{VoteKind.FINALIZE}"),
    ),
    "Notarize after Nullify (SIMPLEX-3)": (
        *(CORE, "_on_judged"),
        *("or current.voted", "or VoteKind.NOTARIZE in current.voted"),
    ),
    "a second proposal replaces the first (SIMPLEX-3)": (
        *(CORE, "_on_proposal"),
        *("if not known.is_proposed", "if True"),
    ),
    "missing nullifications (SIMPLEX-2)": (
        *(justification, "check_proposal"),
        *("if found !=", "if False and found !="),
    ),
    "a certificate of its own view does not move a member (SIMPLEX-4)": (
        *(CORE, "_on_certificate"),
        *("if vote.view >= self.view", "if vote.view > self.view"),
    ),
    "blocks handed on without their ancestors (SIMPLEX-7)": (
        *(CORE, "_try_finalize"),
        "if self._want_chain(certificate.vote.block)",
        "if self.tree.block(certificate.vote.block)",
    ),
    "a chain with a gap is voted for (SIMPLEX-13)": (
        *(CORE, "_judge"),
        *("if self._want_chain(proposal.block.header.parent_hash) and parent", "if parent"),
    ),
    "a stale block of its own (SIMPLEX-2)": (
        *(CORE, "_on_built"),
        *("found is None or block.header.parent_hash != found[0].hash", "found is None"),
    ),
    "half is a quorum of votes (ENC-6)": (
        *(rounds.Round, "try_certify"),
        *("if committee.is_quorum(weight)", "if len(votes) >= 2"),
    ),
    "own votes are forgotten (JOURNAL-2)": (
        *(CORE, "_on_restored"),
        *("own.voted[record.vote.kind] = record.vote.block", "pass"),
    ),
    "contradictions are not handed on (SIMPLEX-11)": (
        *(CORE, "_keep"),
        *("self._out.append(conflict)", "pass"),
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_core__with_a_bug__is_noticed(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, *BUGS[bug])
    with pytest.raises(Mismatch, match="after\n"):
        walk_all(first=SHOWN_BY.get(bug))


SHOWN_BY = {
    "a chain with a gap is voted for (SIMPLEX-13)": "a gap in a chain of three blocks",
    "a stale block of its own (SIMPLEX-2)": "the leader of view 2",
    "own votes are forgotten (JOURNAL-2)": "restarts",
}
"""Only to save time."""


def walk_all(first: str | None) -> None:
    for scene in sorted(SCENES, key=lambda scene: scene.name != first):
        walk(scene, DEPTH)
