"""A report as one file of SQL, which DuckDB runs without this program. Pure."""

from collections.abc import Iterator, Sequence
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


def script_of(
    directory: str,
    *,
    tag: str | None,
    everything: bool,
    attempts: str | None = None,
    questions: Sequence[Question] = QUESTIONS,
) -> str:
    """The preparation, the rules and the questions, in the order in which a report runs them.

    Args:
        directory: of the export; relative to where the file is run.
        tag: of which to say who pulls it.
        everything: whether signatures and the like count as images.
        attempts: directory of an export of attempts; None: nothing is asked about attempts.
        questions: to be asked.
    """
    steps = steps_of(directory, tag=tag, everything=everything, attempts=attempts, questions=questions)
    return f"{_HEAD}\n{steps}"


def steps_of(
    directory: str,
    *,
    tag: str | None,
    everything: bool,
    attempts: str | None = None,
    questions: Sequence[Question] = QUESTIONS,
) -> str:
    """The statements of a script, without its head."""
    steps = [_prepared(directory, tag, everything=everything), *_steps(questions)]
    return "\n".join([*steps, *([] if attempts is None else _steps_of_attempts(attempts))])


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


def _prepared(directory: str, tag: str | None, *, everything: bool) -> str:
    """The preparation, with the values that were asked for in the place of its samples."""
    values = {
        "'events/**/*.parquet'": _parquet_in(directory),
        "everything = false": f"everything = {str(everything).lower()}",
        "tag = 'latest'": f"tag = {'null' if tag is None else _literal(tag)}",
    }
    text = sql_of(PREPARATION)
    for sample, value in values.items():
        text = text.replace(sample, value)
    return text


def _literal(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
