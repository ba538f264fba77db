"""One planted bug for each promise of the hand-over between epochs that schedules are to find."""

from sequencer.consensus import verification
from sequencer.node import edge, epochs, handover
from sequencer.ordering import origins, turn
from sequencer.simulation.epoch_attackers import ClosingForger
from sequencer.simulation.scenario import Scenario
from tests.mutants.planted import Mutant, has, is_stuck, is_unsafe, mutant

INSTANCE_IS_CHECKED = "signed.vote.epoch != self._core.committee.epoch or "
MUTANTS = [
    mutant(
        "the committee of the epoch before decides (EPOCH-1)",
        epochs.Epochs,
        "_committee_of",
        "committee_at(epoch, head.number)",
        "committee_at(Epoch(max(1, epoch - 1)), head.number)",
    ),
    mutant(
        "votes of an earlier epoch are taken for false ones (EPOCH-4)",
        edge.Edge,
        "admit",
        INSTANCE_IS_CHECKED,
        "",
    ),
    Mutant(
        "votes and certificates of an earlier epoch count (P5)",
        (
            (edge.Edge, "admit", INSTANCE_IS_CHECKED, ""),
            (
                verification.Verifier,
                "_check_instance",
                "if (vote.epoch,",
                "if False and (vote.epoch,",
            ),
        ),
    ),
    mutant(
        "the next epoch starts below the terminal block (EPOCH-1)",
        epochs.Epochs,
        "_place",
        "return Place(epoch, tip)",
        "below = self._ledger.block(Height(tip.height - 1)); "
        "return Place(epoch, below.header if below else tip)",
    ),
    mutant(
        "a closing block with contents is voted for (EPOCH-3)",
        turn,
        "check_closing",
        "if block !=",
        "if False and block !=",
        applies=has(ClosingForger),
    ),
    mutant(
        "closing blocks become part of the chain (EPOCH-3)",
        handover,
        "split_closing",
        "if is_terminal(schedule, block.header)",
        "if False",
    ),
    mutant(
        "an origin in an epoch without a committee (EPOCH-2)",
        origins.Origins,
        "_is_allowed",
        "later <= epoch or",
        "True or",
        is_caught=is_stuck,
    ),
    mutant(
        "an origin of another L1 (BLOCK-3)",
        origins.Origins,
        "check",
        "if (known.hash, known.timestamp) !=",
        "if False and (known.hash, known.timestamp) !=",
    ),
    mutant(
        "the journal is cut before the store is on disk (JOURNAL-5)",
        epochs.Epochs,
        "compact",
        "self._store.sync()",
        "pass",
        is_caught=lambda outcome: is_stuck(outcome) or is_unsafe(outcome),
    ),
    mutant(
        "votes of a later epoch are forgotten with a lost terminal block (EPOCH-6)",
        epochs.Epochs,
        "advance",
        "if _is_after(record, place.epoch)",
        "if False",
    ),
    mutant(
        "votes of another epoch are restored (JOURNAL-2)",
        handover,
        "_is_of",
        "(entry.vote.epoch, entry.vote.committee) == (committee.epoch, committee.hash)",
        "True",
        is_caught=lambda outcome: is_stuck(outcome) or is_unsafe(outcome),
    ),
]


def crosses_epochs(scenario: Scenario) -> bool:
    return bool(scenario.later_weights)
