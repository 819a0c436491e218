"""Whether data written with one Avro schema can be read with another: schema resolution of the Avro 1.12 specification.

Names of records are compared without their namespaces, as Avro's Java library does. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastavro.schema import parse_schema

# What fastavro does without.
REQUIRED = {
    "record": "fields",
    "error": "fields",
    "enum": "symbols",
    "fixed": "size",
    "array": "items",
    "map": "values",
}
PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """One reason why the reader's schema cannot read the writer's data."""

    kind: str
    path: str
    found: str

    def __str__(self) -> str:
        return f"{{errorType:'{self.kind}', description:'at path '{self.path}'', additionalInfo:'{self.found}'}}"


class Schema:
    """A schema and the names that it defines.

    Raises:
        SchemaParseException, UnknownType, KeyError, TypeError, ValueError: by fastavro, it is none.
    """

    def __init__(self, schema: Any) -> None:
        _require_members(schema)
        self._names: dict[str, Any] = {}
        self.root = parse_schema(schema, named_schemas=self._names)

    def defined(self, schema: Any) -> Any:
        """The definition of what may be a name."""
        return self._names.get(schema, schema) if isinstance(schema, str) else schema


def incompatibilities(reader: Schema, writer: Schema) -> list[Incompatibility]:
    """Every reason why `reader` cannot read what `writer` wrote; none if it can."""
    return list(_Resolution(reader, writer).compare(reader.root, writer.root, ""))


class _Resolution:
    def __init__(self, reader: Schema, writer: Schema) -> None:
        self._reader = reader
        self._writer = writer
        self._begun: set[tuple[str, str]] = set()  # pairs of records: one within itself is judged where it began

    def compare(self, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        reader, writer = self._reader.defined(reader), self._writer.defined(writer)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.compare(reader, branch, path)
        elif isinstance(reader, list):
            if all(any(self.compare(branch, writer, path)) for branch in reader):
                yield Incompatibility("MISSING_UNION_BRANCH", path or "/", f"reader union lacking {_kind(writer)}")
        elif (kind := _kind(reader)) == _kind(writer):
            yield from self._same_kind(kind, reader, writer, path)
        elif kind not in PROMOTIONS.get(_kind(writer), set()):
            yield Incompatibility("TYPE_MISMATCH", path or "/", f"reader {kind}, writer {_kind(writer)}")

    def _same_kind(self, kind: str, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        if kind in {"record", "error", "enum", "fixed"} and _last(reader["name"]) != _last(writer["name"]):
            yield Incompatibility("NAME_MISMATCH", f"{path}/name", f"expected: {writer['name']}")
        elif kind in {"record", "error"}:
            yield from self._records(reader, writer, path)
        elif kind == "enum":
            yield from _enums(reader, writer, path)
        elif kind == "fixed" and reader["size"] != writer["size"]:
            yield Incompatibility("FIXED_SIZE_MISMATCH", f"{path}/size", f"expected: {writer['size']}")
        elif kind in {"array", "map"}:
            member = "items" if kind == "array" else "values"
            yield from self.compare(reader[member], writer[member], f"{path}/{member}")

    def _records(self, reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
        pair = reader["name"], writer["name"]
        if pair in self._begun:
            return
        self._begun.add(pair)
        written = {field["name"]: field for field in writer["fields"]}
        for at, field in enumerate(reader["fields"]):
            names = [name for name in (field["name"], *field.get("aliases", ())) if name in written]
            if names:
                yield from self.compare(field["type"], written[names[0]]["type"], f"{path}/fields/{at}/type")
            elif "default" not in field:
                yield Incompatibility("READER_FIELD_MISSING_DEFAULT_VALUE", f"{path}/fields/{at}", field["name"])
        self._begun.remove(pair)


def _enums(reader: Any, writer: Any, path: str) -> Iterator[Incompatibility]:
    missing = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if missing and "default" not in reader:
        yield Incompatibility("MISSING_ENUM_SYMBOLS", f"{path}/symbols", f"[{', '.join(missing)}]")


def _require_members(schema: Any) -> None:
    """Raises KeyError, naming the member, if a type lacks what makes it one."""
    if isinstance(schema, list):
        for branch in schema:
            _require_members(branch)
    elif isinstance(schema, dict):
        kind = schema["type"]
        inner = schema[REQUIRED[kind]] if isinstance(kind, str) and kind in REQUIRED else kind
        if kind in ("record", "error"):
            inner = [field["type"] for field in inner]
        if kind not in ("enum", "fixed"):
            _require_members(inner)


def _kind(schema: Any) -> str:
    return str(schema["type"]) if isinstance(schema, dict) else str(schema)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
