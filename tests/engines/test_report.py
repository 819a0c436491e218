"""The report's questions, asked of other engines over the same files: they answer what DuckDB answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumer.analytics.report import LogReport, ReportScope, report_on
from consumer.analytics.report.database import parquet_files
from consumer.analytics.report.engines.names import CLICKHOUSE, SPARK
from consumer.analytics.report.engines.script import engine_script
from consumer.analytics.report.script import ScriptScope
from tests.engines.environment import ENGINES, version
from tests.engines.recorded import Reading
from tests.engines.report import answers_of_clickhouse, answers_of_spark
from tests.kit.attempt_rows import attempted, write_attempts
from tests.kit.parquet_rows import T0, write_export
from tests.kit.uses_of_images import TAG, uses_of_images

ENDPOINTS = ("ci", "scan")
FAILED: dict[str, Any] = {"outcome": "failed", "status": None, "error": "timeout: slow"}
ATTEMPTS = [
    attempted(
        offset, at=offset * 131.0 + place, endpoint=endpoint, seconds=offset / 7 + place, answer=f"answer {offset}"
    )
    if offset % 3
    else attempted(offset, at=offset * 131.0 + place, endpoint=endpoint, seconds=offset / 9, **FAILED)
    for offset in range(40)
    for place, endpoint in enumerate(ENDPOINTS)
]
ASKED = {SPARK: (answers_of_spark, "Spark", "pyspark"), CLICKHOUSE: (answers_of_clickhouse, "ClickHouse", "chdb")}
READER = "[Report](report.md#beyond-one-machine) in {}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of events and one of attempts."""
    made = tmp_path_factory.mktemp("report")
    write_export(made / "events", uses_of_images())
    write_attempts(made / "attempts", [*ATTEMPTS, *ATTEMPTS[:5]])
    return made


@pytest.fixture(scope="module")
def report(folder: Path) -> LogReport:
    """The report by DuckDB."""
    attempts = parquet_files(folder / "attempts")
    scope = ReportScope(tag=TAG)
    return report_on(parquet_files(folder / "events"), scope, now=T0.timestamp(), attempts=attempts)


@pytest.mark.parametrize("engine", [SPARK, CLICKHOUSE])
def test_every_answer_is_that_of_duckdb(
    engine: str, folder: Path, report: LogReport, tmp_path: Path, has_read: Callable[[Reading], None]
) -> None:
    """All questions, those about attempts too: the same columns, the same rows, in the same order."""
    ENGINES.bring()
    events, attempts = (str(folder / name) for name in ("events", "attempts"))
    ask, name, package = ASKED[engine]
    answers = ask(engine_script(engine, ScriptScope(directory=events, tag=TAG, attempts=attempts)), tmp_path)
    assert len(report.answers) == len(answers)
    for (question, expected), found in zip(report.answers.items(), answers, strict=True):
        assert (question, len(expected.rows)) == (question, len(found.rows))
        assert list(found.columns or expected.columns) == list(expected.columns), question
        assert list(expected.rows) == found.like(expected.rows), question
    read = f"{len(answers)} questions, answered as by DuckDB"
    has_read(Reading(READER.format(name), f"{package} {version(package)}", read))
