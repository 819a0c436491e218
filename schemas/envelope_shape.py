"""The shape of an envelope, seen in its text: how deep it is, and whether it has its events twice. Pure.

JSON parsers keep the last of two members of a name without a word, so the events of the first would be lost.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

__all__ = ["are_twice", "has_events_twice", "is_shallow"]

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[{]|[\]}]', re.DOTALL)
_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")
_QUOTE: Final = ord('"')

_BEGINNING: Final = re.compile(rb'[ \t\r\n]*+\{[ \t\r\n]*+"events"[ \t\r\n]*+:[ \t\r\n]*+\[[ \t\r\n]*+')
_COMMA: Final = re.compile(rb"[ \t\r\n]*+,[ \t\r\n]*+")
_END: Final = re.compile(rb"[ \t\r\n]*+\][ \t\r\n]*+\}[ \t\r\n]*+")
_COLON: Final = re.compile(rb"[ \t\r\n]*+:")


def is_shallow(body: bytes, levels: int) -> bool:
    """Whether no bracket is deeper than so many levels."""
    if body.count(b"[") + body.count(b"{") <= levels:
        return True
    depth = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        depth += (first in _OPENING) - (first in _CLOSING)
        if depth > levels:
            return False
    return True


def has_events_twice(body: bytes, texts: Sequence[bytes]) -> bool:
    """Whether an envelope has several members `events`.

    Args:
        body: an envelope that msgspec has read.
        texts: its events, as msgspec has found them.
    """
    if _is_nothing_but(body, texts):
        return False  # so it is with every registry's, and known in less than a microsecond
    may_be_twice = b"\\" in body or body.lower().count(b'"events"') > 1
    return may_be_twice and are_twice(_names(body))


def are_twice(names: Iterable[str]) -> bool:
    """Whether several of an envelope's members are its events; Go's parser takes `Events` for them too."""
    return sum(name.lower() == "events" for name in names) > 1


def _is_nothing_but(body: bytes, texts: Sequence[bytes]) -> bool:
    """Whether these events are all that the envelope has, as in those of registries."""
    before, at = _BEGINNING, 0
    for text in texts:
        found = before.match(body, at)
        if found is None or not body.startswith(text, found.end()):
            return False
        before, at = _COMMA, found.end() + len(text)
    return _END.fullmatch(body, at) is not None


def _names(body: bytes) -> list[str]:
    """The names of an envelope's members, as often as they are there."""
    names, depth = [], 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        depth += (first in _OPENING) - (first in _CLOSING)
        if depth == 1 and first == _QUOTE and _COLON.match(body, token.end()):
            names.append(msgspec.json.decode(token[0], type=str))
    return names
