"""DERIVE-1 to DERIVE-9, each rule by itself; then all of them against a plain reading."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sequencer.blocks.header import genesis
from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.derivation.entries import DerivedBatch, Entry, Output, Source
from sequencer.errors import PeerFault
from sequencer.l1.events import BatchCommitted, Event, ReorgTooDeep
from sequencer.types import ZERO_HASH, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import DECLARED_GAS, GARBAGE, Committee, message, transaction
from tests.unit.l1.chains import block, consumed, forced, recorded, registered

ONE, TWO = RollupId(1), RollupId(2)
REGISTERED = (registered(1, 7001), registered(2, 7002))
A, B, C = transaction(0), transaction(1), transaction(2)
OTHER = transaction(0, chain_id=7002)


def derive(*held: tuple[Event, ...], only: RollupId | None = None) -> tuple[Deriver, list[Output]]:
    """Derive L1 blocks 0, 1, ... with these events, the rollups registered in block 0."""
    deriver = Deriver(SEPARATOR, only)
    outputs = deriver.extend(block(0, *REGISTERED))
    for number, events in enumerate(held, start=1):
        outputs += deriver.extend(block(number, *events))
    return deriver, outputs


def entries(outputs: list[Output], rollup: int = 1) -> list[Entry]:
    return [
        output for output in outputs if isinstance(output, Entry) and output.rollup_id == rollup
    ]


def included(outputs: list[Output], rollup: int = 1) -> list[bytes]:
    return [entry.transaction for entry in entries(outputs, rollup) if entry.skipped is None]


def voids(outputs: list[Output]) -> list[str | None]:
    return [output.void for output in outputs if isinstance(output, DerivedBatch)]


class TestBatches:
    def test_blocks__give_their_transactions_in_order(self) -> None:
        committee = Committee()
        first = committee.block((1, [A, B]), (2, [OTHER]))
        second = committee.block((1, [C]))
        _, outputs = derive((committee.commit(first, second),))
        assert included(outputs) == [A, B, C]
        assert included(outputs, 2) == [OTHER]
        entry = entries(outputs)[2]
        assert (entry.index, entry.source, entry.position) == (2, Source.BLOCK, 2)
        assert (entry.batch_index, entry.l1_block) == (1, 1)
        assert outputs[-1] == DerivedBatch(1, 1, 2, 1)  # type: ignore[arg-type]

    def test_running_hash__chains_the_included_transactions(self) -> None:
        """DERIVE-7."""
        committee = Committee()
        deriver, outputs = derive((committee.commit(committee.block((1, [A, GARBAGE, B]))),))
        first = keccak(ZERO_HASH, keccak(A))
        second = keccak(first, keccak(B))
        assert [entry.running_hash for entry in entries(outputs)] == [first, first, second]
        assert deriver.rollup(ONE) == RollupState(3, second)
        assert deriver.rollup(TWO) == RollupState()

    def test_duplicates__are_listed_twice(self) -> None:
        """DERIVE-8."""
        committee = Committee()
        batch = committee.commit(committee.block(), committee.block((1, [A, A]), forced=1))
        _, outputs = derive((message(0, A), batch))
        assert included(outputs) == [A, A, A]

    def test_messages__precede_the_transactions_of_the_block_that_counts_them(self) -> None:
        """DERIVE-4."""
        committee = Committee()
        blocks = committee.block((1, [A])), committee.block((1, [B]), forced=2)
        _, outputs = derive((message(0, C), message(1, A)), (committee.commit(*blocks),))
        assert included(outputs) == [A, C, A, B]
        assert [entry.source.value for entry in entries(outputs)] == [
            *("block", "forced", "forced", "block")
        ]
        assert [entry.position for entry in entries(outputs)] == [1, 0, 1, 2]

    def test_messages_that_l1_included__are_a_no_op_in_the_block(self) -> None:
        """DERIVE-3, DERIVE-4."""
        committee = Committee()
        batch = committee.commit(committee.block((1, [B]), forced=2))
        _, outputs = derive((message(0, A), message(1, C)), (forced(0, 1),), (batch,))
        assert included(outputs) == [A, C, B]
        assert [entry.batch_index for entry in entries(outputs)] == [None, 1, 1]

    def test_only_one_rollup__is_the_same_list(self) -> None:
        committee = Committee()
        held = (
            (message(0, A), message(1, OTHER, rollup=2)),
            (committee.commit(committee.block((1, [B]), (2, [OTHER]), forced=2)),),
        )
        _, every = derive(*held)
        _, two = derive(*held, only=TWO)
        assert entries(two, 2) == entries(every, 2)
        assert entries(two, 1) == []

    def test_events_of_no_concern__are_nothing(self) -> None:
        """DERIVE-1."""
        assert derive((recorded(0),), (consumed(0, 0),))[1] == []


class TestSkipped:
    @pytest.mark.parametrize(
        ("raw", "reason"),
        [(GARBAGE, "RLP"), (b"\x03" + A[1:], "type 3"), (OTHER, "chain"), (A + b"\0", "follow")],
    )
    def test_transaction_that_breaks_tx_1_or_tx_2__is_skipped(
        self, raw: bytes, reason: str
    ) -> None:
        """DERIVE-6, for both ways in."""
        committee = Committee()
        batch = committee.commit(committee.block((1, [raw, B]), forced=1))
        _, outputs = derive((message(0, raw), batch))
        found = entries(outputs)
        assert [entry.skipped is None for entry in found] == [False, False, True]
        for entry in found[:2]:
            assert reason in str(entry.skipped)
            assert entry.transaction_hash == keccak(raw)

    @pytest.mark.parametrize(("above", "is_skipped"), [(0, False), (1, True)])
    def test_message_with_more_gas_than_declared__is_skipped(
        self, above: int, is_skipped: bool
    ) -> None:
        raw = transaction(5, gas=DECLARED_GAS + above)
        _, outputs = derive((message(0, raw), forced(0, 1)))
        assert (entries(outputs)[0].skipped is not None) == is_skipped

    def test_block_transaction__has_no_declared_gas(self) -> None:
        committee = Committee()
        raw = transaction(5, gas=DECLARED_GAS + 1)
        _, outputs = derive((committee.commit(committee.block((1, [raw]))),))
        assert included(outputs) == [raw]

    def test_unknown_rollup__is_skipped_until_it_is_registered(self) -> None:
        committee = Committee()
        first = committee.commit(committee.block((3, [A])))
        second = committee.commit(committee.block((3, [A])))
        _, outputs = derive((first,), (registered(3, 7001),), (second,))
        assert [entry.skipped for entry in entries(outputs, 3)] == [
            *("rollup 3 is not registered", None)
        ]
        assert [entry.index for entry in entries(outputs, 3)] == [0, 1]


def _void_data(committee: Committee) -> BatchCommitted:
    return committee.commit(committee.block((1, [A]), forced=1), data=b"\x01rubbish")


def _void_parent(committee: Committee) -> BatchCommitted:
    committee.last = genesis(keccak(b"another chain"))
    return committee.commit(committee.block((1, [A]), forced=1))


def _void_height(committee: Committee) -> BatchCommitted:
    made = committee.block((1, [A]), forced=1)
    header = made.header
    fields = {name: getattr(header, name) for name in header.__struct_fields__}
    moved = type(made)(type(header)(**{**fields, "height": 2}), made.payload)
    return committee.commit(moved)


def _twist(**twist: object) -> Callable[[Committee], BatchCommitted]:
    return lambda committee: committee.commit(committee.block((1, [A]), forced=1), **twist)


def _falling_count(committee: Committee) -> BatchCommitted:
    first = committee.block((1, [A]), forced=2)
    second = committee.block(forced=-1)
    return committee.commit(first, second)


class TestVoid:
    @pytest.mark.parametrize(
        "make",
        [
            _void_data,
            _void_parent,
            _void_height,
            _falling_count,
            _twist(data_hash=keccak(b"what the blobs should hold")),
            _twist(first_height=0),
            _twist(last_height=2),
            _twist(last_block_hash=keccak(b"other")),
        ],
    )
    def test_batch__contributes_its_messages_only(
        self, make: Callable[[Committee], BatchCommitted]
    ) -> None:
        """DERIVE-5."""
        _, outputs = derive((message(0, B), message(1, C)), (make(Committee()),))
        assert included(outputs) == [B]
        assert voids(outputs) != [None]

    def test_forced_count_that_differs_from_the_last_blocks__is_void(self) -> None:
        batch = _twist(forced_count=2)(Committee())
        _, outputs = derive((message(0, B), message(1, C)), (batch,))
        assert included(outputs) == [B, C]
        assert "states 1 to 1" in str(voids(outputs)[0])

    def test_next_batch__links_to_the_hash_the_void_one_states(self) -> None:
        committee = Committee()
        lost = committee.commit(committee.block((1, [A])), data=b"")
        found = committee.commit(committee.block((1, [B])))
        _, outputs = derive((lost,), (found,))
        assert voids(outputs)[1] is None
        assert included(outputs) == [B]


class TestEndpoint:
    """L1-4: what cannot be true is the endpoint's fault, and nothing of it is used."""

    @pytest.mark.parametrize(
        "events",
        [
            (message(2, A),),
            (forced(0, 2),),
            (forced(1, 1),),
            (replace(Committee().commit(Committee().block()), call=None),),
            (replace(Committee().commit(Committee().block()), batch_hash=keccak(b"")),),
        ],
    )
    def test_extend__impossible_events__change_nothing(self, events: tuple[Event, ...]) -> None:
        deriver, _ = derive()
        with pytest.raises(PeerFault):
            deriver.extend(block(1, registered(3), message(0, B), *events))
        assert deriver.number == 0
        outputs = deriver.extend(block(1, message(0, A), message(1, A, rollup=3), forced(0, 2)))
        assert included(outputs) == [A]
        assert included(outputs, 3) == []

    def test_extend__batch_left_out__is_refused(self) -> None:
        committee = Committee()
        committee.commit(committee.block())
        with pytest.raises(PeerFault, match="missing"):
            derive((committee.commit(committee.block()),))

    def test_extend__not_above_the_last_block__is_refused(self) -> None:
        deriver, _ = derive(())
        with pytest.raises(PeerFault):
            deriver.extend(block(1))


