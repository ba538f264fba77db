"""A block of lines refreshed in place on a terminal, by ANSI sequences alone."""

import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

_UP = "\x1b[{}A"
_CLEAR_LINE = "\x1b[2K"
_CLEAR_BELOW = "\x1b[J"


class Screen:
    """Draws lines over the ones it drew last. Nothing else may be printed in between."""

    def __init__(self, out: TextIO | None = None, columns: int | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._columns = columns
        self._drawn = 0

    def draw(self, lines: Sequence[str]) -> None:
        """Each line is cut to the width of the terminal: one that wraps would be two."""
        width = self._columns or shutil.get_terminal_size().columns
        parts = [_UP.format(self._drawn)] if self._drawn else []
        parts += [f"{_CLEAR_LINE}{line[: width - 1]}\n" for line in lines]
        self._out.write("".join(parts) + _CLEAR_BELOW)
        self._out.flush()
        self._drawn = len(lines)
