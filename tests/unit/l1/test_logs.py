"""Logs to events: those of the contracts, and nothing but `DecodeError` for the rest (L1-4)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchesCharged,
    Checkpointed,
    DataAnswered,
    DataVoided,
    Event,
    L1Block,
    MessageKind,
    NoticeCleared,
    NoticeGiven,
    OperatorEjected,
    OperatorJailed,
    OperatorUnjailed,
    PromiseBroken,
    PromiseKept,
    RollupMode,
    SignerRotated,
)
from sequencer.l1.logs import addresses_of, decode_log
from sequencer.types import BatchIndex, RollupId
from tests.unit.l1.chains import (
    address,
    announced,
    bonded,
    cancelled,
    challenged,
    committed,
    consumed,
    enqueued,
    forced,
    header,
    posted,
    promise_challenged,
    recorded,
    registered,
)
from tests.unit.l1.fake_l1 import CONTRACTS, logs

EVENTS: list[Event] = [
    bonded(1),
    SignerRotated(1, address(7)),
    OperatorJailed(1),
    OperatorUnjailed(1),
    OperatorEjected(1),
    enqueued(3, deadline=77, raw=b"\x02raw"),
    forced(1, 2),
    consumed(2, 3),
    committed(4),
    registered(5),
    registered(6, holds_data=True),
    announced(5, RollupMode.SOLO, 99),
    announced(5, RollupMode.BASED, 99),
    cancelled(5),
    replace(enqueued(4), kind=MessageKind.TOKEN),
    posted(5, 0, b"data"),
    replace(posted(5, 1, b"data"), data=None),
    BasedEntered(),
    BasedEnding(77),
    BatchesCharged(BatchIndex(4), 3),
    NoticeGiven(RollupId(5), 99),
    NoticeCleared(RollupId(5)),
    challenged(5, 4, b"data"),
    DataAnswered(keccak(b"id"), b"data"),
    DataAnswered(keccak(b"id"), b""),
    DataVoided(keccak(b"id"), RollupId(5)),
    Checkpointed(BatchIndex(4)),
    promise_challenged(3),
    PromiseKept(keccak(b"id")),
    PromiseBroken(keccak(b"id")),
]
LOGS = logs(L1Block(header(9), (*EVENTS, recorded(0))))


def test_decode__every_event__comes_back() -> None:
    assert [decode_log(log, CONTRACTS) for log in LOGS[:-1]] == EVENTS


@pytest.mark.parametrize("log", LOGS)
def test_decode__same_log_of_another_address__is_no_event(log: object) -> None:
    assert decode_log(replace(log, address=address(1)), CONTRACTS) is None  # type: ignore[type-var, arg-type]
    for other in set(addresses_of(CONTRACTS)) - {log.address}:  # type: ignore[attr-defined]
        assert decode_log(replace(log, address=other), CONTRACTS) is None  # type: ignore[type-var, arg-type]


def test_decode__no_topics_or_an_unknown_one__is_no_event() -> None:
    assert decode_log(replace(LOGS[0], topics=()), CONTRACTS) is None
    assert decode_log(replace(LOGS[0], topics=(bytes(32),)), CONTRACTS) is None


@given(
    st.sampled_from(LOGS),
    st.binary(max_size=400),
    st.lists(st.binary(min_size=32, max_size=32), max_size=4),
)
def test_decode__any_topics_and_data__only_ever_raises_decode_error(
    log: object, data: bytes, topics: list[bytes]
) -> None:
    hostile = replace(log, data=data, topics=(log.topics[0], *topics))  # type: ignore[type-var, attr-defined]
    try:
        decode_log(hostile, CONTRACTS)  # type: ignore[arg-type]
    except DecodeError:
        return


@given(st.sampled_from(LOGS), st.data())
def test_decode__any_changed_word__only_ever_raises_decode_error(
    log: object, choice: st.DataObject
) -> None:
    data = bytearray(log.data)  # type: ignore[attr-defined]
    if data:
        at = 32 * choice.draw(st.integers(0, len(data) // 32 - 1))
        data[at : at + 32] = choice.draw(
            st.one_of(
                st.binary(min_size=32, max_size=32),
                st.integers(0, 600).map(lambda n: n.to_bytes(32, "big")),
                st.just(b"\xff" * 32),
            )
        )
    try:
        decode_log(replace(log, data=bytes(data)), CONTRACTS)  # type: ignore[type-var, arg-type]
    except DecodeError:
        return
