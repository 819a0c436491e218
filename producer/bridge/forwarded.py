"""The `Forwarded` header (RFC 7239 section 4), as the registry reads it. Pure and total."""

import re
from typing import Final

__all__ = ["forwarded_parameters"]

_WORD: Final = r'[^"(),/:;<=>?@\[\\\]{}\s\x00-\x1f\x7f]+'
_PAIR: Final = re.compile(rf'\s*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\[\t\x20-\x7e])*)"|({_WORD}))\s*(?:(;)\s*|(?=,)|\Z)')
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def forwarded_parameters(header: str) -> dict[str, str]:
    """The parameters of the first element, which the first proxy wrote, by lower-case name.

    Malformed text has no parameters, nor has an element that gives one twice.
    """
    found: dict[str, str] = {}
    at, more = 0, True
    while more:
        pair = _PAIR.match(header, at)
        if pair is None or pair[1].lower() in found:
            return {}
        found[pair[1].lower()] = _ESCAPED.sub(r"\1", pair[2]) if pair[2] is not None else pair[3]
        at, more = pair.end(), pair[4] is not None and pair.end() < len(header)
    return found
