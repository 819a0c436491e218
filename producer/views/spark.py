"""Spark SQL: a view of the topic's records, and one of their events, each in its own release. Pure."""

import json
from typing import Any, Final

from producer.views.columns import ViewColumn
from producer.views.dialect import reference_values, select_list
from producer.views.members import RecordType
from producer.views.place import EventsPlace
from schemas.catalog import Release
from schemas.columns import FIRST_TIME, LAST_TIME, PORT

_GIVEN: Final = {
    "kafka_topic": "topic",
    "kafka_partition": "partition",
    "kafka_offset": "offset",
    "accepted_at": "timestamp",
    "schema_id": "schema_id",
    "raw": "CASE WHEN event.target IS NULL THEN value END",
}
_FINGERPRINT: Final = "schema-fingerprint"


class Spark:
    """Its dialect."""

    def name(self, name: str) -> str:
        """In backticks."""
        return f"`{name}`"

    def given(self, name: str) -> str:
        """A column of the source `kafka`."""
        return _GIVEN[name]

    def member(self, path: str) -> str:
        """Below the event."""
        return f"event.{path}"

    def time(self, member: str) -> str:
        """From year 2, as in the export."""
        return f"CASE WHEN unix_micros({member}) BETWEEN {FIRST_TIME} AND {LAST_TIME} THEN {member} END"

    def matches(self, text: str, pattern: str) -> str:
        """By Java's regular expressions."""
        return f"{text} RLIKE {_literal(pattern)}"

    def without_port(self, address: str) -> str:
        """By Java's regular expressions."""
        return f"regexp_replace({address}, {_literal(PORT)}, '$1$2')"

    def count(self, path: str) -> str:
        """Null if there is no event."""
        return f"CASE WHEN {self.member(path)} IS NOT NULL THEN size({self.member(path)}) END"

    def references(self, path: str) -> str:
        """Structs with the names of `REFERENCE`."""
        values = ", ".join(f"{value} AS {name}" for name, value in reference_values("item"))
        return f"transform({self.member(path)}, item -> struct({values}))"


_DIALECT: Final = Spark()


def spark_text(_: RecordType, columns: tuple[ViewColumn, ...], place: EventsPlace) -> str:
    """The statements."""
    latest = _bare(place.releases[-1])
    cases = "\n".join(_decoded(release, latest) for release in place.releases)
    return f"""\
CREATE OR REPLACE TEMPORARY VIEW {place.source} USING kafka OPTIONS (
    kafka.bootstrap.servers {_literal(place.brokers)},
    subscribe {_literal(place.topic)},
    startingOffsets 'earliest',
    includeHeaders 'true',
    kafka.isolation.level 'read_committed'
);

CREATE OR REPLACE TEMPORARY VIEW {place.view} AS SELECT
{select_list(columns, _DIALECT)}
FROM (
    SELECT *, CASE
{cases}
    END AS event
    FROM (
        SELECT
            *,
            CASE WHEN hex(substring(value, 1, 1)) = '00' AND length(value) > 4
                THEN try_cast(conv(hex(substring(value, 2, 4)), 16, 10) AS INT)
            END AS schema_id,
            CAST(element_at(filter(headers, item -> item.key = '{_FINGERPRINT}'), -1).value AS STRING) AS fingerprint
        FROM {place.source}
    )
);
"""


def _literal(text: str) -> str:
    r"""A text as Spark writes it: `\` before itself and before a quotation mark, which it does not take twice."""
    return "'{}'".format(text.replace("\\", "\\\\").replace("'", "\\'"))


def _decoded(release: Release, latest: str) -> str:
    """A record of one release, with the members of the latest; of null members if it cannot be decoded."""
    options = f"map('mode', 'PERMISSIVE', 'avroSchema', {_literal(latest)})"
    return (
        f"        WHEN schema_id = {release.id} OR fingerprint = '{release.fingerprint}'\n"
        f"        THEN from_avro(substring(value, 6), {_literal(_bare(release))}, {options})"
    )


def _bare(release: Release) -> str:
    """The schema without its texts for people."""
    return json.dumps(_without_doc(json.loads(release.text)), separators=(",", ":"))


def _without_doc(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_doc(value) for key, value in schema.items() if key != "doc"}
    return [_without_doc(item) for item in schema] if isinstance(schema, list) else schema
