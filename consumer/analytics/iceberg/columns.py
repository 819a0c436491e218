"""The columns of the table: Iceberg's types and a doc for each, and their ids in the Parquet files.

Made from the columns of the Parquet export, so that a new column of a release is one here too.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BinaryType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from runtime.errors import BridgeError

ACCEPTED: Final = "accepted_at"
_FIELD_ID: Final = b"PARQUET:field_id"
_SCALARS: Final[dict[Any, IcebergType]] = {
    pa.string(): StringType(),
    pa.int32(): IntegerType(),
    pa.int64(): LongType(),
    pa.timestamp("us", tz="UTC"): TimestamptzType(),
    pa.binary(): BinaryType(),
}
DOCS: Final = {
    "kafka_topic": "Topic that the record is stored in",
    "kafka_partition": "Partition that the record is stored in",
    "kafka_offset": "Offset of the record in its partition",
    "accepted_at": "Time when the bridge accepted the event",
    "registry": "Label of the registry, given at the intake",
    "event_id": "Id that the registry gave the event",
    "event_time": "Time that the registry gave the event; null if it cannot be read or is in year 1",
    "action": "Action: push, pull, mount, delete and others",
    "kind": "Kind of the target: manifest, index, blob, tag, repository, unknown",
    "repository": "Repository of the target",
    "tag": "Tag of the target",
    "digest": "Digest of the target",
    "media_type": "Media type of the target",
    "size_bytes": "Size of the target in bytes; null if it is 0",
    "from_repository": "Repository that a blob was mounted from",
    "url": "URL of the target",
    "reference_count": "Number of references that the event lists; null for a record that cannot be decoded",
    "refs": "References that the event lists",
    "actor": "Name of the user",
    "client_addr": "Address of the client as the registry sent it",
    "client_ip": "Address of the client without port and brackets",
    "user_agent": "User agent of the request",
    "request_id": "Id of the request",
    "request_method": "HTTP method of the request",
    "request_host": "Host that the request named",
    "source_addr": "Address of the node of the registry",
    "source_instance": "Instance id of the node of the registry",
    "content_type": "Content-Type of the notification",
    "schema_id": "Schema id in the value of the record",
    "original": "JSON text of the event, if the topic has it",
    "source_format": "Format of the source that sent the event, such as harbor",
    "source_body": "Body that the source sent",
    "raw": "Value of a record that cannot be decoded",
}
"""By column: what stands in it."""


class ColumnError(BridgeError):
    """The table's columns or partitions are not those that an export can write."""

    exit_code: ClassVar[int] = 2


def table_schema(columns: Any) -> Schema:
    """The schema of a new table with these columns, a `pyarrow.Schema`."""
    ids = iter(range(len(columns) + 1, 1_000))
    return Schema(*(_field(number, field, ids) for number, field in enumerate(columns, 1)))


def table_partitions(schema: Schema) -> PartitionSpec:
    """A hidden partition: the UTC day of acceptance."""
    source = schema.find_field(ACCEPTED).field_id
    return PartitionSpec(PartitionField(source_id=source, field_id=1000, transform=DayTransform(), name="accepted_day"))


def missing_columns(columns: Any, schema: Schema) -> list[str]:
    """The columns and their fields that a table lacks, by their full names.

    Raises:
        ColumnError: it lacks one that must not be null, and so cannot be added.
    """
    there = set(schema.column_names)
    ours = table_schema(columns)
    missing = [name for name in ours.column_names if name not in there]
    if lost := next((name for name in missing if ours.find_field(name).required), None):
        raise ColumnError(f"it has no column {lost}, which must not be null: export to another table")
    return missing


def file_schema(columns: Any, schema: Schema) -> Any:
    """These columns, a `pyarrow.Schema`, with the ids that they have in the table.

    Raises:
        ColumnError: a column is of another type there, or one that the export does not write must not be null.
    """
    known = set(columns.names)
    for field in schema.fields:
        if field.required and field.name not in known:
            raise ColumnError(f"its column {field.name} must not be null, and the export does not write it")
    return pa.schema([_with_id(field, schema.find_field(field.name), field.name) for field in columns])


def _field(number: int, field: Any, ids: Iterator[int]) -> NestedField:
    doc = DOCS.get(field.name)
    return NestedField(number, field.name, _type(field.type, ids), required=not field.nullable, doc=doc)


def _type(of: Any, ids: Iterator[int]) -> IcebergType:
    if pa.types.is_list(of):
        return ListType(next(ids), _type(of.value_type, ids), element_required=False)
    if pa.types.is_struct(of):
        return StructType(*(NestedField(next(ids), one.name, _type(one.type, ids), required=False) for one in of))
    return _SCALARS[of]


def _with_id(field: Any, there: NestedField, path: str) -> Any:
    if there.required and field.nullable:
        raise ColumnError(f"its column {path} must not be null, but the export writes nulls")
    of = _type_with_ids(field.type, there.field_type, path)
    return pa.field(field.name, of, nullable=field.nullable, metadata={_FIELD_ID: str(there.field_id)})


def _type_with_ids(of: Any, there: IcebergType, path: str) -> Any:
    if pa.types.is_list(of) and isinstance(there, ListType):
        return pa.list_(_with_id(of.value_field.with_name("element"), there.element_field, path))
    if pa.types.is_struct(of) and isinstance(there, StructType):
        fields = {one.name: one for one in there.fields}
        if lost := next((one.name for one in of if one.name not in fields), None):
            raise ColumnError(f"its column {path} has no field {lost}")
        return pa.struct([_with_id(one, fields[one.name], f"{path}.{one.name}") for one in of])
    if _SCALARS.get(of) != there:
        raise ColumnError(f"its column {path} is of type {there}, but the export writes {_SCALARS.get(of, of)}")
    return of
