"""What a reader takes, in JSON Schema's terms, as far as a schema can say it. Pure; `json_schema` puts it together.

A shape never refuses what its reader takes. In place of a schema a shape may hold a reader, whose shape it then is.
A scalar is whatever YAML sees in it, and any scalar may be a reference (`${...}`, `$$`), which only the reader can
look through.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
ValueShape = Mapping[str, Any]

_REFERENCE: Final = r"\$[{$]"
REFERENCE: Final[ValueShape] = {"type": "string", "pattern": _REFERENCE}
"""A text that holds a reference."""
DURATION: Final = r"[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d))+)"
SIZE: Final = r"[0-9]+ ?(B|KiB|MiB|GiB|TiB)?"
URL: Final = r"[Hh][Tt][Tt][Pp][Ss]?://.+"


@dataclass(frozen=True, slots=True)
class Shaped(Generic[T]):
    """A reader with its shape."""

    read: Callable[[Any], T]
    shape: ValueShape

    def __call__(self, value: Any) -> T:
        """Read a value."""
        return self.read(value)


def shaped(shape: ValueShape) -> Callable[[Callable[[Any], T]], Shaped[T]]:
    """Give a reader its shape."""
    return lambda read: Shaped(read, shape)


def text(pattern: str = "") -> ValueShape:
    """A scalar whose text fits a regular expression whole; a number or a switch is text too where it fits."""
    if not pattern:
        return {"type": ["string", "number", "boolean"]}
    others = [kind for kind, example in (("number", "1"), ("boolean", "true")) if re.fullmatch(pattern, example)]
    return {"type": ["string", *others] if others else "string", "pattern": f"^({pattern})$|{_REFERENCE}"}


def numeric(kind: str, least: float, most: float) -> ValueShape:
    """A number within bounds; `kind` is `integer` or `number`."""
    return {"anyOf": [{"type": kind, "minimum": least, "maximum": most}, REFERENCE]}


def either(*shapes: Any) -> ValueShape:
    """One of these."""
    return {"anyOf": [*shapes]}


def words(known: Sequence[Any]) -> ValueShape:
    """One of these words."""
    return either({"enum": [*known]}, REFERENCE)


def array(items: Any) -> ValueShape:
    """A list."""
    return {"type": "array", "items": items}


def size(least: int, most: int) -> ValueShape:
    """A number of bytes within bounds, or a size with a unit, whose bounds a schema cannot say."""
    return either({"type": "integer", "minimum": least, "maximum": most}, {**text(SIZE), "type": "string"})


def mapping(names: str, values: Any) -> ValueShape:
    """A mapping with free keys that fit a regular expression whole."""
    return {"type": "object", "propertyNames": {"pattern": f"^({names})$"}, "additionalProperties": values}


TRUTH: Final = either({"type": "boolean"}, REFERENCE)
ANY_TEXT: Final = text()
ANYTHING: Final[ValueShape] = {"type": ["array", "boolean", "number", "object", "string"]}
ZERO: Final[ValueShape] = {"const": 0}
"""The one number that is a duration without a unit."""
