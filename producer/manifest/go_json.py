"""JSON read as Go's encoding/json does, up to its values (Go 1.25). Pure; knows no types.

Text that is not UTF-8 is mended with U+FFFD, and depth ends at 10,000 levels. An object is a tuple of pairs, so that
none of two alike is lost; a list is a list.
"""

import codecs
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from producer.manifest.json_deep import MAX_DEPTH, shallow

__all__ = ["Number", "parse"]

_LONGEST_INT: Final = 20
"""Digits and sign of the longest integer that may fit 64 bits; longer ones are not worth converting."""
_LARGEST: Final = 2**63
_BY_BYTE: Final = "replace-each-byte"


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is no integer of 64 bits, as it is spelt."""

    spelling: str


def parse(content: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, or deeper than Go reads.
    """
    found = content.decode(errors=_BY_BYTE)
    if found.count("[") + found.count("{") <= MAX_DEPTH:
        with suppress(RecursionError):
            return _DECODER.decode(found)
    return _DECODER.decode(shallow(found, _DECODER.decode))


def _integer(digits: str) -> Any:
    value = int(digits) if len(digits) <= _LONGEST_INT else _LARGEST
    return value if -_LARGEST <= value < _LARGEST else Number(digits)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=_integer, parse_float=Number, parse_constant=_refused
)


def _by_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\ufffd" * (error.end - error.start), error.end


codecs.register_error(_BY_BYTE, _by_byte)
