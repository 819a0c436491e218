"""What of an event that was made, not read, no record can hold. Pure."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from schemas.event import Event
from schemas.utf8 import utf8

_PLACED: Final = re.compile(r"(?P<what>.*) - at (?P<of>`key` in )?`\$\.(?P<place>.*)`")


def misfit_of(event: Event) -> str:
    """The member, by its name in the registry's JSON, and what is wrong with it; empty if nothing is found.

    A model takes any value that its maker gives to it. To look at each is worth its time only for an event that was
    refused.
    """
    try:
        members = msgspec.to_builtins(event)
        msgspec.convert(members, Event)
    except (TypeError, msgspec.ValidationError) as error:
        return _in_order(str(error))
    return next(_half_characters(members, ""), "")


def _in_order(text: str) -> str:
    """The place first, without the marks of msgspec's own paths."""
    found = _PLACED.fullmatch(text)
    if found is None:
        return text
    what = found["what"].replace("`", "")
    return f"{found['place']}: {'of a key, ' if found['of'] else ''}{what[:1].lower()}{what[1:]}"


def _half_characters(value: Any, place: str) -> Iterator[str]:
    match value:
        case str():
            try:
                utf8(value)
            except UnicodeEncodeError:
                yield f"{place}: contains half of a surrogate pair, which is not a character"
        case dict():
            for name, member in value.items():
                yield from _half_characters(name, f"{place}, a key" if place else "a key")
                yield from _half_characters(member, f"{place}.{name}" if place else name)
        case list():
            for at, item in enumerate(value):
                yield from _half_characters(item, f"{place}[{at}]")
