"""ClickHouse: a table of the engine `Kafka`, a table that keeps, and the view that fills it. Pure."""

from typing import Final

from producer.views.columns import NEVER_NULL, REFERENCE, ViewColumn
from producer.views.dialect import reference_values, select_list, text_of
from producer.views.members import (
    BYTES,
    INT,
    LONG,
    TEXT,
    TIME,
    ListOf,
    MapOf,
    MemberType,
    RecordType,
    ScalarType,
    outer_leaves,
)
from producer.views.place import EventsPlace
from schemas.columns import PORT

_SCALARS: Final = {
    TEXT: "Nullable(String)",
    BYTES: "Nullable(String)",
    INT: "Nullable(Int32)",
    LONG: "Nullable(Int64)",
    TIME: "Nullable(DateTime64(6, 'UTC'))",
    ScalarType("boolean"): "Nullable(Bool)",
    ScalarType("float"): "Nullable(Float32)",
    ScalarType("double"): "Nullable(Float64)",
}
_GIVEN: Final = {
    "kafka_topic": "_topic",
    "kafka_partition": "toInt32(_partition)",
    "kafka_offset": "toInt64(_offset)",
    "accepted_at": "toDateTime64(assumeNotNull(_timestamp_ms), 6, 'UTC')",
    "schema_id": "CAST(NULL AS Nullable(Int32))",
    "raw": "if(empty(_error), NULL, _raw_message)",
}
_FIRST_TIME: Final = "toDateTime64('1900-01-01 00:00:00', 6, 'UTC')"
_LAST_TIME: Final = "toDateTime64('2261-12-31 23:59:59', 6, 'UTC')"


class ClickHouse:
    """Its dialect."""

    def __init__(self, event: RecordType) -> None:
        self._columns = {path for path, _ in outer_leaves(event)}

    def name(self, name: str) -> str:
        """In backticks."""
        return f"`{name}`"

    def given(self, name: str) -> str:
        """A virtual column of the engine `Kafka`."""
        return _GIVEN[name]

    def member(self, path: str) -> str:
        """A column whose name is the path, or of a record that can be null an element of its tuple."""
        above, _, name = path.rpartition(".")
        return f"`{path}`" if path in self._columns else f"{self.member(above)}.`{name}`"

    def time(self, member: str) -> str:
        """From 1900 to 2261, which every type of a time can hold."""
        return f"if({member} BETWEEN {_FIRST_TIME} AND {_LAST_TIME}, {member}, NULL)"

    def matches(self, text: str, pattern: str) -> str:
        """By RE2."""
        return f"match({text}, {_literal(pattern)})"

    def without_port(self, address: str) -> str:
        """By RE2."""
        return f"replaceRegexpOne({address}, {_literal(PORT)}, {_literal(chr(92) + '1' + chr(92) + '2')})"

    def count(self, path: str) -> str:
        """Null for a record with an error."""
        return f"if(empty(_error), toInt32(length({self.member(path)})), NULL)"

    def references(self, path: str) -> str:
        """Tuples with the names of `REFERENCE`."""
        values = ", ".join(value for _, value in reference_values("item"))
        return f"arrayMap(item -> CAST(({values}), {text_of(_REFERENCE)}), {self.member(path)})"


def clickhouse_text(event: RecordType, columns: tuple[ViewColumn, ...], place: EventsPlace) -> str:
    """The statements."""
    members = ",\n".join(f"    `{path}` {_type(of)}" for path, of in outer_leaves(event))
    kept = ",\n".join(f"    `{column.name}` {_kept_type(column)}" for column in columns)
    return f"""\
CREATE TABLE {place.source} (
{members}
) ENGINE = Kafka SETTINGS
    kafka_broker_list = {_literal(place.brokers)},
    kafka_topic_list = {_literal(place.topic)},
    kafka_group_name = {_literal(f"clickhouse-{place.view}")},
    kafka_format = 'AvroConfluent',
    format_avro_schema_registry_url = {_literal(place.schema_url)},
    input_format_avro_allow_missing_fields = 1,
    input_format_avro_null_as_default = 1,
    kafka_handle_error_mode = 'stream';

CREATE TABLE {place.view} (
{kept}
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(accepted_at)
ORDER BY (kafka_topic, kafka_partition, kafka_offset);

CREATE MATERIALIZED VIEW {place.view}_writer TO {place.view} AS SELECT
{select_list(columns, ClickHouse(event))}
FROM {place.source};
"""


def _literal(text: str) -> str:
    r"""A text of which ClickHouse reads `\` as itself."""
    return text_of(text.replace("\\", "\\\\"))


def _type(of: MemberType) -> str:
    """What is in a list or a map is never null."""
    match of:
        case ListOf(ScalarType() as inner):
            return f"Array({_never_null(_type(inner))})"
        case MapOf(ScalarType() as inner):
            return f"Map(String, {_never_null(_type(inner))})"
        case ListOf(inner):
            return f"Array({_type(inner)})"
        case MapOf(inner):
            return f"Map(String, {_type(inner)})"
        case RecordType(fields):
            return f"Tuple({', '.join(f'{name} {_type(inner)}' for name, inner in fields)})"
        case ScalarType():
            return _SCALARS[of]


def _never_null(of: str) -> str:
    return of.removeprefix("Nullable(").removesuffix(")")


def _kept_type(column: ViewColumn) -> str:
    return _never_null(_type(column.of)) if column.name in NEVER_NULL else _type(column.of)


_REFERENCE: Final = _type(RecordType(tuple((name, of) for name, (_, of) in REFERENCE.items())))
