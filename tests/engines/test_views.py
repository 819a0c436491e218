"""What `registry-bridge views` prints, as the engines take it: rows as those of an export of the same topic."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.engines import flink, spark
from tests.engines.clickhouse import ClickHouse
from tests.engines.environment import version
from tests.engines.pipeline import PARTITIONS, TOPIC, UNKNOWN_RELEASE, Pipeline
from tests.engines.recorded import Reading
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.snippets import snippets
from tests.kit.topics import Found, make_topic

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

LIMIT_S = 180.0
Rows = list[dict[str, Any]]
PLACE = ("kafka_topic", "kafka_partition", "kafka_offset")
NO_STREAM, READ_ON, FROM_A_COPY = snippets("views.md", "Flink", "sql")
(COPY,) = snippets("engines/flink.md", "Copying what the bridge wrote", "sql")
SHOWN_OFFSETS = "partition:0,offset:0;partition:1,offset:4312"
COPIED = "registry.events.checked"
REFERENCE = {
    "media_type": "mediaType",
    "digest": "digest",
    "size_bytes": "size",
    "artifact_type": "artifactType",
    "os": "platform.os",
    "architecture": "platform.architecture",
    "variant": "platform.variant",
}
"""Where the topic has the members that the export's references have."""
ALL_OF_SPARK = """\
from pyspark.sql import SparkSession

spark = SparkSession.builder.config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").getOrCreate()
for statement in open("views.sql").read().split(";\\n"):
    if statement.strip():
        spark.sql(statement)
spark.table("registry_events").coalesce(1).write.parquet("rows")
"""


@pytest.fixture(scope="module")
def exported(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What `registry-worker export` says of each record, by its place in the topic.

    An export stops before a record of a newer release, as the unknown one seems to be: it is exported up to there and
    from behind it, and the row between is made of that of a cut record.
    """
    folder = tmp_path_factory.mktemp("export")
    unknown, cut = (pipeline.odd[name] for name in ("unknown", "cut"))
    at = f"{unknown.partition}:{unknown.offset}"
    for name, range_ in (("before", ("--to", at)), ("behind", ("--from", places_from(unknown, unknown.offset + 1)))):
        export = ("export", "--format", "parquet", "--output", f"{folder}/{name}", *range_)
        done = installation(pipeline, folder).run_worker(*export)
        assert done.code == 0, done.stderr
    rows = [row for file in folder.rglob("*.parquet") for row in pq.ParquetFile(file).read().to_pylist()]
    [like] = [row for row in rows if (row["kafka_partition"], row["kafka_offset"]) == (cut.partition, cut.offset)]
    moment = datetime.fromtimestamp(unknown.timestamp_ms / 1000, UTC)
    own = {"kafka_offset": unknown.offset, "accepted_at": moment, "schema_id": UNKNOWN_RELEASE, "raw": unknown.value}
    return by_place(iter([rows, [like | own]]))


def places_from(odd: Found, offset: int) -> str:
    """An offset in the partition of an odd record, and the beginnings of all others, as `--from` takes them."""
    offsets = dict.fromkeys(range(PARTITIONS), 0) | {odd.partition: offset}
    return ",".join(f"{partition}:{begin}" for partition, begin in offsets.items())


def by_place(several: Iterator[Rows]) -> Rows:
    """All rows, in the order of the topic."""
    return sorted((row for rows in several for row in rows), key=lambda row: [row[name] for name in PLACE])


def installation(pipeline: Pipeline, folder: Path) -> Installation:
    """The commands, with the addresses of the pipeline."""
    return Installation(pipeline.kafka.bootstrap, TOPIC, folder, partitions=PARTITIONS)


def printed(pipeline: Pipeline, folder: Path, engine: str) -> str:
    """The statements for an engine."""
    done = installation(pipeline, folder).run_bridge("views", "--engine", engine, "--schema-url", pipeline.url)
    assert (0, "") == (done.code, done.stderr)
    return done.stdout


def test_spark(pipeline: Pipeline, exported: Rows, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """Each record is a row as in the export, what cannot be decoded with its bytes, the tombstone without."""
    (tmp_path / "views.sql").write_text(printed(pipeline, tmp_path, "spark"))
    (tmp_path / "views.py").write_text(ALL_OF_SPARK)
    spark.submit("views.py", tmp_path)
    (file,) = (tmp_path / "rows").glob("*.parquet")
    found = pq.ParquetFile(file).read()
    columns = list(exported[0])
    assert columns == found.column_names[: len(columns)]
    assert exported == by_place(iter([found.select(columns).to_pylist()]))
    assert set(pipeline.undecodable.values()) == {row["raw"] for row in exported} - {None}
    has_read(Reading("[Views](views.md) in Spark", spark.JARS.version, in_words(pipeline, "others as rows with `raw`")))


@pytest.fixture(scope="module")
def flink_folder(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Flink wrote: the rows before what cannot be decoded, those behind it, those of a copy; and what it said."""
    folder = tmp_path_factory.mktemp("flink")
    copy = f"views.{COPIED}"
    make_topic(pipeline.kafka, copy, PARTITIONS)
    steps = (
        "SET 'execution.runtime-mode' = 'streaming';",
        printed(pipeline, folder, "flink"),
        "SET 'execution.runtime-mode' = 'batch';",
        NO_STREAM.replace("latest-offset", "specific-offsets"),
        set_option("scan.bounded.specific-offsets", offsets_of(pipeline, "cut")),
        into(folder, "before"),
        NO_STREAM,
        READ_ON.replace(SHOWN_OFFSETS, offsets_of(pipeline, "tombstone")),
        into(folder, "behind"),
        pipeline.shown(COPY.replace(COPIED, copy)),
        set_option("scan.startup.mode", "earliest-offset"),
        FROM_A_COPY.replace(COPIED, copy),
        into(folder, "copied"),
        FROM_A_COPY.replace(COPIED, TOPIC),
        into(folder, "stopped"),
    )
    (folder / "said").write_text(flink.run_sql("\n".join(steps), folder))
    return folder


def offsets_of(pipeline: Pipeline, name: str) -> str:
    """Every partition's beginning, but in the one of an odd record that record's place."""
    odd = pipeline.odd[name]
    offsets = dict.fromkeys(range(PARTITIONS), 0) | {odd.partition: odd.offset}
    return ";".join(f"partition:{partition},offset:{offset}" for partition, offset in offsets.items())


def set_option(name: str, value: str) -> str:
    """Another option of the topic's table in Flink."""
    return f"ALTER TABLE registry_events_topic SET ('{name}' = '{value}');"


def into(folder: Path, name: str) -> str:
    """All rows of Flink's view, written to a folder."""
    return f"""\
CREATE TABLE {name} WITH (
    'connector' = 'filesystem', 'path' = 'file://{folder}/{name}',
    'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601'
) AS SELECT * FROM registry_events;
"""


def written(folder: Path) -> Rows:
    """What a job of Flink's has written, in the order of the topic."""
    files = [file for file in folder.glob("[!.]*") if file.is_file()]
    lines = [line for file in files for line in file.read_bytes().split(b"\n") if line]
    return by_place(iter([[as_exported(json.loads(line)) for line in lines]]))


def as_exported(row: dict[str, Any]) -> dict[str, Any]:
    """Moments that JSON has as text, and of the topic's references the members that an export has."""
    moments = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("accepted_at", "event_time")}
    refs = row["refs"] and [{name: member(one, path) for name, path in REFERENCE.items()} for one in row["refs"]]
    return row | moments | {"refs": refs}


