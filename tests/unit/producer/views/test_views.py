"""The text for each engine: what a new member of the schema does to it, and what its view says of events."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from consumer.analytics.arrow import SCHEMA, table_of
from consumer.log.record_batch import RecordBatch
from producer.views.members import INT, LONG, TEXT, TIME, ListOf, MapOf, MemberType, RecordType, record_of
from producer.views.place import EventsPlace
from producer.views.views import ENGINES, views_for
from schemas import Event, Target
from schemas.avro import encode, frame, read
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope, read_event
from tests.kit.paths import GOLDEN
from tests.kit.real_notifications import notifications

PLACE = EventsPlace(
    topic="registry.events",
    brokers="127.0.0.1:9092",
    schema_url="http://127.0.0.1:5050",
    files="events/*/*.parquet",
    releases=CATALOG.releases,
)
EVENT = record_of(json.loads(CATALOG.latest.text))
NEW_IN_RELEASE_2 = ("source_format", "source_body")
COLUMN = re.compile(r' AS [`"](\w+)[`"],?$', re.MULTILINE)
TOPIC_TYPES = {TEXT: pa.string(), INT: pa.int32(), LONG: pa.int64(), TIME: pa.int64()}
"""In Trino's table of the topic: its connector knows no times."""
ODD = (
    '{"action":"delete","target":{"repository":"a"},"request":{"addr":"[2001:db8::1]:4455"}}',
    '{"action":"delete","target":{"repository":"a","tag":"t"},"request":{"addr":"2001:db8::1"}}',
    '{"action":"delete","target":{"repository":"a","digest":"d"},"timestamp":"0001-01-01T00:00:00Z"}',
    '{"action":"pull","target":{"repository":"a","tag":"t","url":"http://r/v2/a/manifests/t"}}',
    '{"action":"pull","target":{"repository":"a","url":"http://r/v2/team/manifests/x/blobs/d","platform":{"os":"l"}}}',
    '{"timestamp":"1969-12-31T23:59:59.999999Z"}',
)


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """What registries sent, an event that has every member, and odd ones."""
    sent = [event for one in notifications() for event in read_envelope(one.body, content_type=one.content_type)]
    (full,) = read_envelope((GOLDEN / "full.v2.json").read_bytes(), content_type="application/json")
    bare = Target(repository="a", tag="t")
    harbor = Event(action="push", target=bare, source_format="harbor", source_body="{}")
    return [*sent, full, harbor, *(read_event(text, content_type="application/json") for text in ODD)]


