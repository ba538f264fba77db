"""A log that an attacker writes to (NET-9)."""

import logging

from sequencer.quiet import FewLines


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("name", logging.ERROR, __file__, 1, "bad %s", (text,), None)


def test_filter__more_lines_than_a_minute_has__leaves_out_and_says_how_many() -> None:
    now = 0.0
    few = FewLines(2, lambda: now)
    assert [few.filter(record("request")) for _ in range(5)] == [True, True, False, False, False]
    now = 60.0
    later = record("request")
    assert few.filter(later)
    assert later.getMessage() == "bad request (3 more before it)"
    last = record("request")
    assert few.filter(last)
    assert last.getMessage() == "bad request"
    assert not few.filter(record("request"))
