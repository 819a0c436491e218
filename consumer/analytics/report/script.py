"""A report as one file of SQL, which DuckDB runs without this program. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consumer.analytics.report.questions import ATTEMPT_QUESTIONS, ATTEMPT_RULES, QUESTIONS, RULES, Question, sql_of

PREPARATION: Final = "preparation"
"""The file that makes what the rules read: the records of an export, and what was selected of them."""
ATTEMPTS_PREPARATION: Final = "attempts_preparation"
"""The file that makes what the rule about attempts reads."""
AS_OF: Final = "set variable as_of = (select max(accepted_at) from records);\n"
"""The moment from which questions count back: the last record, whatever the time is now."""
_HEAD: Final = """\
-- All questions of `registry-worker report`, to be run by DuckDB over an export in Parquet:
--     duckdb < report.sql
-- docs/report.md says how it counts.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptScope:
    """The files that a script reads, and what it asks of them."""

    directory: str
    """Of the export; relative to where the file is run."""
    tag: str | None = None
    """The tag of which to say who pulls it."""
    everything: bool = False
    """Whether signatures and the like count as images."""
    attempts: str | None = None
    """Directory of an export of attempts; None: nothing is asked about attempts."""
    questions: Sequence[Question] = QUESTIONS


def script_of(scope: ScriptScope) -> str:
    """The preparation, the rules and the questions, in the order in which a report runs them."""
    return f"{_HEAD}\n{steps_of(scope)}"


def steps_of(scope: ScriptScope) -> str:
    """The statements of a script, without its head."""
    steps = [_prepared(scope), *_steps(scope.questions)]
    return "\n".join([*steps, *([] if scope.attempts is None else _steps_of_attempts(scope.attempts))])


def _steps(questions: Sequence[Question]) -> Iterator[str]:
    yield from map(sql_of, RULES)
    yield AS_OF
    yield from map(_asked, questions)


def _steps_of_attempts(directory: str) -> Iterator[str]:
    yield sql_of(ATTEMPTS_PREPARATION).replace("'attempts/**/*.parquet'", _parquet_in(directory))
    yield from map(sql_of, ATTEMPT_RULES)
    yield from map(_asked, ATTEMPT_QUESTIONS)


def _asked(question: Question) -> str:
    return f"-- {question.title}. {question.note}".rstrip() + f"\n{sql_of(question.name)}"


def _parquet_in(directory: str) -> str:
    """The files of an export."""
    return _literal(f"{directory.rstrip('/')}/**/*.parquet")


def _prepared(scope: ScriptScope) -> str:
    """The preparation, with the values that were asked for in the place of its samples."""
    values = {
        "'events/**/*.parquet'": _parquet_in(scope.directory),
        "everything = false": f"everything = {str(scope.everything).lower()}",
        "tag = 'latest'": f"tag = {'null' if scope.tag is None else _literal(scope.tag)}",
    }
    text = sql_of(PREPARATION)
    for sample, value in values.items():
        text = text.replace(sample, value)
    return text


def _literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
