"""The Avro codec, for every event and every run of bytes: equal to fastavro's, and nothing but two errors out of it."""

import io
import re
import tracemalloc
from typing import Any

import pytest
from fastavro import schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from schemas import Event, Target
from schemas.avro import UndecodableError, UnknownSchemaError, decode, encode, frame
from schemas.catalog import CATALOG
from schemas.compiled_writer import varint
from tests.kit.events import events, texts

_LATEST = CATALOG.latest
_LOADED = Target(urls=["u"], annotations={"a": "b"}, size=5, repository="library/app")
_NAMES = {"timestamp": "timestamp_micros", "timestampText": "timestamp", "instanceID": "instance_id"}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _records(schema: Any) -> dict[str, Any]:
    """The records that a parsed schema defines, by name."""
    if isinstance(schema, list):
        return {name: record for branch in schema for name, record in _records(branch).items()}
    if not isinstance(schema, dict):
        return {}
    inner = [field["type"] for field in schema.get("fields", ())] + [schema.get("items"), schema.get("values")]
    own = {schema["name"]: schema} if schema["type"] == "record" else {}
    return own | _records(inner)


_RECORDS = _records(_LATEST.schema)


def _untimed(schema: Any) -> Any:
    """The schema with times as plain longs: fastavro makes datetimes of them, which end at year 9999."""
    if isinstance(schema, list):
        return [_untimed(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _untimed(value) for key, value in schema.items() if key != "logicalType"}


_UNTIMED = _untimed(_LATEST.schema)


def _datum(value: Any, schema: Any) -> Any:
    """The value as fastavro takes it, by a walk over the schema that asks nothing of the writer under test."""
    if isinstance(schema, list):
        absent = value is None or (schema[1] in ("string", "long") and not value)
        return None if absent else _datum(value, schema[1])
    schema = _RECORDS.get(schema, schema) if isinstance(schema, str) else schema
    if not isinstance(schema, dict):
        return value
    if schema["type"] == "record":
        return {
            field["name"]: _datum(getattr(value, _NAMES.get(field["name"], _snake(field["name"]))), field["type"])
            for field in schema["fields"]
        }
    return [_datum(item, schema["items"]) for item in value] if schema["type"] == "array" else value


def _by_fastavro(event: Event) -> bytes:
    stream = io.BytesIO()
    schemaless_writer(stream, _LATEST.schema, _datum(event, _LATEST.schema))
    return stream.getvalue()


@given(events(original=texts()))
def test_compiled_writer_writes_what_fastavro_writes(event: Event) -> None:
    """Our bytes are those of the reference implementation."""
    assert _by_fastavro(event).hex() == encode(event).hex()


def _members(value: Any) -> Any:
    """The members of a record that fastavro read, with null for all that is absent; `timestamp` is not the model's."""
    if isinstance(value, dict):
        return {key: _members(item) for key, item in value.items() if key != "timestamp"}
    return [_members(item) for item in value] if isinstance(value, list) else value or None


def _readings(avro: bytes) -> tuple[Any, Any]:
    """What our reader and fastavro's make of the same bytes; None for damage."""
    stream = io.BytesIO(avro)
    try:
        theirs: Any = _members(schemaless_reader(stream, _UNTIMED, None))
        theirs = theirs if stream.tell() == len(avro) else None
    except (EOFError, IndexError, ValueError, OverflowError, MemoryError, TypeError):
        theirs = None
    try:
        event = decode(frame(_LATEST.id, avro), None)
    except UndecodableError:
        return None, theirs
    ours = _members(_datum(event, _UNTIMED))
    if theirs is not None and theirs["contentType"] is None:  # the model has a default of its own
        del theirs["contentType"], ours["contentType"]
    return ours, theirs


@given(events())
def test_compiled_reader_reads_what_fastavro_reads(event: Event) -> None:
    """Our event has the members that the reference implementation finds in the same bytes."""
    ours, theirs = _readings(encode(event))
    assert theirs is not None
    assert theirs == ours


@given(events(), st.data())
def test_compiled_reader_takes_nothing_that_fastavro_refuses(event: Event, data: st.DataObject) -> None:
    """Of damaged bytes our reader makes the same as the reference implementation, or refuses them."""
    avro = bytearray(encode(event))
    for _ in range(data.draw(st.integers(1, 3))):
        avro[data.draw(st.integers(0, len(avro) - 1))] = data.draw(st.integers(0, 255))
    ours, theirs = _readings(bytes(avro))
    assert ours is None or ours == theirs


@given(events(original=texts()))
def test_text_that_is_no_object_is_no_original(event: Event) -> None:
    """An event beside a text that is not its JSON never comes out of the log."""
    if event.original:
        assert _outcome(frame(_LATEST.id, encode(event)), None) == "UndecodableError"


@given(events())
def test_event_comes_back_from_its_record(event: Event) -> None:
    """Nothing that the model holds is changed by writing and reading."""
    assert event == decode(frame(_LATEST.id, encode(event)), _LATEST.fingerprint)
    assert event == decode(frame(_LATEST.id, encode(event)), None)


_FREE = re.compile(r"\.(annotations|sourceHeaders)\.")
"""Entries of maps, which may be empty text."""


def _faults(value: Any, path: str = "") -> list[str]:
    """Where a record breaks the schema's rules: empty scalars that are not null, and nulls that no union allows."""
    if isinstance(value, dict):
        return [fault for key, item in value.items() for fault in _faults(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [
            fault
            for item in value
            for fault in _faults(item, f"{path}[]")
            if not fault.endswith(("urls[]", "osFeatures[]"))
        ]
    return [path] if value in ("", 0) and not _FREE.search(path) and path != ".timestamp" else []


@given(events())
def test_record_has_null_for_what_is_absent(event: Event) -> None:
    """Empty text and 0 are null; records, arrays and maps never are, `platform` alone excepted."""
    reader = schemaless_reader(io.BytesIO(encode(event)), _LATEST.schema, None, return_record_name=False)
    assert isinstance(reader, dict)
    target: Any = reader["target"]
    assert _faults(reader) == []
    assert (target["platform"] is None) == (event.target.platform is None)
    for holder in (target, *target["references"]):
        assert isinstance(holder["annotations"], dict)
        assert isinstance(holder["urls"], list)
    assert all(isinstance(reader[name], dict) for name in ("target", "request", "actor", "source"))


def _outcome(value: bytes | None, fingerprint: str | None) -> str:
    try:
        decode(value, fingerprint)
    except (UndecodableError, UnknownSchemaError) as error:
        return type(error).__name__ if str(error) else "error without a reason"
    return "Event"


@given(st.binary(max_size=200), st.one_of(st.none(), st.just(_LATEST.fingerprint), texts()))
def test_any_value_is_an_event_or_one_of_two_errors(value: bytes, fingerprint: str | None) -> None:
    """Whatever stands in the log, reading it raises nothing but the two errors that callers know."""
    assert _outcome(value, fingerprint) in {"Event", "UndecodableError", "UnknownSchemaError"}


@given(st.binary(max_size=200))
def test_any_avro_is_an_event_or_undecodable(avro: bytes) -> None:
    """Bytes under a schema that we know are an event or damaged, never a reason to wait for an upgrade."""
    assert _outcome(frame(_LATEST.id, avro), _LATEST.fingerprint) in {"Event", "UndecodableError"}


@given(events(original=texts()), st.data())
def test_flipped_bits_raise_nothing_else(event: Event, data: st.DataObject) -> None:
    """A record with a flipped bit is another event or damaged; the reader itself survives it."""
    avro = bytearray(encode(event))
    bit = data.draw(st.integers(0, len(avro) * 8 - 1))
    avro[bit // 8] ^= 1 << bit % 8
    assert _outcome(frame(_LATEST.id, bytes(avro)), _LATEST.fingerprint) in {"Event", "UndecodableError"}


@given(events(), st.data())
def test_cut_short_is_undecodable(event: Event, data: st.DataObject) -> None:
    """No beginning of a record is taken for the whole."""
    value = frame(_LATEST.id, encode(event))
    assert _outcome(value[: data.draw(st.integers(0, len(value) - 1))], _LATEST.fingerprint) == "UndecodableError"


@given(events(), st.binary(min_size=1, max_size=20))
def test_left_over_bytes_are_undecodable(event: Event, more: bytes) -> None:
    """A record with bytes after the event is damaged."""
    assert _outcome(frame(_LATEST.id, encode(event)) + more, _LATEST.fingerprint) == "UndecodableError"


@given(st.integers(-(2**63), 2**63 - 1))
def test_varint_is_fastavros(number: int) -> None:
    """Our zig-zag varint is the reference implementation's for every long."""
    stream = io.BytesIO()
    schemaless_writer(stream, "long", number)
    assert stream.getvalue().hex() == varint(number).hex()


@given(st.integers(0, 200), st.sampled_from([2**60, 2**40, 2**62, 2**63 - 1, -(2**60), -(2**63), 2**31, -1]))
def test_claimed_lengths_cost_no_memory(at: int, claim: int) -> None:
    """A length or count that the bytes do not hold is refused without making room for it."""
    avro = encode(Event(id="a", target=_LOADED))
    damaged = avro[: at % len(avro)] + varint(claim) + avro[at % len(avro) :]
    tracemalloc.start()
    try:
        outcome = _outcome(frame(_LATEST.id, damaged), _LATEST.fingerprint)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome in {"Event", "UndecodableError"}
    assert peak < 2**20


@pytest.mark.parametrize("release", CATALOG.releases, ids=lambda release: f"v{release.version}")
def test_every_release_is_read_by_id_and_by_fingerprint(release: Any) -> None:
    """A record of each released schema is found by its header and by its pinned id."""
    stream = io.BytesIO()
    schemaless_writer(stream, release.schema, {"id": "a"})
    for fingerprint in (None, release.fingerprint):
        assert decode(frame(release.id, stream.getvalue()), fingerprint).id == "a"
