"""Held segments and void marks in a rollup's list (DERIVE-15, DERIVE-16).

held segments
├── after the transactions of the block, by the id of DATA-1, in the running hash
├── of a rollup that does not hold its data, or is not registered: skipped
├── of one that the committee does not order: left out
└── in a batch that is void: nothing
void marks
├── at the end of the list, whatever the rollup's mode is, in the running hash
├── of another rollup than the one followed: nothing
└── back over a reorg: gone, and made again where L1 has it now
"""

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.derivation.entries import Entry, Output, Source
from sequencer.l1.events import DataVoided, L1Block, RollupMode
from sequencer.types import ZERO_HASH, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import Committee, held, held_id, transaction
from tests.unit.l1.chains import SECONDS, announced, block, registered

ONE, TWO = RollupId(1), RollupId(2)
REGISTERED = (registered(1, 7001, holds_data=True), registered(2, 7002))
A, B, C = (transaction(nonce) for nonce in range(3))
OTHER = transaction(0, chain_id=7002)
HELD, _ = held(1, B, C)
OTHER_HELD, _ = held(2, OTHER)


def derive(*blocks: L1Block, only: RollupId | None = None) -> tuple[Deriver, list[Output]]:
    """Derive these blocks after block 0, in which the rollups are registered."""
    deriver = Deriver(SEPARATOR, only)
    outputs = deriver.extend(block(0, *REGISTERED))
    for l1_block in blocks:
        outputs += deriver.extend(l1_block)
    return deriver, outputs


def entries(outputs: list[Output], rollup: int = 1) -> list[Entry]:
    return [o for o in outputs if isinstance(o, Entry) and o.rollup_id == rollup]


class TestHeldSegments:
    """DERIVE-15."""

    def test_segment__is_one_entry_after_the_transactions_of_its_block(self) -> None:
        committee = Committee()
        first = committee.block((1, [A]), (2, [OTHER]), held=[HELD])
        second = committee.block((1, [B]))
        deriver, outputs = derive(block(1, committee.commit(first, second)))
        before, found, after = entries(outputs)
        assert (before.transaction, after.transaction) == (A, B)
        assert (before.held, found.held, after.held) == (None, HELD, None)
        assert found.transaction_hash == held_id(first, 2, HELD)
        assert (found.source, found.position, found.batch_index) == (Source.BLOCK, 1, 1)
        assert (found.transaction, found.skipped, found.voids) == (b"", None, None)
        running = keccak(keccak(ZERO_HASH, keccak(A)), found.transaction_hash)
        assert found.running_hash == running
        assert deriver.rollup(ONE) == RollupState(3, keccak(running, keccak(B)))

    def test_segments_of_several_rollups__have_positions_that_count_on(self) -> None:
        committee = Committee()
        made = committee.block((1, [A]), held=[HELD, OTHER_HELD])
        _, outputs = derive(block(1, committee.commit(made)))
        assert entries(outputs)[1].transaction_hash == held_id(made, 1, HELD)
        assert entries(outputs, 2)[0].transaction_hash == held_id(made, 2, OTHER_HELD)

    @pytest.mark.parametrize(
        ("rollup", "reason"),
        [(2, "rollup 2 does not hold its data"), (3, "rollup 3 is not registered")],
    )
    def test_segment_of_another_rollup__is_skipped(self, rollup: int, reason: str) -> None:
        committee = Committee()
        made = committee.block(held=[held(rollup, A)[0]])
        deriver, outputs = derive(block(1, committee.commit(made)))
        (found,) = entries(outputs, rollup)
        assert (found.skipped, found.running_hash) == (reason, ZERO_HASH)
        assert deriver.rollup(RollupId(rollup)) == RollupState(1)

    def test_segment_of_a_rollup_with_another_sequencer__is_left_out(self) -> None:
        """DERIVE-11."""
        committee = Committee()
        batches = [committee.commit(committee.block((2, [OTHER]), held=[HELD])) for _ in range(2)]
        gone = announced(1, RollupMode.SOLO, 2 * SECONDS)
        _, outputs = derive(block(1, gone, batches[0]), block(2, batches[1]))
        assert [entry.l1_block for entry in entries(outputs)] == [1]
        assert [entry.l1_block for entry in entries(outputs, 2)] == [1, 2]

    def test_block_that_a_later_batch_has_again__has_segments_of_their_own(self) -> None:
        """DATA-1: a quorum can go back by a void batch, and a mark is of one entry all the same."""
        committee = Committee()
        made = committee.block(held=[HELD])
        events = [committee.commit(made)]
        back = {"last_block_hash": made.header.parent_hash, "last_height": 0}
        events += [committee.commit(made, data=b"rubbish", **back), committee.commit(made)]
        mark = DataVoided(held_id(made, 0, HELD, 1), ONE)
        _, outputs = derive(block(1, *events), block(2, mark))
        first, again, mark_of_first = entries(outputs)
        assert (first.transaction_hash, first.held) == (held_id(made, 0, HELD, 1), HELD)
        assert (again.transaction_hash, again.held) == (held_id(made, 0, HELD, 3), HELD)
        assert mark_of_first.voids == first.transaction_hash != again.transaction_hash

    def test_void_batch__has_none(self) -> None:
        """DERIVE-5."""
        committee = Committee()
        made = committee.block(held=[HELD])
        _, outputs = derive(block(1, committee.commit(made, data=b"rubbish")))
        assert entries(outputs) == []


