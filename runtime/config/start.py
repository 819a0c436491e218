"""Where an endpoint without a cursor begins: `new`, `beginning`, `end`, an RFC 3339 time or a time ago; no clock."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from runtime.units import parse_duration

START_EXAMPLES = "write new, beginning, end, a time such as 2026-01-31T12:00:00Z, or a time ago such as -24h"
"""The advice behind every refused start."""

_RFC_3339 = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<time>\d{2}:\d{2}:\d{2})"
    r"(?P<fraction>\.\d{1,12})?(?P<offset>[Zz]|[+-]\d{2}:\d{2})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class New:
    """The end of the log when any command first sees the endpoint's name; nothing after that moment is missed."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The oldest record that the log still has."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the log when delivery first starts."""


@dataclass(frozen=True, slots=True)
class At:
    """The first record accepted at this time or later."""

    epoch_s: float
    """Seconds since 1970 in UTC."""


@dataclass(frozen=True, slots=True)
class Ago:
    """The first record accepted at most this long before the moment of asking."""

    seconds: float
    """Positive seconds."""


Start: TypeAlias = New | Beginning | End | At | Ago

_WORDS: dict[str, Start] = {"new": New(), "beginning": Beginning(), "end": End()}


def parse_start(text: str) -> Start:
    """Read a start.

    Raises:
        ValueError: it is none; the text says what is one and does not repeat the value.
    """
    if text in _WORDS:
        return _WORDS[text]
    moment = parse_rfc3339(text)
    if moment is not None:
        return At(moment)
    if text.startswith("-"):
        try:
            seconds = parse_duration(text)
        except ValueError:
            seconds = 0.0
        if seconds < 0:
            return Ago(-seconds)
    raise ValueError(f"is not a place to start; {START_EXAMPLES}")


def parse_rfc3339(text: str) -> float | None:
    """Read an RFC 3339 time into epoch seconds, to the microsecond; None if it is none (an offset or Z is required)."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        return None
    offset = "+00:00" if found["offset"] in "Zz" else found["offset"]
    micros = (found["fraction"] or ".0")[1:7].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{found['day']}T{found['time']}.{micros}{offset}").timestamp()
    except ValueError:
        return None
