"""Others' programs read an export: with what docs/analytics.md shows, on what real registries sent over three days."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.dataset
import pytest
from avro.datafile import DataFileReader
from avro.io import DatumReader

from broker import LocalKafka
from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter
from schemas.envelope import read_envelope
from tests.kit.bridge import Installation
from tests.kit.real_notifications import notifications
from tests.kit.snippets import snippets
from tests.kit.topics import Found, make_topic, read, write

pytestmark = pytest.mark.kafka

TOPIC = "test-cold-reader-files"
FIRST_DAY, SECOND_DAY, STEP = 1_767_268_800_000, "2026-01-02T00:00:00+00:00", 7_200_000
"""2026-01-01T12:00:00Z in milliseconds; midnight; two hours in milliseconds: 23 records reach into a third day."""
SENT = [event for one in notifications() for event in one.events]
PULLS = [event for event in SENT if event["action"] == "pull"]
RECORDS = len(SENT) + 1
"""With one that is no event."""


@pytest.fixture(scope="module")
def setup(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A topic with what registries sent, accepted two hours apart, and then a record that is no event."""
    make_topic(kafka, TOPIC, retention_ms="-1")  # the records are old
    writer = AcknowledgedWriter(
        {"bootstrap.servers": kafka.bootstrap}, client_id="test", max_record_bytes=1 << 20, limit_s=60.0
    )
    events = [event for one in notifications() for event in read_envelope(one.body, content_type=one.content_type)]
    times = range(FIRST_DAY, FIRST_DAY + STEP * len(events), STEP)
    writer.write([record_of(event, topic=TOPIC, accepted_ms=at) for event, at in zip(events, times, strict=True)])
    writer.close()
    write(kafka, TOPIC, [Found(3, -1, -1, b"junk", b"junk", ())])
    return Installation(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("cold"))


@pytest.fixture(scope="module")
def exported(setup: Installation) -> Path:
    """A folder whose `events` has the export in all three formats."""
    for format_ in ("parquet", "avro", "ndjson"):
        export(setup, setup.folder, format_)
    return setup.folder


@pytest.fixture
def events(exported: Path) -> Iterator[Path]:
    """The export; the working directory is where it is `events`, as the page has it."""
    with contextlib.chdir(exported):
        yield exported / "events"


def export(setup: Installation, folder: Path, format_: str, *options: str) -> None:
    """Exports into `events` of a folder."""
    done = setup.run_worker("export", "--output", str(folder / "events"), "--format", format_, *options)
    assert done.code == 0, done.stderr


def run(heading: str) -> dict[str, Any]:
    """Runs the page's Python; its names."""
    (example,) = snippets("analytics.md", heading, "python")
    names: dict[str, Any] = {}
    exec(compile(example, heading, "exec"), names)
    return names


@pytest.mark.parametrize("heading", ["DuckDB", "Lines of JSON"])
def test_duckdb(events: Path, heading: str) -> None:
    """The page's SQL counts the pulls of each repository, in Parquet and in lines of JSON."""
    (example,) = snippets("analytics.md", heading, "sql")
    with duckdb.connect() as database:
        found = database.execute(example).fetchall()
    assert Counter(event["target"]["repository"] for event in PULLS) == dict(found)


def test_duckdb_takes_the_day_from_the_directory(events: Path) -> None:
    """DuckDB has `accepted_date` as a date beside the columns, in Parquet and in lines of JSON."""
    with duckdb.connect() as database:
        for files in ("read_parquet('events/*/*.parquet')", "read_json('events/*/*.ndjson')"):
            query = f"select count(*), epoch_ms(min(accepted_at)) from {files} where accepted_date = date '2026-01-02'"
            found = database.execute(query).fetchall()
            assert [(12, FIRST_DAY + 6 * STEP)] == found


def test_polars(events: Path) -> None:
    """The page's polars counts the pulled events of each day and repository, the day from the directory."""
    names = run("polars")
    days = {row["event_id"]: row["accepted_date"] for row in names["events"].collect().iter_rows(named=True)}
    assert len(days) == RECORDS
    wanted = Counter((days[event["id"]], event["target"]["repository"]) for event in PULLS)
    assert wanted == {row[:2]: row[2] for row in names["by_day"].collect().iter_rows()}
    assert pl.Date == names["events"].collect_schema()["accepted_date"]


def test_iceberg(setup: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's pyiceberg makes a table of the files where they lie; run again, it adds the new ones alone."""
    with contextlib.chdir(tmp_path):
        export(setup, tmp_path, "parquet", "--to", SECOND_DAY)
        run("Iceberg")
        export(setup, tmp_path, "parquet")
        run("Iceberg")
        table = run("Iceberg")["table"]
    counts = [int(count) for count in capsys.readouterr().out.split()]
    assert len(PULLS) == counts[1] == counts[2] > counts[0]
    files = sorted(str(path) for path in (tmp_path / "events").rglob("*.parquet"))
    assert files == sorted(task.file.file_path for task in table.scan().plan_files())
    later = table.scan(row_filter=f"accepted_at >= '{SECOND_DAY}'")
    assert RECORDS - 6 == later.count()
    assert len(files) > len(list(later.plan_files())) > 0
    by_place = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
    there = pyarrow.dataset.dataset(files, format="parquet").to_table().sort_by(by_place)
    wanted = [
        {**row, "refs": row["refs"] or []} for row in there.to_pylist()
    ]  # to pyiceberg, a null list is an empty one
    assert wanted == table.scan().to_arrow().sort_by(by_place).to_pylist()
    assert there.num_rows == RECORDS


def test_apache_avro(kafka: LocalKafka, events: Path) -> None:
    """Apache Avro's own library reads the container files: every record, events whole, junk as it was."""
    found: list[Any] = []
    for path in events.rglob("*.avro"):
        with path.open("rb") as file, DataFileReader(file, DatumReader()) as reader:
            found += list(reader)
    places = {(one.partition, one.offset): one.value for one in read(kafka, TOPIC)}
    assert places.keys() == {(one["partition"], one["offset"]) for one in found}
    assert {event["id"]: event["target"]["repository"] for event in SENT} == {
        one["event"]["id"]: one["event"]["target"]["repository"] for one in found if one["event"]
    }
    assert [b"junk"] == [one["raw"] for one in found if one["event"] is None]
