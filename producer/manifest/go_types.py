"""JSON values read into typed members as Go's encoding/json does (Go 1.25). Pure; knows no manifests.

What differs from a strict reader: member names are compared without regard to case, null leaves a member as it is, and
a member that stands twice is merged. What does not: a value of another type is refused, whatever else the text says.

A reader gives a member's value from its JSON (`go_json.py`) and the value that it had before; None is Go's zero value.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from producer.manifest.go_json import Number

__all__ = [
    "MemberReader",
    "MismatchError",
    "Slice",
    "anything",
    "integer",
    "listed",
    "octets",
    "optional",
    "pointer",
    "record",
    "text",
    "text_map",
]

MemberReader = Callable[[Any, Any], Any]

_OCTET: Final = 256
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FOLDED: Final = str.maketrans({"\u017f": "s", "\u212a": "k"})
"""The two letters beyond ASCII that Unicode's simple folding makes ASCII's."""
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SHOWN_DIGITS: Final = 20


class MismatchError(Exception):
    """A value of another type than the member's."""

    def __init__(self, expected: str, value: Any) -> None:
        super().__init__(f"must be {expected}, not {_shown(value)}")
        self.steps: list[str] = []
        """The way to the member, the last step first."""

    @property
    def path(self) -> str:
        """Where: `layers[2].size`."""
        return "".join(reversed(self.steps)).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Slice:
    """A list, with the elements that a longer one left behind it: Go reads the next one over them."""

    cells: list[Any] = field(default_factory=list)
    length: int = 0

    @property
    def items(self) -> list[Any]:
        """The elements."""
        return self.cells[: self.length]


def text(value: Any, before: str | None) -> str | None:
    """A string."""
    if value is None:
        return before
    if type(value) is not str:
        raise MismatchError("text", value)
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def integer(value: Any, before: int | None) -> int | None:
    """An int64."""
    if value is None:
        return before
    if type(value) is not int:
        raise MismatchError("an integer of 64 bits", value)
    return value


def _octet(value: Any, before: int | None) -> int | None:
    if value is not None and not (type(value) is int and 0 <= value < _OCTET):
        raise MismatchError("an integer from 0 to 255", value)
    return before if value is None else value


def octets(value: Any, before: bytes | Slice | None) -> bytes | Slice | None:
    """A []byte: base64, in which line breaks do not count, or a list of numbers."""
    if type(value) is not str:
        if type(value) is list and before is None and set(map(type, value)) == {int}:
            with suppress(ValueError):
                return bytes(value)
        old = Slice(list(before), len(before)) if isinstance(before, bytes) else before
        found: Slice | None = _octets(value, old)
        return found
    encoded = value.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(encoded):
        raise MismatchError("base64", value)
    try:
        return b64decode(encoded)
    except binascii.Error as error:
        raise MismatchError("base64", value) from error


def listed(item: MemberReader, *, most: int | None = None) -> MemberReader:
    """A slice of items; more than `most` are refused."""

    def read(value: Any, before: Slice | None) -> Slice | None:
        if value is None:
            return None
        if type(value) is not list or (most is not None and len(value) > most):
            raise MismatchError("a list" if most is None else f"a list of at most {most} entries", value)
        cells = before.cells if before is not None and value else []
        for index, inner in enumerate(value):
            if index == len(cells):
                cells.append(None)
            try:
                cells[index] = item(inner, cells[index])
            except MismatchError as error:
                error.steps.append(f"[{index}]")
                raise
        return Slice(cells, len(value))

    return read


_octets: Final = listed(_octet)


def text_map(value: Any, before: dict[str, str] | None) -> dict[str, str] | None:
    """A map[string]string."""
    if value is None:
        return None
    if type(value) is not tuple:
        raise MismatchError("an object", value)
    found = {} if before is None else before
    for name, inner in value:
        key = text(name, None) or ""
        try:
            found[key] = text(inner, None) or ""
        except MismatchError as error:
            error.steps.append(f".{key}")
            raise
    return found


def record(readers: Mapping[str, MemberReader]) -> MemberReader:
    """A struct of these members; others are ignored."""
    folded = {_folded(name): name for name in readers}

    def read(value: Any, before: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return before
        if type(value) is not tuple:
            raise MismatchError("an object", value)
        members: dict[str, Any] = {} if before is None else before
        for key, inner in value:
            name = key if key in readers else folded.get(_folded(key))
            if name is None:
                continue
            try:
                members[name] = readers[name](inner, members.get(name))
            except MismatchError as error:
                error.steps.append(f".{name}")
                raise
        return members

    return read


def pointer(reader: MemberReader) -> MemberReader:
    """A pointer, which null unsets."""
    return lambda value, before: None if value is None else reader(value, before)


def optional(reader: MemberReader) -> MemberReader:
    """A member that Go's struct does not have, for what is of use in it: a value of another type changes nothing."""

    def read(value: Any, before: Any) -> Any:
        try:
            return reader(value, before)
        except MismatchError:
            return before

    return read


def anything(value: Any, before: Any) -> Any:  # noqa: ARG001 - an interface is set anew
    """An interface: any value whose numbers fit a float64."""
    pending = [value]
    while pending:
        match pending.pop():
            case Number(spelling) as number if float(spelling) in {float("inf"), float("-inf")}:
                raise MismatchError("a number of 64 bits", number)
            case tuple() as members:
                pending += [inner for _, inner in members]
            case list() as items:
                pending += items
    return value


def _folded(name: str) -> str:
    return name.lower() if name.isascii() else name.translate(_FOLDED).lower()


_SHOWN: Final[Iterable[tuple[type, str]]] = ((str, "text"), (list, "a list"), (tuple, "an object"), (bool, "a boolean"))


def _shown(value: Any) -> str:
    number = value.spelling if isinstance(value, Number) else str(value)
    kind = next((name for type_, name in _SHOWN if isinstance(value, type_)), f"the number {number[:_SHOWN_DIGITS]}")
    return f"{kind} of {len(value)} entries" if isinstance(value, list) else kind
