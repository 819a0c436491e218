"""The questions about attempts, each on a few made by hand with answers counted by hand."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from consumer.analytics.report import InputError, ReportScope, page_of, report_on, text_of
from consumer.analytics.report.database import parquet_files
from consumer.analytics.report.questions import ATTEMPT_QUESTIONS
from consumer.analytics.report.script import ScriptScope, script_of
from consumer.attempts.event_attempt import EventAttempt
from consumer.places import parse_place
from tests.kit.attempt_rows import attempted, write_attempts
from tests.kit.parquet_rows import T0, row, write_export

EVENTS = [row("push", "manifest", at=second, repository=f"team/app{second % 2}") for second in range(6)]
FAILED: dict[str, Any] = {"outcome": "failed", "status": 500}
TIMEOUT: dict[str, Any] = {
    "outcome": "unavailable",
    "status": None,
    "error": "timeout: no answer within 1 s",
    "seconds": 1.0,
}
ATTEMPTS = [
    attempted(0, seconds=0.1, repository="team/app0"),
    attempted(1, seconds=0.2, repository="team/app1", answer="thanks"),
    attempted(2, seconds=0.3, repository="team/app0", **FAILED, answer="out of disk"),
    attempted(2, seconds=0.3, repository="team/app0", at=3600, number=2, **FAILED, answer="still"),
    attempted(2, seconds=0.1, repository="team/app0", at=7200, number=3),
    attempted(0, endpoint="audit", repository="team/app0", at=5, **TIMEOUT),
]


def answers(folder: Path, attempts: list[EventAttempt], **asked: Any) -> dict[str, list[dict[str, Any]]]:
    """The answers about attempts, each row by column."""
    exported = parquet_files(write_attempts(folder / "attempts", attempts, b"no attempt"))
    events = parquet_files(write_export(folder / "events", EVENTS))
    report = report_on(events, ReportScope(**asked), now=T0.timestamp(), attempts=exported, questions=())
    return {name: list(answer.records()) for name, answer in report.answers.items()}


def columns(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """These columns of an answer."""
    return [tuple(one[name] for name in names) for one in rows]


def test_by_endpoint(tmp_path: Path) -> None:
    """Attempts, the events that they were made for, the part that failed, and how long answers took."""
    found = answers(tmp_path, ATTEMPTS)["attempts_by_endpoint"]
    counts = columns(found, "endpoint", "attempts", "events", "delivered", "failed", "failed_percent", "most_tries")
    assert [("ci", 5, 3, 3, 2, 40.0, 3), ("audit", 1, 1, 0, 1, 100.0, 1)] == counts
    assert [(200.0, 300.0), (1000.0, 1000.0)] == columns(found, "p50_ms", "p99_ms")
    noon = T0.replace(tzinfo=None)
    times = [(noon, noon + timedelta(hours=2)), (noon + timedelta(seconds=5), noon + timedelta(seconds=5))]
    assert times == columns(found, "first_attempt", "last_attempt")


def test_without_deliveries_no_part_is_known(tmp_path: Path) -> None:
    """As the topic has failures alone."""
    found = answers(tmp_path, [one for one in ATTEMPTS if one.failed])
    for name in ("attempts_by_endpoint", "attempts_by_hour"):
        assert {None} == {one["failed_percent"] for one in found[name]}


def test_by_hour(tmp_path: Path) -> None:
    """The last hour first."""
    found = answers(tmp_path, ATTEMPTS)["attempts_by_hour"]
    noon = T0.replace(tzinfo=None)
    assert [
        (noon + timedelta(hours=2), "ci", 1, 0, 0.0),
        (noon + timedelta(hours=1), "ci", 0, 1, 100.0),
        (noon, "audit", 0, 1, 100.0),
        (noon, "ci", 2, 1, 33.33),
    ] == columns(found, "hour", "endpoint", "delivered", "failed", "failed_percent")


def test_by_status(tmp_path: Path) -> None:
    """Failures first; without an answer what was at fault; with the last answer that said something."""
    found = answers(tmp_path, ATTEMPTS)["attempts_by_status"]
    assert [
        ("ci", "failed", 500, None, 2, 1, "still"),
        ("audit", "unavailable", None, "timeout", 1, 1, None),
        ("ci", "delivered", 200, None, 3, 3, "thanks"),
    ] == columns(found, "endpoint", "outcome", "status", "fault", "attempts", "events", "last_answer")


def test_an_attempt_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """Its acknowledgement was lost, and it was written again."""
    (found,) = answers(tmp_path, [ATTEMPTS[0], ATTEMPTS[0]])["attempts_by_endpoint"]
    assert found["attempts"] == 1


@pytest.mark.parametrize(
    ("asked", "attempts"),
    [
        ({"repositories": ["team/app1"]}, 1),
        ({"from_": parse_place("0:1"), "to": parse_place("0:2")}, 1),
        ({"to": parse_place("0:2")}, 3),
        ({"repositories": ["other/*"]}, 0),
    ],
)
def test_at_the_events_that_were_asked_for(tmp_path: Path, asked: dict[str, Any], attempts: int) -> None:
    """By range and by repository."""
    assert attempts == sum(one["attempts"] for one in answers(tmp_path, ATTEMPTS, **asked)["attempts_by_endpoint"])


def test_are_shown_as_the_other_answers(tmp_path: Path) -> None:
    """On the terminal and on the page; not at all without attempts."""
    events = parquet_files(write_export(tmp_path / "events", EVENTS))
    exported = parquet_files(write_attempts(tmp_path / "attempts", ATTEMPTS))
    report = report_on(events, ReportScope(), now=T0.timestamp(), attempts=exported)
    assert "WHAT ENDPOINTS ANSWERED" in text_of(report)
    assert 'id="attempts_by_hour"' in page_of(report)
    without = report_on(events, ReportScope(), now=T0.timestamp())
    assert not {question.name for question in ATTEMPT_QUESTIONS} & set(without.answers)


def test_no_attempt_was_made(tmp_path: Path) -> None:
    """The answers are empty."""
    events = parquet_files(write_export(tmp_path, EVENTS))
    report = report_on(events, ReportScope(), now=T0.timestamp(), attempts=[])
    assert [0, 0, 0] == [report.answers[question.name].total for question in ATTEMPT_QUESTIONS]


def test_an_export_of_events_is_none_of_attempts(tmp_path: Path) -> None:
    """It is refused by name."""
    events = parquet_files(write_export(tmp_path, EVENTS))
    with pytest.raises(InputError, match="is not an export of attempts in Parquet: column written_at is missing"):
        report_on(events, ReportScope(), now=T0.timestamp(), attempts=events)


def test_the_file_of_sql_answers_as_the_command_does(tmp_path: Path) -> None:
    """Behind all other questions."""
    expected = answers(tmp_path, ATTEMPTS)
    folders = str(tmp_path / "events"), str(tmp_path / "attempts")
    script = script_of(ScriptScope(directory=folders[0], attempts=folders[1], questions=()))
    connection, found = duckdb.connect(":memory:"), []
    for statement in duckdb.extract_statements(script):
        result = connection.execute(statement)
        if statement.type == duckdb.StatementType.SELECT:
            names = [column[0] for column in result.description or ()]
            found.append([dict(zip(names, cells, strict=True)) for cells in result.fetchall()])
    assert found == [expected[question.name] for question in ATTEMPT_QUESTIONS]
