"""JSON as text: parsed by the standard library, which decides what is JSON, and where each value stands. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, NoReturn

MAX_DEPTH: Final = 500
"""Levels of nesting that are read; Python's and msgspec's parsers both stop a little above."""

WIDE_STARTS: Final = (b"\xff\xfe", b"\xfe\xff", b"{\0", b"\0{", b"\0\0")
"""First bytes of JSON in UTF-16 or UTF-32, with and without a byte order mark."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|-?Infinity|NaN', re.DOTALL)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_LONGEST_INT: Final = 20
"""Digits and sign of the longest integer that may fit 64 bits; longer ones are not worth converting."""


class JSONTextError(Exception):
    """The text is not JSON that is read here."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path
        """Where: `line 1 column 7`; empty for the text as a whole."""


class MemberPlace(NamedTuple):
    """Where a member of an object stands in its text."""

    name: str
    begin: int
    """Of the name."""
    start: int
    """Of the value."""
    end: int


def utf8_body(body: bytes) -> bytes:
    """The body without a byte order mark, which RFC 8259 section 8.1 lets a reader ignore.

    Raises:
        JSONTextError: it is not UTF-8.
    """
    if body.startswith(WIDE_STARTS):
        raise JSONTextError("the body is UTF-16 or UTF-32; it must be UTF-8")
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise JSONTextError(f"the body is not UTF-8 (byte {error.start})") from None
    return body


def parse(text: str) -> Any:
    """The value; what the standard library takes is JSON, but for NaN, Infinity and extreme depth.

    Raises:
        JSONTextError: it is not JSON, or deeper than `MAX_DEPTH` levels.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH or "NaN" in text or "Infinity" in text:
        _check_tokens(text)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JSONTextError(f"not JSON: {error.msg}", f"line {error.lineno} column {error.colno}") from None


def _check_tokens(text: str) -> None:
    """Refuse by its place what the decoder would take, or take too far."""
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise JSONTextError(f"nested deeper than {MAX_DEPTH} levels", _place(text, token.start()))
        elif first in "]}":
            depth -= 1
        elif first != '"':
            raise JSONTextError(f"{token[0]} is not JSON", _place(text, token.start()))


def skip_space(text: str, at: int) -> int:
    """The first place from `at` on that is no white space."""
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def members_of(text: str, at: int = 0) -> Iterator[MemberPlace]:
    """The members of the object at `at`, in text known to be JSON."""
    at = skip_space(text, skip_space(text, at) + 1)
    while text[at] == '"':
        begin = at
        name, at = _DECODER.raw_decode(text, at)
        start = skip_space(text, skip_space(text, at) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield MemberPlace(name, begin, start, end)
        at = _after_comma(text, end)


def items_of(text: str, at: int = 0) -> Iterator[tuple[int, int]]:
    """(start, end) of each item of the list at `at`, in text known to be JSON."""
    at = skip_space(text, skip_space(text, at) + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after_comma(text, end)


def _integer(digits: str) -> int | float:
    """Integers of any length: Python refuses very long ones, and none above 64 bits fits a member anyway."""
    return int(digits) if len(digits) <= _LONGEST_INT else float("inf")


def _refuse_constant(name: str) -> NoReturn:
    raise JSONTextError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_constant=_refuse_constant)


def _after_comma(text: str, at: int) -> int:
    at = skip_space(text, at)
    return skip_space(text, at + 1) if text[at] == "," else at


def _place(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1} column {at - text.rfind(chr(10), 0, at)}"
