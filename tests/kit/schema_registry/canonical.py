"""The text in which Confluent's registry keeps an Avro schema: that of Avro's Java library.

Two schemas that differ in white space, in the order of members or in ways to write one name are one there, with one id.
Documentation, defaults and unknown members are kept, and make a difference. Pure.
"""

import json
from typing import Any

PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
# The order in which Avro's Java library writes members; others follow as they came.
ORDERS = {
    "record": ("type", "name", "namespace", "doc", "fields"),
    "error": ("type", "name", "namespace", "doc", "fields"),
    "enum": ("type", "name", "namespace", "doc", "symbols", "default"),
    "fixed": ("type", "name", "namespace", "doc", "size"),
    "array": ("type", "items"),
    "map": ("type", "values"),
}
FIELD = ("name", "type", "doc", "default", "order")


def canonical(schema: Any) -> str:
    """The text of a schema that is valid."""
    return json.dumps(_ordered(schema, ""), separators=(",", ":"), ensure_ascii=False)


def _ordered(schema: Any, namespace: str) -> Any:
    """The schema as it is written within `namespace`."""
    if isinstance(schema, str):
        return _short(schema, namespace)
    if isinstance(schema, list):
        return [_ordered(branch, namespace) for branch in schema]
    kind = schema["type"]
    if not isinstance(kind, str):
        return _ordered(kind, namespace)
    if kind not in ORDERS:
        return _short(kind, namespace) if set(schema) == {"type"} else _sorted(schema, ("type",))
    return _complex(_named(schema) if "name" in schema else schema, ORDERS[kind], namespace)


def _complex(schema: dict[str, Any], order: tuple[str, ...], namespace: str) -> dict[str, Any]:
    inner = schema.get("namespace", namespace)
    written = _sorted(schema, order)
    if inner == namespace:
        written.pop("namespace", None)
    for member in ("items", "values"):
        if member in written:
            written[member] = _ordered(written[member], inner)
    if "fields" in written:
        written["fields"] = [_field(field, inner) for field in written["fields"]]
    return written


def _field(field: dict[str, Any], namespace: str) -> dict[str, Any]:
    written = _sorted(field, FIELD)
    written["type"] = _ordered(written["type"], namespace)
    if written.get("order") == "ascending":
        del written["order"]
    return written


def _sorted(members: dict[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    first = {name: members[name] for name in order if name in members}
    return {**first, **members}


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    """A name with dots brings its namespace with it."""
    space, dot, name = schema["name"].rpartition(".")
    return {**schema, "namespace": space, "name": name} if dot else schema


def _short(name: str, namespace: str) -> str:
    space, _, last = name.rpartition(".")
    return last if space == namespace and last not in PRIMITIVES else name
