"""Forced messages of every kind, and what becomes of each (DERIVE-12, DERIVE-13)."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.derivation.entries import Entry, Output, QueuedMessage, Source
from sequencer.l1.events import MessageEnqueued, MessageKind
from sequencer.types import ZERO_HASH, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import ALICE, GARBAGE, Committee, message, transaction
from tests.unit.l1.chains import address, block, forced, registered

ONE = RollupId(1)
A = transaction(0)


def unsigned(index: int, kind: MessageKind, content: bytes = b"content") -> MessageEnqueued:
    return MessageEnqueued(index, ONE, address(3), 50_000, 700, content, kind)


def inbox_hash(event: MessageEnqueued) -> bytes:
    """INBOX-4, by another encoder."""
    kinds = ["uint8", "uint64", "uint32", "address", "uint64", "uint64", "bytes32"]
    values = [event.kind.value, event.index, event.rollup_id, event.sender]
    values += [event.gas_limit, event.deadline, keccak(event.content)]
    return keccak(encode(kinds, values))


def derive(
    *messages: MessageEnqueued, only: RollupId | None = None
) -> tuple[Deriver, list[Output]]:
    """The messages in block 1, all included by L1 in block 2."""
    deriver = Deriver(SEPARATOR, only)
    deriver.extend(block(0, registered(1, 7001), registered(2, 7002)))
    outputs = deriver.extend(block(1, *messages))
    return deriver, outputs + deriver.extend(block(2, forced(0, len(messages))))


def entries(outputs: list[Output]) -> list[Entry]:
    return [output for output in outputs if isinstance(output, Entry)]


@pytest.mark.parametrize("kind", [MessageKind.CALL, MessageKind.ETHER, MessageKind.TOKEN])
@pytest.mark.parametrize("content", [b"c", GARBAGE, A])
def test_call_or_deposit__is_included_whatever_it_holds(kind: MessageKind, content: bytes) -> None:
    """DERIVE-12: a deposit that is not listed would be lost."""
    event = unsigned(0, kind, content)
    deriver, outputs = derive(event)
    (entry,) = entries(outputs)
    assert (entry.skipped, entry.kind, entry.transaction) == (None, kind, content)
    assert (entry.sender, entry.gas_limit, entry.source) == (address(3), 50_000, Source.FORCED)
    assert entry.transaction_hash == inbox_hash(event)
    assert deriver.rollup(ONE) == RollupState(1, keccak(ZERO_HASH, inbox_hash(event)))


def test_same_content_twice__has_two_hashes() -> None:
    """Two equal deposits are two."""
    first, second = entries(derive(*(unsigned(i, MessageKind.ETHER) for i in (0, 1)))[1])
    assert first.transaction_hash != second.transaction_hash


def test_transaction__acts_for_its_signer_and_not_for_who_enqueued_it() -> None:
    """INBOX-7."""
    event = replace(message(0, A), sender=address(3))
    (entry,) = entries(derive(event)[1])
    assert (entry.kind, entry.transaction_hash) == (MessageKind.TRANSACTION, keccak(A))
    assert entry.sender is not None
    assert "0x" + entry.sender.hex() == ALICE.address.lower()


def test_transaction_that_does_not_decode__acts_for_nobody() -> None:
    (entry,) = entries(derive(message(0, GARBAGE))[1])
    assert entry.sender is None
    assert entry.skipped is not None


def test_block_transaction__has_a_sender_and_no_declared_gas() -> None:
    committee = Committee()
    deriver, _ = derive()
    (entry, _) = deriver.extend(block(3, committee.commit(committee.block((1, [A])))))
    assert isinstance(entry, Entry)
    assert (entry.gas_limit, entry.sender is None) == (None, False)


def test_queued__is_told_when_it_is_enqueued() -> None:
    """DERIVE-13."""
    event = unsigned(0, MessageKind.CALL)
    queued, entry = derive(event)[1]
    assert queued == QueuedMessage(
        index=0,
        rollup_id=ONE,
        kind=MessageKind.CALL,
        sender=address(3),
        gas_limit=50_000,
        due_at=700,
        l1_block=1,
        transaction_hash=inbox_hash(event),  # type: ignore[arg-type]
    )
    assert isinstance(entry, Entry)
    assert entry.transaction_hash == queued.transaction_hash


def test_queued__of_another_rollup__is_not_told() -> None:
    assert derive(unsigned(0, MessageKind.CALL), only=RollupId(2))[1] == []
