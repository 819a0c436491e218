"""Readers of single values: text, numbers, switches, words and lists, each with the shape that its schema shows.

They come from `reading.py`'s values; what a key means is the sections' business.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from runtime.config import shape as shapes
from runtime.config.faults import RefusedValue
from runtime.config.reading import Value, ValueReader
from runtime.config.shape import Shaped, ValueShape

T = TypeVar("T")

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def parsed(parse: Callable[[str], T], advice: str, shape: ValueShape) -> ValueReader[T]:
    """Make a reader of a parser of text whose ValueError says what is wrong without repeating the value.

    What the environment gave gets the general advice: a particular one could show the value.
    """

    def read(value: Value) -> T:
        try:
            return parse(value.text())
        except ValueError as error:
            value.refuse(advice if value.is_interpolated else str(error))

    return Shaped(read, shape)


def matching(pattern: str, what: str) -> ValueReader[str]:
    """Make a reader of text that fits a regular expression whole."""
    compiled = re.compile(pattern)

    def read(value: Value) -> str:
        text = value.text()
        return text if compiled.fullmatch(text) else value.refuse(what)

    return Shaped(read, shapes.text(pattern))


def whole_number(least: int, most: int) -> ValueReader[int]:
    """Make a reader of an integer within bounds, both included."""

    def read(value: Value) -> int:
        text = value.unquoted("a number")
        if not _WHOLE_NUMBER.fullmatch(text) or not least <= int(text) <= most:
            value.refuse(f"is not a whole number from {least} to {most}")
        return int(text)

    return Shaped(read, shapes.numeric("integer", least, most))


def number(least: float, most: float) -> ValueReader[float]:
    """Make a reader of a number within bounds, both included."""

    def read(value: Value) -> float:
        text = value.unquoted("a number")
        if not _NUMBER.fullmatch(text) or not least <= float(text) <= most:
            value.refuse(f"is not a number from {least:g} to {most:g}")
        return float(text)

    return Shaped(read, shapes.numeric("number", least, most))


@shapes.shaped(shapes.TRUTH)
def truth(value: Value) -> bool:
    """Read true or false, in any of YAML's words for it."""
    text = value.unquoted("true or false").lower()
    if text not in _TRUE | _FALSE:
        value.refuse("is not true or false")
    return text in _TRUE


def one_of(words: Sequence[T]) -> ValueReader[T]:
    """Make a reader of one of a few words."""

    def read(value: Value) -> T:
        text = value.text()
        found = next((word for word in words if word == text), None)
        return value.refuse(f"is not one of {', '.join(map(str, words))}") if found is None else found

    return Shaped(read, shapes.words(words))


def list_of(reader: ValueReader[T]) -> ValueReader[tuple[T, ...]]:
    """Make a reader of a list that reads every member, so that each gets its fault."""
    return Shaped(lambda value: all_of(value.items(), reader), shapes.array(reader))


def text_or_list(reader: ValueReader[T]) -> ValueReader[tuple[T, ...]]:
    """Make a reader of one text or a list of them."""
    return Shaped(
        lambda value: all_of(value.items() if isinstance(value.node, list) else [value], reader),
        shapes.either(reader, shapes.array(reader)),
    )


def all_of(values: Iterable[Value], reader: ValueReader[T]) -> tuple[T, ...]:
    """Read every value; raise RefusedValue only when all have been looked at."""
    found: list[T] = []
    refused = False
    for value in values:
        try:
            found.append(reader(value))
        except RefusedValue:
            refused = True
    if refused:
        raise RefusedValue
    return tuple(found)
