"""Asking: the rules made into tables, the questions put one after the other. Knows no way of showing an answer."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consumer.analytics.report.answers import AnsweredQuestion, LogReport
from consumer.analytics.report.database import opened
from consumer.analytics.report.questions import (
    ATTEMPT_QUESTIONS,
    ATTEMPT_RULES,
    QUESTIONS,
    RULES,
    WHO_PULLS_TAG,
    Question,
    sql_of,
)
from consumer.analytics.report.ranges import select_ranges
from consumer.analytics.report.script import AS_OF
from consumer.filters.globs import Globs
from consumer.places import Place
from runtime.config import Beginning, End

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS: Final = 100_000
"""Rows of one answer at most, so that memory is bounded by the questions and not by the log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportScope:
    """The records that a report is about, and how they count."""

    from_: Place = field(default_factory=Beginning)
    to: Place = field(default_factory=End)
    registries: Sequence[str] = ()
    """Labels; empty: all."""
    repositories: Sequence[str] = ()
    """Globs; empty: all."""
    tag: str | None = None
    """The tag of which to say who pulls it."""
    everything: bool = False
    """Whether signatures and the like count as images."""


def report_on(
    files: Sequence[Path],
    scope: ReportScope,
    *,
    now: float,
    attempts: Sequence[Path] | None = None,
    questions: Sequence[Question] = QUESTIONS,
    rows: int = MOST_ROWS,
) -> LogReport:
    """Answer every question from these Parquet files.

    Args:
        files: of an export; none is an empty log.
        scope: which records.
        now: seconds since the epoch, for places that are times ago.
        attempts: files of an export of attempts; None: the questions about attempts are not asked.
        questions: which; who pulls a tag is only asked if the scope names one.
        rows: of each answer at most.

    Raises:
        ExtraMissingError: DuckDB is not installed.
        InputError: the files are no export.
        PlaceError: the export has no such partition, or `from_` lies behind `to`.
        QueryError: DuckDB failed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="registry-report-") as scratch,
        opened(files, Path(scratch), attempts=attempts or ()) as connection,
    ):
        queries = _Queries(connection)
        unmatched = queries.prepare(scope, now=now)
        fitting = [question for question in questions if question != WHO_PULLS_TAG or scope.tag]
        answers = {question.name: queries.answer(question, rows) for question in fitting}
        if attempts is not None:
            queries.make(ATTEMPT_RULES)
            answers |= {question.name: queries.answer(question, rows) for question in ATTEMPT_QUESTIONS}
    asked = {
        "registries": list(scope.registries),
        "repositories": list(scope.repositories),
        "tag": scope.tag,
        "all": scope.everything,
    }
    return LogReport(answers, asked, unmatched, queries.seconds)


class _Queries:
    """The queries of one report on one database."""

    def __init__(self, connection: "DuckDBPyConnection") -> None:
        self._connection: Final = connection
        self.seconds: Final[dict[str, float]] = {}
        """How long each rule and each question took."""

    def prepare(self, scope: ReportScope, *, now: float) -> list[str]:
        """Make the tables and variables that the questions read; the globs that no record matches."""
        select_ranges(self._connection, scope.from_, scope.to, now=now)
        unmatched = _select_repositories(self._connection, scope.repositories)
        _select_registries(self._connection, scope.registries)
        self._connection.execute("set variable everything = ?", [scope.everything])
        self._connection.execute("set variable tag = ?", [scope.tag])
        self.make(RULES)
        self._connection.execute(AS_OF)
        return unmatched

    def make(self, rules: Sequence[str]) -> None:
        """Make what these rules say."""
        for rule in rules:
            with self._timed(rule):
                self._connection.execute(sql_of(rule))

    def answer(self, question: Question, rows: int) -> AnsweredQuestion:
        """Answer one question with so many rows at most."""
        with self._timed(question.name):
            self._connection.execute(f"create or replace temp table answer as {sql_of(question.name)}")
            total = self._connection.execute("select count(*) from answer").fetchall()[0][0]
            found = self._connection.execute("select * from answer limit ?", [rows])
            columns = [column[0] for column in found.description or ()]
            return AnsweredQuestion(question, columns, found.fetchall(), total)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begin


def _select_registries(connection: "DuckDBPyConnection", labels: Sequence[str]) -> None:
    connection.execute("set variable some_registries = ?", [bool(labels)])
    connection.execute("create or replace temp table wanted_registries (registry varchar)")
    connection.execute("insert into wanted_registries select unnest(?::varchar[])", [list(labels)])


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
