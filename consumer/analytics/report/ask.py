"""Asking: the rules made into tables, the questions put one after the other. Knows no way of showing an answer."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consumer.analytics.report.answers import Answer, Report
from consumer.analytics.report.database import opened
from consumer.analytics.report.questions import QUESTIONS, RULES, WHO_PULLS_TAG, Question, sql_of
from consumer.analytics.report.ranges import select_ranges
from consumer.filters.globs import Globs
from consumer.places import Place
from runtime.config import Beginning, End

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS: Final = 100_000
"""Rows of one answer at most, so that memory is bounded by the questions and not by the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a report is asked to be about."""

    from_: Place = field(default_factory=Beginning)
    to: Place = field(default_factory=End)
    repositories: Sequence[str] = ()
    """Globs; empty: all."""
    tag: str | None = None
    """The tag of which to say who pulls it."""
    everything: bool = False
    """Whether signatures and the like count as images."""


def report_on(
    files: Sequence[Path],
    asked: Asked,
    *,
    now: float,
    questions: Sequence[Question] = QUESTIONS,
    rows: int = MOST_ROWS,
    took: Callable[[str, float], None] = lambda _name, _seconds: None,
) -> Report:
    """Answer every question from these Parquet files.

    Args:
        files: of an export; none is an empty log.
        asked: which records, and what besides.
        now: seconds since the epoch, for places that are times ago.
        questions: which; who pulls a tag is only asked if `asked` names one.
        rows: of each answer at most.
        took: is told the seconds that each rule and question took.

    Raises:
        ExtraMissingError: DuckDB is not installed.
        InputError: the files are no export.
        PlaceError: the export has no such partition, or `from_` lies behind `to`.
        QueryError: DuckDB failed.
    """
    with tempfile.TemporaryDirectory(prefix="registry-report-") as scratch, opened(files, Path(scratch)) as connection:
        unmatched = prepare(connection, asked, now=now, took=took)
        fitting = [question for question in questions if question != WHO_PULLS_TAG or asked.tag]
        answers = {question.name: _answer(connection, question, rows, took) for question in fitting}
    said = {"repositories": list(asked.repositories), "tag": asked.tag, "all": asked.everything}
    return Report(answers, said, unmatched)


def prepare(
    connection: "DuckDBPyConnection",
    asked: Asked,
    *,
    now: float,
    took: Callable[[str, float], None] = lambda _name, _seconds: None,
) -> list[str]:
    """Make the tables and variables that the questions read; which globs no record matches."""
    select_ranges(connection, asked.from_, asked.to, now=now)
    unmatched = _select_repositories(connection, asked.repositories)
    connection.execute("set variable everything = ?", [asked.everything])
    connection.execute("set variable tag = ?", [asked.tag])
    for rule in RULES:
        begin = time.perf_counter()
        connection.execute(sql_of(rule))
        took(rule, time.perf_counter() - begin)
    connection.execute("set variable as_of = (select max(accepted_at) from records)")
    return unmatched


def _select_repositories(connection: "DuckDBPyConnection", patterns: Sequence[str]) -> list[str]:
    globs = Globs(patterns)
    connection.execute("set variable some_repositories = ?", [bool(globs)])
    connection.execute("create or replace temp table wanted (repository varchar)")
    if not globs:
        return []
    found = connection.execute("select distinct repository from exported where repository is not null").fetchall()
    wanted = [repository for (repository,) in found if globs.match(repository)]
    connection.execute("insert into wanted select unnest(?::varchar[])", [wanted])
    each = {pattern: Globs([pattern.removeprefix("!")]) for pattern in patterns}
    return [pattern for pattern, glob in each.items() if not any(glob.match(repository) for (repository,) in found)]


def _answer(
    connection: "DuckDBPyConnection", question: Question, rows: int, took: Callable[[str, float], None]
) -> Answer:
    begin = time.perf_counter()
    connection.execute(f"create or replace temp table answer as {sql_of(question.name)}")
    total = connection.execute("select count(*) from answer").fetchall()[0][0]
    found = connection.execute("select * from answer limit ?", [rows])
    columns = [column[0] for column in found.description or ()]
    answer = Answer(question, columns, found.fetchall(), total)
    took(question.name, time.perf_counter() - begin)
    return answer
