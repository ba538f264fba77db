"""One planted bug for each promise of consensus that schedules are to find."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sequencer import types
from sequencer.consensus import archive, justification, pacemaker, simplex, tree, verification
from sequencer.simulation import attackers, node
from sequencer.simulation.scenario import Scenario
from sequencer.simulation.world import Outcome

Change = tuple[Any, ...]
"""Owner, function, old text, new text."""
Caught = Callable[[Outcome], bool]


def is_unsafe(outcome: Outcome) -> bool:
    """A rule was seen broken. That the mutant itself fell over would prove nothing."""
    return any("Error(" not in violation for violation in outcome.violations)


def is_stuck(outcome: Outcome) -> bool:
    return outcome.is_stuck


@dataclass(frozen=True)
class Mutant:
    name: str
    changes: tuple[Change, ...]
    is_caught: Caught = is_unsafe
    applies: Callable[[Scenario], bool] = lambda _: True


def mutant(name: str, *change: Any, **options: Any) -> Mutant:
    """With one change: owner, function, old text, new text."""
    return Mutant(name, (change,), **options)


def has(kind: type[attackers.Attacker]) -> Callable[[Scenario], bool]:
    return lambda scenario: any(found is kind for _, found in scenario.attackers)


def has_outages(scenario: Scenario) -> bool:
    return len(scenario.outages) > 4


def is_overrun(scenario: Scenario) -> bool:
    return scenario.is_overrun


def is_late_overrun(scenario: Scenario) -> bool:
    return scenario.is_overrun and bool(scenario.outages)


CORE = simplex.Simplex
MUTANTS = [
    mutant(
        "certificates of settled views are forgotten (SIMPLEX-15)",
        archive.CertificateArchive,
        "keep",
        "self._store.put_certificate(",
        "(lambda *_: None)(",
        applies=is_late_overrun,
    ),
    # Safety
    mutant(
        "a vote is sent before it is on disk (JOURNAL-1)",
        node.Node,
        "sign_and_keep",
        "self.disk.journal.sync()",
        "pass",
    ),
    mutant(
        "votes are not restored (JOURNAL-2)",
        CORE,
        "_on_restored",
        "own.voted[record.vote.kind] = record.vote.block",
        "pass",
        applies=has_outages,
    ),
    mutant(
        "two thirds are enough (ENC-6)",
        types.Committee,
        "is_quorum",
        "weight > 2",
        "weight >= 2",
        applies=is_overrun,
    ),
    mutant(
        "Notarize after Nullify (SIMPLEX-3)",
        CORE,
        "_on_judged",
        "or current.voted",
        "or VoteKind.NOTARIZE in current.voted",
    ),
    mutant(
        "Finalize after Nullify (SIMPLEX-5)",
        CORE,
        "_vote_finalize",
        "{VoteKind.NULLIFY, VoteKind.FINALIZE}",
        "{VoteKind.FINALIZE}",
    ),
    mutant(
        "a proposal may skip nullifications (SIMPLEX-2)",
        justification,
        "check_proposal",
        "if found !=",
        "if False and found !=",
        applies=has(attackers.ForkProposer),
    ),
    mutant(
        "a parent is not compared with what justifies it (SIMPLEX-2)",
        justification,
        "check_proposal",
        "if header.parent_hash !=",
        "if False and header.parent_hash !=",
        is_caught=lambda outcome: outcome.is_stuck or is_unsafe(outcome),
        applies=has(attackers.ForkProposer),
    ),
    mutant(
        "a payload is not compared with its header (ENC-8)",
        justification,
        "check_proposal",
        "if not proposal.block.is_whole()",
        "if False",
        applies=has(attackers.Garbage),
    ),
    mutant(
        "held segments are not compared with the payload (ENC-15)",
        justification,
        "check_proposal",
        "if not proposal.block.is_whole()",
        "if len(proposal.block.payload) != header.payload_length",
        applies=has(attackers.Garbage),
    ),
    mutant(
        "anybody's signature counts (P7)",
        verification.Verifier,
        "_check_signature",
        "if found != expected",
        "if False",
        applies=has(attackers.Garbage),
    ),
    mutant(
        "blocks are handed on without their ancestors (SIMPLEX-7)",
        CORE,
        "_try_finalize",
        "if self._want_chain(certificate.vote.block)",
        "if self._want_chain(certificate.vote.block) or self.tree.block(certificate.vote.block)",
    ),
    mutant(
        "a chain with a gap is voted for (SIMPLEX-13)",
        CORE,
        "_judge",
        "if self._want_chain(proposal.block.header.parent_hash) and parent",
        "if parent",
    ),
    # Evidence
    mutant(
        "a contradiction is not handed on (SIMPLEX-11)",
        CORE,
        "_keep",
        "self._out.append(conflict)",
        "pass",
        applies=is_overrun,
    ),
    mutant(
        "the sides of a fork never compare (SIMPLEX-11)",
        CORE,
        "_on_rival",
        "if not is_told and",
        "if False and",
        applies=is_overrun,
    ),
    # Liveness
    mutant(
        "a nullification does not end a view (SIMPLEX-4)",
        CORE,
        "_on_certificate",
        "if vote.view >= self.view",
        "if vote.view >= self.view and vote.kind is not VoteKind.NULLIFY",
        is_caught=is_stuck,
    ),
    mutant(
        "votes are not repeated (SIMPLEX-6)",
        CORE,
        "_repeat_votes",
        "if self.me is not None",
        "if False",
        is_caught=is_stuck,
    ),
    mutant(
        "a call from an ended view is not answered (SIMPLEX-14)",
        CORE,
        "_is_stale_call",
        "signed.vote.kind is not VoteKind.NULLIFY or",
        "True or",
        is_caught=is_stuck,
    ),
    mutant(
        "a missing block is asked for once only (SIMPLEX-13)",
        CORE,
        "_on_tick",
        "self._missing.due(self._now)",
        "()",
        is_caught=lambda outcome: outcome.is_stuck or is_unsafe(outcome),
    ),
    mutant(
        "a missing block is not asked for (SIMPLEX-13)",
        CORE,
        "_ask",
        "self._out.append(NeedBlocks(missing))",
        "pass",
        is_caught=is_stuck,
    ),
    mutant(
        "Δ does not grow (SIMPLEX-9)",
        pacemaker.Pacemaker,
        "on_nullified",
        "* 3 // 2",
        "",
        is_caught=is_stuck,
    ),
    mutant(
        "a leader that may not propose is due all the same (SIMPLEX-2)",
        CORE,
        "deadline",
        "self._now < heartbeat_ms < due_ms",
        "heartbeat_ms < due_ms",
    ),
    # Bounds
    mutant(
        "votes are kept of views however far (SIMPLEX-12)",
        CORE,
        "_is_in_window",
        " and view <= self.view + WINDOW",
        "",
        applies=has(attackers.Flooder),
    ),
    mutant(
        "blocks below the last final one are kept (SIMPLEX-12)",
        tree.BlockTree,
        "advance",
        "if self._is_above_root(b.header)",
        "",
    ),
    mutant(
        "settled views are kept (SIMPLEX-12)",
        CORE,
        "_advance",
        "self._rounds.drop(View(self.root_view - WINDOW))",
        "pass",
    ),
]
