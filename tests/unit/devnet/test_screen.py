"""Refreshing in place: lines are drawn over the last ones, and none wraps."""

import io

from sequencer.devnet.screen import Screen


def test_the_first_drawing_moves_nothing() -> None:
    out = io.StringIO()
    Screen(out, columns=80).draw(["one", "two"])
    assert out.getvalue() == "\x1b[2Kone\n\x1b[2Ktwo\n\x1b[J"


def test_the_next_one_goes_back_over_it() -> None:
    out = io.StringIO()
    screen = Screen(out, columns=80)
    screen.draw(["one", "two"])
    out.truncate(0)
    out.seek(0)
    screen.draw(["three"])
    assert out.getvalue() == "\x1b[2A\x1b[2Kthree\n\x1b[J"


def test_long_lines_are_cut_to_the_terminal() -> None:
    out = io.StringIO()
    Screen(out, columns=10).draw(["0123456789abcdef"])
    assert "012345678\n" in out.getvalue()