@pytest.fixture(scope="module")
def exported(events: list[Event]) -> pa.Table:
    """The rows that an export writes of them."""
    values = [frame(CATALOG.latest.id, encode(event)) for event in events]
    offsets = list(range(len(values)))
    return table_of(RecordBatch("registry.events", 3, offsets, [1000 * at for at in offsets], values, lambda _: ()))


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database, whose times are in UTC."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.mark.parametrize(("engine", "written"), [("clickhouse", r"'a\\''b:1'"), ("flink", r"'a\''b:1'")])
def test_no_setting_ends_its_literal(engine: str, written: str) -> None:
    """Whatever the configuration names: a quote is doubled, and where a backslash escapes, that is too."""
    assert written in views_for(engine, replace(PLACE, brokers=r"a\'b:1"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_member_is_a_new_column(engine: str) -> None:
    """A release with one more member makes views with one more column."""
    schema = json.loads(CATALOG.latest.text)
    (target,) = (field for field in schema["fields"] if field["name"] == "target")
    target["type"]["fields"].append({"name": "signedBy", "type": ["null", "string"], "default": None, "doc": "New."})
    newer = replace(CATALOG.latest, version=3, id=CATALOG.latest.id + 1, text=json.dumps(schema))
    today = COLUMN.findall(views_for(engine, PLACE))
    tomorrow = COLUMN.findall(views_for(engine, replace(PLACE, releases=(*CATALOG.releases, newer))))
    assert len(today) > len(SCHEMA) - 1
    assert ["signed_by"] == [name for name in tomorrow if name not in today]
    assert len(today) + 1 == len(tomorrow)


def test_flink_has_all_names_in_backticks() -> None:
    """Members are named `variant`, `references` and `method`, which are words of Flink's SQL."""
    columns, _, _ = views_for("flink", PLACE).partition(") WITH (")
    names = set(re.findall(r"(?:^ +|<|, )([^ <>,]+) (?:STRING|INT|BIGINT|ARRAY|MAP|ROW)\b", columns, re.MULTILINE))
    assert "`variant`" in names
    assert {True} == {name.startswith("`") and name.endswith("`") for name in names}


def test_duckdb_reads_exports_of_every_release(
    database: duckdb.DuckDBPyConnection, exported: pa.Table, tmp_path: Path
) -> None:
    """The view has the rows of the files; a column that a file does not have, or none has, is null."""
    folder = tmp_path / "accepted_date=1970-01-01"
    folder.mkdir()
    pq.write_table(exported.drop_columns(list(NEW_IN_RELEASE_2)), folder / "earlier.parquet")
    database.execute(views_for("duckdb", replace(PLACE, files=f"{tmp_path}/*/*.parquet")))
    earlier = [{**row, **dict.fromkeys(NEW_IN_RELEASE_2)} for row in exported.to_pylist()]
    assert earlier == by_offset(database, "registry_events where accepted_date = '1970-01-01'")
    pq.write_table(exported, folder / "now.parquet")
    assert len(earlier) + len(exported) == len(by_offset(database, "registry_events"))
    (folder / "earlier.parquet").unlink()
    assert exported.to_pylist() == by_offset(database, "registry_events")


def test_trino_says_what_the_export_says(
    database: duckdb.DuckDBPyConnection, events: list[Event], exported: pa.Table
) -> None:
    """Trino's view, translated for DuckDB and run over a table as its connector makes one, has the export's rows."""
    topic_of(database, events)
    text = views_for("trino", PLACE)
    (statement,) = sqlglot.transpile(text.replace("'$1$2'", r"'\1\2'"), read="trino", write="duckdb")
    database.execute(statement)
    wanted = [{**row, "schema_id": None} for row in exported.to_pylist()]
    assert wanted == by_offset(database, "registry_events")


def topic_of(database: duckdb.DuckDBPyConnection, events: list[Event]) -> None:
    """The table of Trino's Kafka connector, and of its functions those that DuckDB does not have."""
    values = [read(encode(event), CATALOG.latest) for event in events]
    hidden = [
        {
            "_partition_id": 3,
            "_partition_offset": at,
            "_timestamp": 1000 * at,
            "_message_corrupt": False,
            "_message": "",
        }
        for at in range(len(values))
    ]
    topic = pa.Table.from_pylist(values, schema=pa.schema([(name, stored(of)) for name, of in EVENT.fields]))
    database.register("members", topic)
    database.register("hidden", pa.Table.from_pylist(hidden))
    database.execute("attach ':memory:' as kafka; create schema kafka.\"default\"")
    database.execute(
        'create table kafka."default"."registry.events" as '
        "select * replace (make_timestamp(_timestamp * 1000)::timestamptz as _timestamp), "
        "from hidden positional join members"
    )
    database.execute("create macro from_unixtime_nanos(nanos) as make_timestamptz(nanos // 1000)")
    database.execute("create macro to_utf8(words) as encode(words)")


def stored(of: MemberType) -> pa.DataType:
    """The type of a member in the table of the topic."""
    match of:
        case ListOf(items):
            return pa.list_(stored(items))
        case MapOf(inner):
            return pa.map_(pa.string(), stored(inner))
        case RecordType(fields):
            return pa.struct([(name, stored(inner)) for name, inner in fields])
        case _:
            return TOPIC_TYPES[of]


def by_offset(database: duckdb.DuckDBPyConnection, of: str) -> list[dict[str, Any]]:
    """The rows of a view, with the columns of the export."""
    columns = ", ".join(SCHEMA.names)
    found: list[dict[str, Any]] = (
        database.sql(f"select {columns} from {of} order by kafka_offset").to_arrow_table().to_pylist()
    )
    return found
