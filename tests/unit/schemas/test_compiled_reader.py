"""The compiled reader: which limit it keeps to, which bytes are damage, and for which schemas it is made."""

from collections.abc import Callable
from typing import Any

import pytest
from fastavro.schema import parse_schema
from msgspec import Struct

from schemas.compiled_reader import DamagedError, TooManyError, compile_reader
from schemas.compiled_writer import varint


class Inner(Struct):
    """A record within."""

    words: list[str] = []
    size: int = 0


class Outer(Struct):
    """A record with all that is known."""

    name: str = "unnamed"
    labels: dict[str, str] = {}
    inner: list[Inner] = []


def _field(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


def _schema(*fields: dict[str, Any]) -> dict[str, Any]:
    parsed = parse_schema({"type": "record", "name": "a.Outer", "fields": list(fields)})
    assert isinstance(parsed, dict)
    return parsed


_INNER = {
    "type": "record",
    "name": "Inner",
    "fields": [_field("words", {"type": "array", "items": "string"}), _field("size", "long")],
}
_SCHEMA = _schema(
    _field("ignored", "long"),
    _field("name", ["null", "string"]),
    _field("labels", {"type": "map", "values": "string"}),
    _field("inner", {"type": "array", "items": _INNER}),
)


def _reader(values: int) -> Callable[[bytes, int], Any]:
    """A reader that takes so many values, and ten of the inner records."""
    return compile_reader(_SCHEMA, {"Outer": Outer, "Inner": Inner}, str, values=values, items={"inner": 10})


_READ = _reader(50)
_ABC = b"\x06abc"
_HEAD = b"\x00\x00"
"""The number that the model has no place for, and no name."""


def test_fields_are_read() -> None:
    """Null is the model's default; a field that the model does not have is passed over."""
    avro = varint(7) + b"\x02" + _ABC + varint(1) + _ABC + _ABC + b"\x00" + varint(1) + b"\x00" + varint(-9) + b"\x00"
    assert Outer("abc", {"abc": "abc"}, [Inner([], -9)]) == _READ(avro, 0)
    assert Outer() == _READ(b"xy" + _HEAD + b"\x00\x00", 2)


_LABELS = varint(1) + _ABC + _ABC + b"\x00"
_INNERS = varint(1) + b"\x00" + varint(-9) + b"\x00"


@pytest.mark.parametrize("labels", [b"\x00", _LABELS], ids=["no labels", "labels"])
@pytest.mark.parametrize("inner", [b"\x00", _INNERS, b""], ids=["no inner", "inner", "cut off"])
def test_rare_fields_are_read_as_others_are(labels: bytes, inner: bytes) -> None:
    """Absent, all there, some there, cut off: to look at them all at once changes nothing."""
    models: dict[str, type[Struct]] = {"Outer": Outer, "Inner": Inner}
    rare = compile_reader(_SCHEMA, models, str, values=50, items={}, rare=("labels", "inner"))
    found = []
    for read in (_READ, rare):
        try:
            found.append(read(_HEAD + labels + inner, 0))
        except DamagedError as error:
            found.append(str(error))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "avro",
    [
        _HEAD + varint(3) + 3 * (_ABC + _ABC) + b"\x00\x00",
        _HEAD + varint(-3) + varint(24) + 3 * (_ABC + _ABC) + b"\x00\x00",
        _HEAD + 3 * (varint(1) + _ABC + _ABC) + b"\x00\x00",
        _HEAD + b"\x00" + varint(1) + varint(2) + _ABC + _ABC + b"\x00\x00" + b"\x00",
        _HEAD + b"\x00" + varint(2) + 2 * (b"\x00" + b"\x00") + varint(1) + b"\x00" + b"\x00" + b"\x00",
    ],
    ids=["entries", "a block with its size", "several blocks", "items of items", "items"],
)
def test_every_item_and_entry_counts(avro: bytes) -> None:
    """Three values are within a limit of three, and not of two, wherever they stand."""
    assert _reader(3)(avro, 0)
    with pytest.raises(TooManyError, match="more than 2 values"):
        _reader(2)(avro, 0)


def test_a_claim_beyond_the_limit_is_not_read() -> None:
    """The count of a block is enough to refuse it: nothing behind it needs to be there."""
    with pytest.raises(TooManyError):
        _READ(_HEAD + varint(2**40), 0)


@pytest.mark.parametrize("blocks", [(11,), (5, 6), (10, 1)])
def test_an_array_has_a_limit_of_its_own(blocks: tuple[int, ...]) -> None:
    """However its items are cut into blocks."""
    item = b"\x00\x00"
    assert _READ(_HEAD + b"\x00" + varint(10) + 10 * item + b"\x00", 0)
    with pytest.raises(TooManyError, match="more than 10 inner"):
        _READ(_HEAD + b"\x00" + b"".join(varint(count) + count * item for count in blocks) + b"\x00", 0)


@pytest.mark.parametrize(
    ("avro", "reason"),
    [
        (b"", "ends too early"),
        (_HEAD + b"\x00", "ends too early"),
        (_HEAD + varint(2) + _ABC + _ABC, "ends too early"),
        (b"\x00\x02" + varint(50) + b"abc", "ends too early"),
        (b"\x00\x02" + varint(2**62) + b"abc", "ends too early"),
        (b"\x00\x02" + varint(-1), "negative length"),
        (b"\x00\x04", "no such branch"),
        (b"\x00\x01", "no such branch"),
        (b"\xff" * 20, "more than 64 bits"),
        (b"\xff" * 9 + b"\x02", "more than 64 bits"),
        (b"\x00\x02\x02\xff\x00\x00", "not UTF-8"),
        (_HEAD + b"\x00\x00\x00", "1 bytes are left over"),
    ],
)
def test_damage_is_named(avro: bytes, reason: str) -> None:
    """Bytes that are no record of the schema say how."""
    with pytest.raises(DamagedError, match=reason):
        _READ(avro, 0)


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "array", "items": "null"},
        {"type": "array", "items": {"type": "fixed", "name": "Nothing", "size": 0}},
        "bytes",
        ["string", "null"],
    ],
    ids=["items of no bytes", "fixed of no bytes", "bytes", "a union the other way round"],
)
def test_other_schemas_have_no_reader(kind: Any) -> None:
    """What it does not know is refused when it is made: an item of no bytes would be beyond every limit of bytes."""
    with pytest.raises(NotImplementedError):
        compile_reader(_schema(_field("name", kind)), {"Outer": Outer}, str, values=50, items={})
