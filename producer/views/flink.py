"""Flink SQL: a table of the topic in the shape of the schema, and a view of it. Pure."""

from collections.abc import Iterator
from typing import Final

from producer.views.columns import ViewColumn
from producer.views.dialect import select_list, text_of, type_text
from producer.views.members import BYTES, INT, LONG, TEXT, TIME, MemberType, RecordType, ScalarType
from producer.views.place import EventsPlace
from schemas.columns import FIRST_TIME, LAST_TIME, PORT

_SCALARS: Final = {
    TEXT: "STRING",
    BYTES: "BYTES",
    INT: "INT",
    LONG: "BIGINT",
    TIME: "BIGINT",
    ScalarType("boolean"): "BOOLEAN",
    ScalarType("float"): "FLOAT",
    ScalarType("double"): "DOUBLE",
}
"""Of members: a time is read as the number that it is, since the format takes no microseconds."""
_SHAPES: Final = ("ARRAY<{}>", "MAP<STRING, {}>", "ROW<{}>", "`{}` {}")
_METADATA: Final = {
    "kafka_topic": ("STRING", "topic"),
    "kafka_partition": ("INT", "partition"),
    "kafka_offset": ("BIGINT", "offset"),
    "accepted_at": ("TIMESTAMP_LTZ(3)", "timestamp"),
}
_UNKNOWN: Final = {"schema_id": "CAST(NULL AS INT)", "raw": "CAST(NULL AS BYTES)"}
"""Flink reads the frame itself, and stops at what it cannot decode."""


class Flink:
    """Its dialect."""

    def name(self, name: str) -> str:
        """In backticks."""
        return f"`{name}`"

    def given(self, name: str) -> str:
        """A metadata column of the connector."""
        return _UNKNOWN.get(name) or f"`{name}`"

    def member(self, path: str) -> str:
        """A field of the rows that the table has."""
        return ".".join(f"`{name}`" for name in path.split("."))

    def time(self, member: str) -> str:
        """To the millisecond."""
        return f"CASE WHEN {member} BETWEEN {FIRST_TIME} AND {LAST_TIME} THEN TO_TIMESTAMP_LTZ({member} / 1000, 3) END"

    def matches(self, text: str, pattern: str) -> str:
        """By Java's regular expressions."""
        return f"REGEXP({text}, {text_of(pattern)})"

    def without_port(self, address: str) -> str:
        """By Java's regular expressions; Flink's `REGEXP_REPLACE` knows no groups in what it puts in."""
        first, second = (f"REGEXP_EXTRACT({address}, {text_of(PORT)}, {group})" for group in (1, 2))
        return f"COALESCE({first}, {second}, {address})"

    def count(self, path: str) -> str:
        """Of every event: Flink has no other rows."""
        return f"CARDINALITY({self.member(path)})"

    def references(self, path: str) -> str:
        """As the topic has them: Flink cannot make other rows of those in a list."""
        return self.member(path)


_DIALECT: Final = Flink()


def flink_text(event: RecordType, columns: tuple[ViewColumn, ...], place: EventsPlace) -> str:
    """The statements."""
    own = (f"    `{name}` {of} NOT NULL METADATA FROM '{key}' VIRTUAL" for name, (of, key) in _METADATA.items())
    members = ",\n".join((*own, *_members(event)))
    return f"""\
CREATE TABLE {place.source} (
{members}
) WITH (
    'connector' = 'kafka',
    'topic' = {text_of(place.topic)},
    'properties.bootstrap.servers' = {text_of(place.brokers)},
    'properties.group.id' = {text_of(f"flink-{place.view}")},
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset',
    'value.format' = 'avro-confluent',
    'value.avro-confluent.url' = {text_of(place.schema_url)}
);

CREATE VIEW {place.view} AS SELECT
{select_list(columns, _DIALECT)}
FROM {place.source};
"""


def _members(event: RecordType) -> Iterator[str]:
    for name, of in event.fields:
        yield f"    `{name}` {_type(of)}"


def _type(of: MemberType) -> str:
    return type_text(of, _SCALARS, _SHAPES)
