"""What `registry-bridge views` prints, as the engines take it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engines.clickhouse import ClickHouse
from tests.engines.environment import version
from tests.engines.pipeline import TOPIC, Pipeline
from tests.engines.recorded import Reading
from tests.kit import eventually
from tests.kit.bridge import Installation

pytestmark = pytest.mark.kafka

LIMIT_S = 180.0


def printed(pipeline: Pipeline, folder: Path, engine: str) -> str:
    """The statements for an engine, with the addresses of the pipeline."""
    setup = Installation(pipeline.kafka.bootstrap, TOPIC, folder)
    done = setup.run_bridge("views", "--engine", engine, "--schema-url", pipeline.url)
    assert (0, "") == (done.code, done.stderr)
    return done.stdout


def test_clickhouse(pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """Each event is a row, what cannot be decoded is a row with its bytes, and the tombstone is none."""
    with ClickHouse(tmp_path / "engine") as engine:
        engine.run(printed(pipeline, tmp_path, "clickhouse"))

        def has_all() -> bool:
            [[count]] = engine.rows("SELECT count() FROM registry_events FINAL")
            assert len(pipeline.members) + len(pipeline.undecodable) == int(count)
            return True

        eventually(has_all, LIMIT_S)
        columns = "event_id, action, repository, tag, digest"
        events = engine.rows(f"SELECT {columns} FROM registry_events FINAL WHERE raw IS NULL")
        assert pipeline.members == {tuple(row) for row in events}
        odd = engine.rows(
            "SELECT kafka_partition, kafka_offset, hex(raw), kind FROM registry_events WHERE raw IS NOT NULL"
        )
        assert pipeline.undecodable == {(int(row[0]), int(row[1])): bytes.fromhex(row[2]) for row in odd}
        assert {"unknown"} == {row[3] for row in odd}
    read = f"{len(pipeline.sent)} events of two releases; {len(pipeline.undecodable)} others as rows with `raw`"
    has_read(Reading("[Views](views.md) in ClickHouse", f"chdb {version('chdb')}", read))
