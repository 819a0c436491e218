"""Files of attempts: a row for each record, with the columns that the report reads."""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from consumer.analytics.report.columns import ATTEMPT_COLUMNS
from tests.kit.attempt_rows import attempted, write_attempts
from tests.kit.parquet_rows import T0


def test_a_row_for_each_record(tmp_path: Path) -> None:
    """One that holds no attempt has its bytes, and no endpoint."""
    attempts = [attempted(7, number=2, outcome="failed", status=500, next_try_s=4.0, answer="out of disk")]
    folder = write_attempts(tmp_path, attempts, b"no attempt", None)
    first, second, third = pq.read_table(folder / "registry.attempts.parquet").to_pylist()
    assert {
        "kafka_topic": "registry.attempts",
        "kafka_partition": 2,
        "kafka_offset": 0,
        "endpoint": "ci",
        "began_at": T0,
        "event_id": "id-7",
        "event_topic": "registry.events",
        "event_partition": 0,
        "event_offset": 7,
        "repository": "team/app",
        "action": "push",
        "try": 2,
        "outcome": "failed",
        "status": 500,
        "error": "",
        "seconds": 0.1,
        "next_try_seconds": 4.0,
        "answer": "out of disk",
        "raw": None,
    }.items() <= first.items()
    assert (first["written_at"] - T0).total_seconds() == 0.1
    assert [(1, None, b"no attempt"), (2, None, None)] == [
        (row["kafka_offset"], row["endpoint"], row["raw"]) for row in (second, third)
    ]


def test_the_columns_are_those_that_the_report_reads(tmp_path: Path) -> None:
    """By DuckDB's names of their types, in order."""
    write_attempts(tmp_path, [attempted(7)])
    read = duckdb.connect(":memory:").read_parquet(str(tmp_path / "*.parquet"))
    assert list(ATTEMPT_COLUMNS.items()) == list(zip(read.columns, map(str, read.types), strict=True))
