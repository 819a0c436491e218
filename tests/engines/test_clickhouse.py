"""ClickHouse reads the topic as docs/engines/clickhouse.md shows."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines.clickhouse import ClickHouse, ClickHouseError
from tests.engines.environment import version
from tests.engines.pipeline import UNKNOWN_RELEASE, Pipeline
from tests.engines.recorded import Reading
from tests.kit import eventually
from tests.kit.snippets import snippets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

PAGE = "engines/clickhouse.md"
TABLES, PULLS = snippets(PAGE, "ClickHouse", "sql")
LIMIT_S = 600.0


@pytest.fixture(scope="module")
def clickhouse(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """An engine with the page's tables, which have taken in the whole topic."""
    with ClickHouse(tmp_path_factory.mktemp("clickhouse")) as engine:
        engine.run(pipeline.shown(TABLES))

        def has_all() -> bool:
            [[events]] = engine.rows("SELECT uniqExact(id) FROM registry_events")
            [[others]] = engine.rows("SELECT count() FROM registry_undecodable")
            assert (len(pipeline.sent), len(pipeline.undecodable)) == (int(events), int(others))
            return True

        eventually(has_all, LIMIT_S)
        yield engine


def test_every_event_is_read(clickhouse: ClickHouse, pipeline: Pipeline, has_read: Callable[[Reading], None]) -> None:
    """Each event is a row with its members, that of the first release too."""
    members = "id, action, `target.repository`, `target.tag`, `target.digest`"
    found = clickhouse.rows(f"SELECT {members} FROM registry_events FINAL")
    assert pipeline.members == {tuple(row) for row in found}
    has_read(Reading("[ClickHouse](engines/clickhouse.md)", f"chdb {version('chdb')}", pipeline.told))


def test_what_is_no_event_is_set_aside(clickhouse: ClickHouse, pipeline: Pipeline) -> None:
    """Each undecodable record is a row of its own, with its place and its bytes; the tombstone is nowhere."""
    found = clickhouse.rows("SELECT kafka_partition, kafka_offset, hex(raw) FROM registry_undecodable")
    assert pipeline.undecodable == {(int(row[0]), int(row[1])): bytes.fromhex(row[2]) for row in found}


def test_a_large_id_survives(clickhouse: ClickHouse, pipeline: Pipeline) -> None:
    """ClickHouse asks for the id that stands in the record."""
    at = pipeline.odd["unknown"].offset
    [[error]] = clickhouse.rows(f"SELECT error FROM registry_undecodable WHERE kafka_offset = {at}")
    assert f"/schemas/ids/{UNKNOWN_RELEASE}" in error


def test_pulls_are_counted(clickhouse: ClickHouse, pipeline: Pipeline) -> None:
    """The page's question answers the pulls of each repository."""
    pulls = Counter(event["target"]["repository"] for event in pipeline.sent.values() if event["action"] == "pull")
    assert pulls == {repository: int(count) for repository, count in clickhouse.rows(PULLS.strip().removesuffix(";"))}


def test_without_the_setting_an_undecodable_record_is_in_the_way(pipeline: Pipeline, tmp_path: Path) -> None:
    """A table without `kafka_handle_error_mode` refuses to read on."""
    queue = TABLES.partition(";\n")[0].replace("'clickhouse'", "'stopped'")
    assert ",\n    kafka_handle_error_mode = 'stream'" in queue
    with ClickHouse(tmp_path) as engine:
        engine.run(pipeline.shown(queue.replace(",\n    kafka_handle_error_mode = 'stream'", "")))
        with pytest.raises(ClickHouseError, match=r"avro::Exception|Missing AvroConfluent magic byte|/schemas/ids/"):
            engine.rows("SELECT * FROM registry_events_queue SETTINGS stream_like_engine_allow_direct_select = 1")
