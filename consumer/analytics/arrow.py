"""A batch as an Arrow table with the exported columns: decoded by pyruhvro all at once, what it cannot take by the row.

Needs the extra `analytics`; without pyruhvro, which has no wheels for some platforms, all goes by the row. Same rules
as `columns.py`, and the same rows: a property test holds one against the other.
"""

import json
import secrets
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from consumer.analytics.columns import row_of
from consumer.analytics.decoding import FRAME_BYTES, releases_of, schema_id_of
from consumer.log.record_batch import RecordBatch, micros_of
from schemas.catalog import CATALOG, Release
from schemas.columns import BLOB_URL, FIRST_TIME, INDEX_TYPES, LAST_TIME, MANIFEST_TYPES, PORT, TAGGED_ACTIONS
from schemas.compiled_writer import varint

try:
    from pyruhvro import deserialize_array
except ModuleNotFoundError:
    deserialize_array = None

_TIME: Final = pa.timestamp("us", tz="UTC")
_REFERENCE: Final = pa.struct(
    [
        ("media_type", pa.string()),
        ("digest", pa.string()),
        ("size_bytes", pa.int64()),
        ("artifact_type", pa.string()),
        ("os", pa.string()),
        ("architecture", pa.string()),
        ("variant", pa.string()),
    ]
)
_TYPES: Final[dict[str, Any]] = {
    "kafka_topic": pa.string(),
    "kafka_partition": pa.int32(),
    "kafka_offset": pa.int64(),
    "accepted_at": _TIME,
    **dict.fromkeys(("registry", "event_id"), pa.string()),
    "event_time": _TIME,
    **dict.fromkeys(("action", "kind", "repository", "tag", "digest", "media_type"), pa.string()),
    "size_bytes": pa.int64(),
    **dict.fromkeys(("from_repository", "url"), pa.string()),
    "reference_count": pa.int32(),
    "refs": pa.list_(_REFERENCE),
    **dict.fromkeys(("actor", "client_addr", "client_ip", "user_agent", "request_id"), pa.string()),
    **dict.fromkeys(("request_method", "request_host", "source_addr", "source_instance"), pa.string()),
    "content_type": pa.string(),
    "schema_id": pa.int32(),
    **dict.fromkeys(("original", "source_format", "source_body"), pa.string()),
    "raw": pa.binary(),
}
_NEVER_NULL: Final = frozenset({"kafka_topic", "kafka_partition", "kafka_offset", "accepted_at", "kind"})
SCHEMA: Final = pa.schema([pa.field(name, of, nullable=name not in _NEVER_NULL) for name, of in _TYPES.items()])
"""The columns, in order."""

_FEW: Final = 8
"""Records of a refused lot that are read one by one."""
_END: Final = secrets.randbits(62) | 1 << 61
"""Read behind each event, to see that it ends where its bytes do; nobody who writes records can know it."""
_END_BYTES: Final = varint(_END)


def _with_end(release: Release) -> str:
    schema = json.loads(release.text)
    schema["fields"].append({"name": "end", "type": "long"})
    return json.dumps(schema)


_SCHEMAS: Final = {release.version: _with_end(release) for release in CATALOG.releases}


def decodes_in_bulk() -> bool:
    """Whether pyruhvro is there: ten times the rate."""
    return deserialize_array is not None


def table_of(batch: RecordBatch) -> Any:
    """The batch's rows, a `pyarrow.Table` of `SCHEMA`, in order.

    Raises:
        NewerSchemaError: a record of a newer release.
    """
    tables: list[Any] = []
    start = 0
    for release, members in groupby(releases_of(batch)):
        stop = start + sum(1 for _ in members)
        tables += _rows(batch.part(start, stop), release)
        start = stop
    return pa.concat_tables(tables) if tables else SCHEMA.empty_table()


def slow_table(batch: RecordBatch, releases: Sequence[Release | None]) -> Any:
    """The same rows, one by one."""
    return pa.Table.from_pylist([row_of(batch, at, release) for at, release in enumerate(releases)], schema=SCHEMA)


def _rows(batch: RecordBatch, release: Release | None) -> list[Any]:
    """Tables of records of one release; a lot that is refused as a whole is halved until the odd record is alone."""
    if release is None or len(batch) <= _FEW or deserialize_array is None:
        return [slow_table(batch, [release] * len(batch))]
    events = _decoded(batch, release)
    if events is not None:
        return [_flat(batch, events)]
    middle = len(batch) // 2
    return _rows(batch.part(0, middle), release) + _rows(batch.part(middle, len(batch)), release)


def _decoded(batch: RecordBatch, release: Release) -> Any:
    """The events as a record batch; None if any cannot be decoded, or not to its last byte."""
    values = [value[FRAME_BYTES:] + _END_BYTES for value in batch.values if value is not None]
    try:
        events = deserialize_array(values, _SCHEMAS[release.version])
        events.validate(full=True)  # its texts need not be UTF-8
    except ValueError:  # whichever of them it was, they are read one by one then
        return None
    return events if pc.all(pc.equal(events.column("end"), _END)).as_py() else None


