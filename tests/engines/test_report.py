"""The report's questions, asked of other engines over the same files, as docs/report.md tells to: DuckDB's answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumer.analytics.report import LogReport, ReportScope, report_on
from consumer.analytics.report.database import parquet_files
from tests.engines.environment import ENGINES, version
from tests.engines.recorded import Reading
from tests.engines.report import answers
from tests.kit.attempt_rows import attempted, write_attempts
from tests.kit.parquet_rows import T0, write_export
from tests.kit.snippets import snippets
from tests.kit.uses_of_images import TAG, uses_of_images

pytestmark = pytest.mark.timeout(3600)

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
ON_SPARK, ON_CLICKHOUSE = snippets("report.md", "Beyond one machine", "sh")
COMMANDS = {"Spark": (ON_SPARK, "pyspark"), "ClickHouse": (ON_CLICKHOUSE, "chdb")}
"""What the page shows for each engine, and the package whose version counts."""
SHOWN = "--input events --tag v1.2"
ASKED = f"--input events --attempts attempts --tag {TAG}"
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


@pytest.mark.parametrize("engine", COMMANDS)
def test_every_answer_is_that_of_duckdb(
    engine: str, folder: Path, report: LogReport, has_read: Callable[[Reading], None]
) -> None:
    """All questions, those about attempts too: the same columns, the same rows, in the same order."""
    ENGINES.bring()
    commands, package = COMMANDS[engine]
    assert SHOWN in commands
    columns = [answer.columns for answer in report.answers.values()]
    found = answers(commands.replace(SHOWN, ASKED), folder, columns)
    for (question, expected), one in zip(report.answers.items(), found, strict=True):
        assert (question, len(expected.rows)) == (question, len(one.rows))
        assert list(expected.rows) == one.like(expected.rows), question
    read = f"{len(found)} questions, answered as by DuckDB"
    has_read(Reading(READER.format(engine), f"{package} {version(package)}", read))
