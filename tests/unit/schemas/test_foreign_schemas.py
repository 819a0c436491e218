"""Schemas and ids that somebody else keeps: which of them are those of an event, and which ids are to be asked for."""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from schemas import Event
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError, decode, encode, foreign_id, frame
from schemas.catalog import CATALOG, LARGEST_ID, event_fingerprint, is_pinned
from tests.kit.schema_registry.canonical import canonical

LATEST = CATALOG.latest
NAMES = ("name", "namespace", "type", "fields", "items", "values", "symbols", "size", "logicalType", "doc", "default")
WORDS = (
    "record",
    "enum",
    "fixed",
    "array",
    "map",
    "error",
    "null",
    "string",
    "long",
    "Event",
    "registry.notifications",
)


def without_docs(schema: Any) -> Any:
    """The schema without its documentation."""
    if isinstance(schema, list):
        return [without_docs(one) for one in schema]
    if isinstance(schema, dict):
        return {name: without_docs(value) for name, value in schema.items() if name != "doc"}
    return schema


@pytest.mark.parametrize("release", CATALOG.releases, ids=lambda release: f"v{release.version}")
def test_an_equal_schema_has_the_fingerprint_of_its_release(release: Any) -> None:
    """However it is spelled: as Java's library writes it, on one line, without documentation."""
    schema = json.loads(release.text)
    spellings = [release.text, json.dumps(schema), json.dumps(schema, indent=4, sort_keys=True)]
    spellings += [canonical(schema), json.dumps(without_docs(schema))]
    assert {release.fingerprint} == set(map(event_fingerprint, spellings))
    assert 5 == len(set(spellings)), "the spellings must differ for this to say anything"


def test_a_newer_event_has_a_fingerprint_of_its_own() -> None:
    """So its reader says that a newer version is needed, instead of giving the record up."""
    schema = json.loads(LATEST.text)
    schema["fields"].append({"name": "more", "type": "string", "default": ""})
    found = event_fingerprint(json.dumps(schema))
    assert found is not None
    assert CATALOG.by_fingerprint(found) is None
    with pytest.raises(UnknownSchemaError):
        decode(frame(7, encode(Event())), found)


def test_another_name_is_no_event() -> None:
    """A record of the same fields and another name is somebody else's."""
    schema = json.loads(LATEST.text)
    assert event_fingerprint(json.dumps({**schema, "name": "Other"})) is None
    assert event_fingerprint(json.dumps({**schema, "namespace": "other"})) is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=8,
)


@given(schema=JUNK | JUNK.map(lambda junk: {**json.loads(LATEST.text), "fields": junk}))
def test_no_text_is_an_error(schema: Any) -> None:
    """Whatever a registry answers: it is an event's schema or it is not; no partition waits for a fault of ours."""
    found = event_fingerprint(json.dumps(schema))
    assert found is None or isinstance(schema, dict)


@given(text=st.text() | st.integers(1, 100_000).map(lambda depth: "[" * depth))
def test_no_junk_is_an_error(text: str) -> None:
    """Nor what is no JSON, or too deep."""
    assert event_fingerprint(text) is None


@given(schema_id=st.integers(0, 2**32 - 1) | st.sampled_from([0, LATEST.id, LARGEST_ID, LARGEST_ID + 1]))
def test_which_ids_are_to_be_asked_for(schema_id: int) -> None:
    """All that a registry can have given out, which are never negative, and none of ours."""
    value = frame(schema_id, encode(Event()))
    is_foreign = schema_id <= LARGEST_ID and not is_pinned(schema_id)
    assert (schema_id if is_foreign else None) == foreign_id(value, None)
    for fingerprint in (LATEST.fingerprint, "00000000deadbeef"):
        assert foreign_id(value, fingerprint) is None
    if is_foreign:
        with pytest.raises(ForeignIdError) as foreign:
            decode(value, None)
        assert schema_id == foreign.value.schema_id
    elif schema_id > LARGEST_ID:
        with pytest.raises(UndecodableError, match="is no schema id: the largest is 0x7fffffff"):
            decode(value, None)


@pytest.mark.parametrize("value", [None, b"", b"\x00\x00\x00\x00", b"\x01\x00\x00\x00\x07"])
def test_what_is_no_frame_has_no_id(value: bytes | None) -> None:
    """A tombstone, or a value of somebody who does not frame."""
    assert foreign_id(value, None) is None