def member(reference: dict[str, Any], path: str) -> Any:
    """A member of a reference; null where it is empty."""
    value: Any = reference
    for name in path.split("."):
        value = value and value[name]
    return value or None


def as_flink_says(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the export as Flink has it by docs/views.md: without a schema's id, to the millisecond."""
    at = row["event_time"]
    moment = at and at.replace(microsecond=at.microsecond // 1000 * 1000)
    return row | {"schema_id": None, "event_time": moment}


@pytest.fixture(scope="module")
def events(pipeline: Pipeline, exported: Rows) -> Rows:
    """The exported rows of events, as Flink says them."""
    odd = {(one.partition, one.offset) for one in pipeline.odd.values()}
    return [as_flink_says(row) for row in exported if (row["kafka_partition"], row["kafka_offset"]) not in odd]


def test_flink(pipeline: Pipeline, events: Rows, flink_folder: Path, has_read: Callable[[Reading], None]) -> None:
    """Up to what cannot be decoded, and from the tombstone behind it on, each event is a row as in the export."""
    found = by_place(written(flink_folder / part) for part in ("before", "behind"))
    assert found, (flink_folder / "said").read_text()[-6000:]
    columns = list(events[0])
    assert columns == list(found[0])[: len(columns)]
    assert events == [{name: row[name] for name in columns} for row in found]
    has_read(
        Reading("[Views](views.md) in Flink", flink.JARS.version, in_words(pipeline, "others passed by their offsets"))
    )


def test_flink_reads_a_copy(events: Rows, flink_folder: Path) -> None:
    """The view over a copy of what the bridge wrote has each event, at its own place in the copy."""
    columns = [name for name in events[0] if name not in PLACE]
    wanted, found = (
        sorted(({name: row[name] for name in columns} for row in rows), key=str)
        for rows in (events, written(flink_folder / "copied"))
    )
    assert wanted == found


def test_flink_stops_at_what_it_cannot_decode(flink_folder: Path) -> None:
    """Without an offset to begin at and without a copy, the query fails and says so."""
    assert "[ERROR] Could not execute SQL statement" in (flink_folder / "said").read_text()
    assert [] == written(flink_folder / "stopped")


def test_clickhouse(pipeline: Pipeline, exported: Rows, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """Each event is a row as in the export, what cannot be decoded is a row with its bytes, the tombstone is none."""
    with ClickHouse(tmp_path / "engine") as engine:
        engine.run(printed(pipeline, tmp_path, "clickhouse"))

        def has_all() -> bool:
            [[count]] = engine.rows("SELECT count() FROM registry_events FINAL")
            assert len(pipeline.members) + len(pipeline.undecodable) == int(count)
            return True

        eventually(has_all, LIMIT_S)
        selected = "SELECT * REPLACE (hex(raw) AS raw) FROM registry_events FINAL"
        engine.rows(f"{selected} INTO OUTFILE '{tmp_path}/rows.parquet' FORMAT Parquet")
    wanted = [as_clickhouse_says(row) for row in exported if row["raw"] or row["event_id"]]
    rows = pq.ParquetFile(tmp_path / "rows.parquet").read().select(list(exported[0]))
    assert wanted == by_place(iter([rows.to_pylist()]))
    read = in_words(pipeline, "others as rows with `raw`")
    has_read(Reading("[Views](views.md) in ClickHouse", f"chdb {version('chdb')}", read))


def as_clickhouse_says(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the export as ClickHouse has it by docs/views.md: no schema's id, an empty list instead of null."""
    return row | {"schema_id": None, "refs": row["refs"] or [], "raw": row["raw"] and row["raw"].hex().upper()}


def in_words(pipeline: Pipeline, others: str) -> str:
    """What was read, for the table of the documents."""
    return f"{len(pipeline.sent)} events of two releases, as exported; {len(pipeline.undecodable)} {others}"