def _flat(batch: RecordBatch, events: Any) -> Any:
    target, request, source = events.column("target"), events.column("request"), events.column("source")
    action, media_type = _text(events.column("action")), _text(target.field("mediaType"))
    url, tag, digest = _text(target.field("url")), _text(target.field("tag")), _text(target.field("digest"))
    address, references = _text(request.field("addr")), target.field("references")
    source_format = _newer(events, "sourceFormat")
    rows = len(batch)
    columns = {
        "kafka_topic": pa.repeat(batch.topic, rows),
        "kafka_partition": pa.repeat(pa.scalar(batch.partition, pa.int32()), rows),
        "kafka_offset": pa.array(batch.offsets, pa.int64()),
        "accepted_at": pa.array([micros_of(ms) for ms in batch.timestamps_ms], _TIME),
        "registry": _text(events.column("registry")),
        "event_id": _text(events.column("id")),
        "event_time": _time(events.column("timestamp")),
        "action": action,
        "kind": _kind(media_type, url, action, tag, digest, source_format=source_format),
        "repository": _text(target.field("repository")),
        "tag": tag,
        "digest": digest,
        "media_type": media_type,
        "size_bytes": _number(target.field("size")),
        "from_repository": _text(target.field("fromRepository")),
        "url": url,
        "reference_count": pc.list_value_length(references).cast(pa.int32()),
        "refs": _references(references),
        "actor": _text(events.column("actor").field("name")),
        "client_addr": address,
        "client_ip": _text(pc.replace_substring_regex(address, PORT, r"\1\2")),
        "user_agent": _text(request.field("useragent")),
        "request_id": _text(request.field("id")),
        "request_method": _text(request.field("method")),
        "request_host": _text(request.field("host")),
        "source_addr": _text(source.field("addr")),
        "source_instance": _text(source.field("instanceID")),
        "content_type": _text(events.column("contentType")),
        "schema_id": _schema_ids(batch),
        "original": _text(events.column("original")),
        "source_format": source_format,
        "source_body": _newer(events, "sourceBody"),
        "raw": pa.nulls(rows, pa.binary()),
    }
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _text(texts: Any) -> Any:
    """Empty text as null."""
    if pc.min(pc.binary_length(texts)).as_py() != 0:
        return texts
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _newer(events: Any, name: str) -> Any:
    """A text that events of an earlier release do not have: null there."""
    return _text(events.column(name)) if name in events.schema.names else pa.nulls(len(events), pa.string())


def _number(numbers: Any) -> Any:
    """0 as null."""
    return pc.if_else(pc.equal(numbers, 0), pa.scalar(None, pa.int64()), numbers)


def _time(times: Any) -> Any:
    micros = times.cast(pa.int64())
    known = pc.and_(pc.greater_equal(micros, FIRST_TIME), pc.less_equal(micros, LAST_TIME))
    return pc.if_else(known, micros, pa.scalar(None, pa.int64())).cast(_TIME)


def _kind(media_type: Any, url: Any, action: Any, tag: Any, digest: Any, *, source_format: Any) -> Any:
    is_delete = pc.equal(action, "delete").fill_null(False)  # noqa: FBT003 - pyarrow's own signature
    names_nothing = pc.and_(tag.is_null(), digest.is_null())
    is_tagged = pc.and_(pc.is_in(action, pa.array(TAGGED_ACTIONS)), tag.is_valid())
    url = pc.fill_null(url, "")
    cases = {
        "index": pc.is_in(media_type, pa.array(INDEX_TYPES)),
        "manifest": pc.is_in(media_type, pa.array(MANIFEST_TYPES)),
        "blob by its end": pc.match_substring_regex(url, BLOB_URL),
        "manifest by url": pc.match_substring(url, "/manifests/"),
        "blob by url": pc.match_substring(url, "/blobs/"),
        "manifest by tag": pc.and_(is_tagged, source_format.is_valid()),
        "tag": pc.and_(is_delete, tag.is_valid()),
        "repository": pc.and_(is_delete, names_nothing),
    }
    kinds = [name.partition(" ")[0] for name in cases]
    return pc.case_when(pc.make_struct(*cases.values(), field_names=list(cases)), *kinds, "unknown")


def _references(references: Any) -> Any:
    values = references.values
    columns = [
        _text(values.field("mediaType")),
        _text(values.field("digest")),
        _number(values.field("size")),
        _text(values.field("artifactType")),
        *(_text(pc.struct_field(values, ["platform", name])) for name in ("os", "architecture", "variant")),
    ]
    items = pa.StructArray.from_arrays(columns, fields=list(_REFERENCE))
    return pa.ListArray.from_arrays(references.offsets, items, type=_TYPES["refs"])


def _schema_ids(batch: RecordBatch) -> Any:
    value = batch.values[0]
    first = value[:FRAME_BYTES] if value is not None else b""
    if all(value is not None and value.startswith(first) for value in batch.values):
        return pa.repeat(pa.scalar(schema_id_of(value), pa.int32()), len(batch))
    return pa.array([schema_id_of(value) for value in batch.values], pa.int32())
