"""Trino: a view over the table that its Kafka connector makes of the topic. Pure."""

from typing import Final

from producer.views.columns import REFERENCE, ViewColumn
from producer.views.dialect import reference_values, select_list, text_of, type_text
from producer.views.members import BYTES, INT, LONG, TEXT, TIME, RecordType, ScalarType
from producer.views.place import EventsPlace
from schemas.columns import PORT

_SCALARS: Final = {
    TEXT: "VARCHAR",
    BYTES: "VARBINARY",
    INT: "INTEGER",
    LONG: "BIGINT",
    TIME: "TIMESTAMP(6) WITH TIME ZONE",
    ScalarType("boolean"): "BOOLEAN",
    ScalarType("float"): "REAL",
    ScalarType("double"): "DOUBLE",
}
_SHAPES: Final = ("ARRAY({})", "MAP(VARCHAR, {})", "ROW({})", '"{}" {}')
_GIVEN: Final = {
    "kafka_partition": "CAST(_partition_id AS INTEGER)",
    "kafka_offset": "_partition_offset",
    "accepted_at": "CAST(_timestamp AS TIMESTAMP(6) WITH TIME ZONE)",
    "schema_id": "CAST(NULL AS INTEGER)",
    "raw": "CASE WHEN _message_corrupt THEN to_utf8(_message) END",
}
_FIRST_TIME: Final = -2_208_988_800_000_000
_LAST_TIME: Final = 9_214_646_399_999_999
"""1900 to 2261, in microseconds: in nanoseconds they fit into a number."""
_REFERENCE: Final = type_text(RecordType(tuple((name, of) for name, (_, of) in REFERENCE.items())), _SCALARS, _SHAPES)


class Trino:
    """Its dialect."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def name(self, name: str) -> str:
        """In double quotes."""
        return f'"{name}"'

    def given(self, name: str) -> str:
        """A hidden column of the connector; of the topic it has none."""
        return _GIVEN.get(name) or text_of(self._topic)

    def member(self, path: str) -> str:
        """A field of the rows that the table has."""
        return ".".join(f'"{name.lower()}"' for name in path.split("."))

    def time(self, member: str) -> str:
        """The connector gives the number of microseconds."""
        at = f"from_unixtime_nanos({member} * 1000)"
        return (
            f"CASE WHEN {member} BETWEEN {_FIRST_TIME} AND {_LAST_TIME} "
            f"THEN CAST({at} AS TIMESTAMP(6) WITH TIME ZONE) END"
        )

    def matches(self, text: str, pattern: str) -> str:
        """By Java's regular expressions."""
        return f"regexp_like({text}, {text_of(pattern)})"

    def without_port(self, address: str) -> str:
        """By Java's regular expressions."""
        return f"regexp_replace({address}, {text_of(PORT)}, '$1$2')"

    def count(self, path: str) -> str:
        """Null if there is no event."""
        return f"CAST(cardinality({self.member(path)}) AS INTEGER)"

    def references(self, path: str) -> str:
        """Rows with the names of `REFERENCE`."""
        values = ", ".join(value for _, value in reference_values("item"))
        return f"transform({self.member(path)}, item -> CAST(ROW({values}) AS {_REFERENCE}))"


def trino_text(_: RecordType, columns: tuple[ViewColumn, ...], place: EventsPlace) -> str:
    """The statement."""
    return f"""\
CREATE OR REPLACE VIEW {place.view} AS SELECT
{select_list(columns, Trino(place.topic))}
FROM kafka."default"."{place.topic}";
"""
