"""The members of a schema, as the views see them."""

from typing import Any

import pytest

from producer.views.members import (
    BYTES,
    INT,
    LONG,
    TEXT,
    TIME,
    ListOf,
    MapOf,
    RecordType,
    ScalarType,
    leaves,
    record_of,
)

INNER = {"type": "record", "name": "Inner", "fields": [{"name": "a", "type": ["null", "string"]}]}


def schema(*types: Any) -> dict[str, Any]:
    """A record of members of these types: m0, m1 and so on."""
    fields = [{"name": f"m{number}", "type": of} for number, of in enumerate(types)]
    return {"type": "record", "name": "Outer", "fields": fields}


def test_types() -> None:
    """A union with null is what it holds besides null; enums are text, and of logical types one is known."""
    time = {"type": "long", "logicalType": "timestamp-micros"}
    date = {"type": "int", "logicalType": "date"}
    enum = {"type": "enum", "name": "E", "symbols": ["A"]}
    found = record_of(schema(["null", "string"], ["null", time], date, enum, "bytes", "long", "double"))
    wanted = [TEXT, TIME, INT, TEXT, BYTES, LONG, ScalarType("double")]
    assert wanted == [of for _, of in found.fields]


def test_a_record_that_is_named_again() -> None:
    """Is the same record wherever its name stands; whether it can be null is a matter of the place."""
    lists, maps = {"type": "array", "items": "Inner"}, {"type": "map", "values": "long"}
    found = dict(record_of(schema(INNER, ["null", "Inner"], lists, maps)).fields)
    inner = RecordType((("a", TEXT),))
    assert {
        "m0": inner,
        "m1": RecordType(inner.fields, is_nullable=True),
        "m2": ListOf(inner),
        "m3": MapOf(LONG),
    } == found


def test_leaves() -> None:
    """Members below a record have its path before their name."""
    assert [("m0.a", TEXT), ("m1", LONG)] == list(leaves(record_of(schema(INNER, "long"))))


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (["null", "string", "long"], "a union of 2 types besides null"),
        (["null"], "a union of 0 types"),
        ("null", "null"),
    ],
)
def test_what_has_no_column(of: Any, why: str) -> None:
    """A member of such a type is refused, and named by it."""
    with pytest.raises(ValueError, match=why):
        record_of(schema(of))
