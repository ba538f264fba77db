"""What the cases showed, as a table (Markdown)."""

from collections.abc import Iterator, Sequence

from tests.restarts.trial import Outcome

TITLES = (
    "case",
    "order resumes",
    "with start",
    "all level",
    "final",
    "lost",
    "slashable",
    "load",
)


def render(outcomes: Sequence[Outcome]) -> str:
    rows = [TITLES, tuple("---" for _ in TITLES), *map(_row, outcomes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(TITLES))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.case.name,
        f"{outcome.resumed:.1f} s",
        f"{outcome.with_start:.1f} s",
        f"{outcome.level:.1f} s",
        str(outcome.transactions),
        str(len(outcome.lost)),
        str(len(outcome.slashable)),
        f"{outcome.load_average:.1f}",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(_cells(row, widths)) + " |"


def _cells(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if number == 0 else cell.rjust(width)
