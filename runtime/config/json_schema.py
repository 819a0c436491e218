"""The JSON Schema of a configuration file, made from the readers of its sections.

A section's reader is let loose on an empty mapping and overheard: each key that it asks for, by which reader, and
whether it must be there. So the schema cannot know other keys than the reader.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from runtime.config.faults import RefusedValue
from runtime.config.interpolation import Sources
from runtime.config.reading import KnownKey, Reading, Value
from runtime.config.shape import Shaped

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
"""The newest that every editor's YAML support knows."""
_NULL: Final = {"type": "null"}


def json_schema(root: Callable[[Value], Any]) -> dict[str, Any]:
    """The schema of a file that `root` reads.

    Raises:
        ValueError: a reader has no shape and is no section's.
    """
    return {"$schema": _DRAFT, **_resolved(root)}


def _resolved(shape: Any) -> Any:
    """A shape with those of readers in place of the readers; `of` is a shape that the rest is added to."""
    if isinstance(shape, Shaped):
        return _resolved(shape.shape)
    if callable(shape):
        return _section(shape)
    if isinstance(shape, dict) and "of" in shape:
        return {**_resolved(shape["of"]), **_resolved({key: more for key, more in shape.items() if key != "of"})}
    if isinstance(shape, dict):
        found = {key: _resolved(member) for key, member in shape.items()}
        return {**found, "anyOf": [*_flat(found["anyOf"])]} if "anyOf" in found else found
    return [_resolved(member) for member in shape] if isinstance(shape, list) else shape


def _flat(alternatives: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Alternatives of alternatives are alternatives; each once."""
    seen = []
    for one in alternatives:
        for plain in one["anyOf"] if one.keys() == {"anyOf"} else [one]:
            if plain not in seen:
                seen.append(plain)
                yield plain


def _section(read: Callable[[Value], Any]) -> dict[str, Any]:
    asked: list[KnownKey] = []
    with suppress(RefusedValue):
        read(Value({}, "", Reading(Sources(environ={}), asked=asked)))
    if not asked:
        raise ValueError(f"{read} is no reader of a section and has no shape")
    required = [key for key, _, required in asked if required]
    return {
        "type": "object",
        "properties": {key: _member(_resolved(reader), required=required) for key, reader, required in asked},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _member(shape: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """A key's shape; one that may be left out may also be empty."""
    if required:
        return shape
    if "anyOf" in shape:
        return {**shape, "anyOf": [*shape["anyOf"], _NULL]}
    kinds = shape["type"]
    return {**shape, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
