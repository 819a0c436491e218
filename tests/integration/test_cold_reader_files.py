"""Others' programs read an export: with what docs/analytics.md shows, on what real registries sent over three days."""

import ast
import base64
import contextlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from avro.datafile import DataFileReader
from avro.io import DatumReader
from deltalake.schema import PrimitiveType
from pyiceberg.catalog.sql import SqlCatalog

from broker import LocalKafka
from producer.event_record import record_of
from runtime.kafka.writer import AcknowledgedWriter
from schemas.envelope import read_envelope
from tests.kit.bridge import Installation
from tests.kit.paths import DOCS
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
BY_PLACE = [("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
ESSENCE = ("kafka_partition", "kafka_offset", "event_id", "action", "repository", "tag")


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
    """The Iceberg page's pyiceberg and DuckDB count pulls in the table; days that are not asked for are not read."""
    to_table = ("--format", "iceberg", "--catalog", f"local=sqlite:///{tmp_path}/iceberg.db", "--output", str(tmp_path))
    for more in (("--to", SECOND_DAY), ()):
        done = setup.run_worker("export", *to_table, *more)
        assert done.code == 0, done.stderr
    with contextlib.chdir(tmp_path):
        names: dict[str, Any] = {}
        (example,) = snippets("iceberg.md", "Reading it", "python")
        exec(example, names)
    counted = dict(ast.literal_eval(capsys.readouterr().out))
    assert counted == Counter(event["target"]["repository"] for event in PULLS if SENT.index(event) >= 6)
    files = [task.file.file_path.removeprefix("file://") for task in names["table"].scan().plan_files()]
    assert RECORDS == pyarrow.dataset.dataset(files, format="parquet").count_rows()
    assert len(files) > len(list(names["pulls"].plan_files())) > 0


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


def readers(format_: str) -> list[tuple[str, str]]:
    """The readers of a format and the expressions with which they read it, as the page's table has them."""
    column = {"parquet": 1, "avro": 2, "ndjson": 3}[format_]
    (table,) = re.findall(
        r"^\| reader \|.*\n\|---.*\n((?:\|.*\n)+)", (DOCS / "analytics.md").read_text("utf-8"), re.MULTILINE
    )
    found = []
    for row in table.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        found += [(cells[0].strip(), code) for code in re.findall(r"`([^`]+\))`", cells[column])]
    return found


def made(names: Mapping[str, Any], code: str) -> pa.Table:
    """What the expression makes, as a table of Arrow."""
    result = eval(code, dict(names))
    if isinstance(result, pd.DataFrame):
        return pa.Table.from_pylist(result.astype(object).where(result.notna(), None).to_dict("records"))
    if isinstance(result, pl.DataFrame):
        return result.to_arrow()
    if isinstance(result, duckdb.DuckDBPyRelation):
        return result.to_arrow_table()
    return names["DeltaTable"]("delta").to_pyarrow_table() if result is None else result


def essence(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row of Avro or JSON, as far as the page's `lines` reads it: place, id, action, repository, tag, `raw`."""
    event, raw = row["event"] or {"target": {}}, row["raw"]
    place = row.get("kafka_partition", row.get("partition")), row.get("kafka_offset", row.get("offset"))
    of_event = (event.get("id"), event.get("action"), event["target"].get("repository"), event["target"].get("tag"))
    return *place, *of_event, base64.b64decode(raw) if isinstance(raw, str) else raw


@pytest.mark.parametrize(("reader", "code"), readers("parquet"))
def test_whoever_reads_parquet_gets_every_value(events: Path, tmp_path: Path, reader: str, code: str) -> None:
    """Each cell of the page's table, with the types that the columns have."""
    names = run("What reads what")
    there = names["ds"].dataset(names["parquet"]).to_table()
    with contextlib.chdir(tmp_path):
        shutil.copytree(events, "events")
        found = made(names, code).select(there.column_names).cast(there.schema)
    assert (reader, there.sort_by(BY_PLACE)) == (reader, found.sort_by(BY_PLACE))
    assert RECORDS == found.num_rows


@pytest.mark.parametrize(("reader", "code"), [*readers("avro"), *readers("ndjson")])
def test_whoever_reads_avro_or_lines_gets_every_record(events: Path, reader: str, code: str) -> None:
    """Each cell of the page's table: the same records as in Parquet."""
    assert events.is_dir()
    names = run("What reads what")
    there = names["ds"].dataset(names["parquet"]).to_table(columns=[*ESSENCE, "raw"]).to_pylist()
    wanted = {(*(row[name] for name in ESSENCE), row["raw"]) for row in there}
    found = [essence(row) for row in made(names, code).to_pylist()]
    assert (reader, RECORDS, wanted) == (reader, len(found), set(found))


def test_who_cannot_read_avro(events: Path, tmp_path: Path) -> None:
    """As the page's table says: two have no reader, one knows too little of the format, one takes Parquet alone."""
    avro = sorted(str(path) for path in events.rglob("*.avro"))
    assert not hasattr(pd, "read_avro")
    with pytest.raises(ValueError, match="avro"):
        pyarrow.dataset.dataset(avro, format="avro")
    with pytest.raises(pl.exceptions.ComputeError):
        pl.read_avro(avro[0])
    with SqlCatalog("local", uri=f"sqlite:///{tmp_path / 'c.db'}", warehouse=str(tmp_path)) as catalog:
        catalog.create_namespace("registry")
        table = catalog.create_table("registry.events", schema=pa.schema({"kafka_offset": pa.int64()}))
        with pytest.raises(Exception, match=r"(?i)parquet"):
            table.add_files(avro)


def test_files_become_a_delta_table_once(events: Path, tmp_path: Path) -> None:
    """It has all rows; a second time is refused, so what is exported later does not get in."""
    shutil.copytree(events, tmp_path / "events")
    by_day = deltalake.Schema([deltalake.Field("accepted_date", PrimitiveType("date"))])
    deltalake.convert_to_deltalake(tmp_path / "events", partition_by=by_day, partition_strategy="hive")
    assert RECORDS == deltalake.DeltaTable(tmp_path / "events").to_pyarrow_table().num_rows
    with pytest.raises(deltalake.exceptions.DeltaError, match="already a delta table"):
        deltalake.convert_to_deltalake(tmp_path / "events", partition_by=by_day, partition_strategy="hive")