class TestReorg:
    def test_rollback__re_derives_the_other_branch(self) -> None:
        """DERIVE-9."""
        committee = Committee()
        batch = committee.commit(committee.block((1, [C]), forced=1))
        deriver, _ = derive((message(0, A),), (batch,))
        deriver.rollback_to(0)
        assert deriver.rollup(ONE) == RollupState()
        outputs = deriver.extend(block(1, message(0, B), branch="other"))
        outputs += deriver.extend(block(2, batch, branch="other"))
        assert included(outputs) == [B, C]

    def test_rollback__deeper_than_the_window__is_refused(self) -> None:
        deriver = Deriver(SEPARATOR, window=4)
        for number in range(10):
            deriver.extend(block(number))
        with pytest.raises(ReorgTooDeep):
            deriver.rollback_to(4)
        deriver.rollback_to(5)
        assert deriver.number == 5

    def test_memory__is_bounded(self) -> None:
        deriver = Deriver(SEPARATOR, window=4)
        deriver.extend(block(0, *REGISTERED))
        for number in range(100):
            deriver.extend(block(number + 1, message(number, A), forced(number, number + 1)))
        assert len(deriver._messages) <= 5
        assert len(deriver._undo) <= 5

    def test_memory__orphaned_messages_go(self) -> None:
        deriver, _ = derive((message(0, A), message(1, A)), (message(2, A),))
        deriver.rollback_to(0)
        assert not deriver._messages
