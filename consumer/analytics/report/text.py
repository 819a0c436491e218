"""A report as tables on a terminal. Pure.

Whatever a registry or its clients sent, it shows and does nothing; a column of numbers stands to the right.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from consumer.analytics.report.answers import AnsweredQuestion, Cell, LogReport
from consumer.analytics.report.cells import heading, is_number, shown
from consumer.analytics.report.questions import LEFT_OPEN, WINDOW
from runtime.cli.terminal import printable, table

_ROWS: Final = 20
_WIDEST: Final = 60


def text_of(report: LogReport) -> str:
    """Each question as a headed table of at most 20 rows; what a source leaves open as one row a source."""
    return "\n\n".join("\n".join(_section(answer, report)) for answer in report.answers.values())


def _section(answer: AnsweredQuestion, report: LogReport) -> Iterator[str]:
    if answer.question == LEFT_OPEN and answer.rows:
        yield _title(answer)
        rows = [
            (*map(printable, (label, kind)), str(count), facts)
            for label, kind, count, facts in report.left_open_by_source()
        ]
        yield table(("registry", "source format", "questions", "missing"), rows)
    else:
        yield from _lines(answer, report.left_open(answer.question))


def _title(answer: AnsweredQuestion) -> str:
    title = answer.question.title.upper()
    return f"{title}  ({answer.question.note})" if answer.question.note else title


def _lines(answer: AnsweredQuestion, left_open: Sequence[str]) -> Iterator[str]:
    yield _title(answer)
    if left_open:
        yield printable(f"left open: {'; '.join(left_open)}")
    if not answer.rows:
        yield "none"
    elif answer.question == WINDOW:
        yield table(
            ("", ""), [(heading(column), _cell(column, answer.rows[0][at])) for at, column in enumerate(answer.columns)]
        ).lstrip("\n")
    else:
        yield _table(answer)
        if answer.total > _ROWS:
            yield f"... and {answer.total - _ROWS:,} more (--json has them)"


def _table(answer: AnsweredQuestion) -> str:
    rows = answer.rows[:_ROWS]
    columns = [_column(name, [row[at] for row in rows]) for at, name in enumerate(answer.columns)]
    head, *body = zip(*columns, strict=True)
    return table(head, body)


def _column(name: str, cells: Sequence[Cell]) -> list[str]:
    """The column's heading and cells, all as wide as the widest if they are numbers."""
    texts = [heading(name), *(_cell(name, cell) for cell in cells)]
    if not any(map(is_number, cells)):
        return texts
    widest = max(map(len, texts))
    return [text.rjust(widest) for text in texts]


def _cell(column: str, cell: Cell) -> str:
    text = printable(shown(column, cell))
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