class TestVoidMarks:
    """DERIVE-16."""

    def test_mark__is_appended_and_the_segment_stays_where_it_was(self) -> None:
        committee = Committee()
        made = committee.block(held=[HELD])
        id_ = held_id(made, 0, HELD)
        batches = committee.commit(made), committee.commit(committee.block((1, [A])))
        deriver, outputs = derive(
            *(block(number, batch) for number, batch in enumerate(batches, 1)),
            block(3, DataVoided(id_, ONE)),
        )
        segment, between, mark = entries(outputs)
        assert (segment.held, between.transaction) == (HELD, A)
        assert (mark.index, mark.voids, mark.held) == (2, id_, None)
        assert (mark.source, mark.position, mark.batch_index) == (Source.VOID, 3, None)
        assert mark.transaction_hash == keccak(b"\x03", id_)
        assert mark.running_hash == keccak(between.running_hash, mark.transaction_hash)
        assert deriver.rollup(ONE) == RollupState(3, mark.running_hash)

    def test_mark__is_appended_though_the_rollup_has_left_the_committee(self) -> None:
        committee = Committee()
        made = committee.block(held=[HELD])
        gone = announced(1, RollupMode.SOLO, 2 * SECONDS)
        voided = DataVoided(held_id(made, 0, HELD), ONE)
        _, outputs = derive(block(1, committee.commit(made), gone), block(9, voided))
        assert [entry.source for entry in entries(outputs)] == [Source.BLOCK, Source.VOID]

    def test_follower_of_one_rollup__derives_the_same_and_no_other(self) -> None:
        committee = Committee()
        made = committee.block((1, [A]), held=[HELD, OTHER_HELD])
        voids = DataVoided(held_id(made, 1, HELD), ONE), DataVoided(ZERO_HASH, TWO)
        blocks = block(1, committee.commit(made)), block(2, *voids)
        every, one = derive(*blocks)[1], derive(*blocks, only=ONE)[1]
        assert len(entries(one)) == 3
        assert entries(one) == entries(every)
        assert entries(one, 2) == []
        assert entries(every, 2)[-1].voids == ZERO_HASH

    def test_rollback__takes_the_mark_away_and_another_branch_has_it_later(self) -> None:
        """DERIVE-9."""
        committee = Committee()
        made = committee.block(held=[HELD])
        voided = DataVoided(held_id(made, 0, HELD), ONE)
        next_batch = committee.commit(made), committee.commit(committee.block((1, [A])))
        deriver, outputs = derive(block(1, next_batch[0]), block(2, voided))
        segment, mark = entries(outputs)
        deriver.rollback_to(1)
        assert deriver.rollup(ONE) == RollupState(1, segment.running_hash)
        outputs = deriver.extend(block(2, next_batch[1], voided, branch="other"))
        between, again = entries(outputs)
        assert (between.transaction, again.index, again.voids) == (A, 2, mark.voids)
        assert again.running_hash == keccak(between.running_hash, mark.transaction_hash)
