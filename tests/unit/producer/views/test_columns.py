"""The columns of a view: those of the export, and what the topic has beside them."""

import json

import pyarrow as pa
import pytest

from consumer.analytics.arrow import SCHEMA
from producer.views.columns import NEVER_NULL, ONLY_IN_THE_TOPIC, columns_of, exported_columns_of, name_of
from producer.views.members import BYTES, INT, LONG, TEXT, TIME, ListOf, MemberType, RecordType, ScalarType, record_of
from schemas.catalog import CATALOG

EVENT = record_of(json.loads(CATALOG.latest.text))
ARROW = {TEXT: pa.string(), BYTES: pa.binary(), INT: pa.int32(), LONG: pa.int64(), TIME: pa.timestamp("us", tz="UTC")}


def arrow_of(of: MemberType) -> pa.DataType:
    """The type that a column has in a Parquet file."""
    if isinstance(of, ListOf):
        return pa.list_(arrow_of(of.items))
    if isinstance(of, RecordType):
        return pa.struct([(name, arrow_of(inner)) for name, inner in of.fields])
    assert isinstance(of, ScalarType)
    return ARROW[of]


def test_the_columns_of_the_export() -> None:
    """They come first, with the export's names, types and order: a new member of the schema must be decided on here."""
    columns = exported_columns_of(EVENT)
    assert SCHEMA == pa.schema(
        [pa.field(column.name, arrow_of(column.of), nullable=column.name not in NEVER_NULL) for column in columns]
    )
    assert columns == columns_of(EVENT)[: len(columns)]


def test_the_columns_that_the_topic_has_beside() -> None:
    """Each member of the schema that the export leaves out is a column too."""
    others = [column.name for column in columns_of(EVENT)][len(SCHEMA) :]
    assert sorted(ONLY_IN_THE_TOPIC) == sorted(others)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("target.artifactType", "artifact_type"),
        ("target.platform.osVersion", "platform_os_version"),
        ("request.traceID", "request_trace_id"),
        ("sourceHeaders", "source_headers"),
    ],
)
def test_names(path: str, name: str) -> None:
    """A column is named by its path, in words, without `target`."""
    assert name == name_of(path)


def test_two_of_one_name() -> None:
    """Are refused: a reader would get one of them."""
    with pytest.raises(ValueError, match="two columns have the name digest"):
        columns_of(RecordType((*EVENT.fields, ("digest", TEXT))))
