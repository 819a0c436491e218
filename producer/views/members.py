"""The members of an Avro schema as a tree of types, without Avro's unions and references to names. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastavro.schema import expand_schema

_NAMES_OF_TEXT: Final = ("string", "enum")
_NAMES_OF_BYTES: Final = ("bytes", "fixed")
_TIME: Final = "timestamp-micros"
_PRIMITIVES: Final = ("boolean", "int", "long", "float", "double")


@dataclass(frozen=True, slots=True)
class ScalarType:
    """One value; null if it is missing."""

    name: str
    """`string`, `bytes`, `boolean`, `int`, `long`, `float`, `double` or `timestamp-micros`."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """Values in order; empty if there are none."""

    items: "MemberType"


@dataclass(frozen=True, slots=True)
class MapOf:
    """Values by text; empty if there are none."""

    values: "MemberType"


@dataclass(frozen=True, slots=True)
class RecordType:
    """Named members, in order."""

    fields: tuple[tuple[str, "MemberType"], ...]
    is_nullable: bool = False


MemberType = ScalarType | ListOf | MapOf | RecordType

TEXT: Final = ScalarType("string")
INT: Final = ScalarType("int")
LONG: Final = ScalarType("long")
BYTES: Final = ScalarType("bytes")
TIME: Final = ScalarType(_TIME)


def record_of(schema: Any) -> RecordType:
    """The record that a schema describes.

    Raises:
        ValueError: a member is of a type that the views do not know.
    """
    return _record(expand_schema(schema))


def leaves(record: RecordType) -> Iterator[tuple[str, MemberType]]:
    """Each member that is no record, by its path such as `target.repository`."""
    for path, of in outer_leaves(record):
        if isinstance(of, RecordType):
            yield from ((f"{path}.{below}", inner) for below, inner in leaves(of))
        else:
            yield path, of


def outer_leaves(record: RecordType) -> Iterator[tuple[str, MemberType]]:
    """The same, but a record that can be null stands as a whole."""
    for name, of in record.fields:
        if isinstance(of, RecordType) and not of.is_nullable:
            yield from ((f"{name}.{below}", inner) for below, inner in outer_leaves(of))
        else:
            yield name, of


def _type_of(schema: Any) -> MemberType:
    if isinstance(schema, list):
        of = _type_of(_only_one(schema))
        return RecordType(of.fields, is_nullable="null" in schema) if isinstance(of, RecordType) else of
    if isinstance(schema, str):
        return _scalar(schema, None)
    of = schema["type"]
    if of == "record":
        return _record(schema)
    if of == "array":
        return ListOf(_type_of(schema["items"]))
    if of == "map":
        return MapOf(_type_of(schema["values"]))
    return _scalar(of, schema.get("logicalType"))


def _record(schema: Any) -> RecordType:
    return RecordType(tuple((field["name"], _type_of(field["type"])) for field in schema["fields"]))


def _only_one(union: list[Any]) -> Any:
    """What a union holds if it does not hold null."""
    others = [branch for branch in union if branch != "null"]
    if len(others) != 1:
        raise ValueError(f"a union of {len(others)} types besides null has no column")
    return others[0]


def _scalar(name: str, logical: str | None) -> ScalarType:
    if name == "long" and logical == _TIME:
        return TIME
    if name in _NAMES_OF_TEXT:
        return TEXT
    if name in _NAMES_OF_BYTES:
        return BYTES
    if name not in _PRIMITIVES:
        raise ValueError(f"a member of type {name} has no column")
    return ScalarType(name)
