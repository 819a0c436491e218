"""Where an endpoint without a cursor begins: `new`, `beginning`, `end`, an RFC 3339 time or a time ago; no clock."""

from dataclasses import dataclass
from typing import TypeAlias

from runtime.units import parse_duration
from schemas.timestamps import micros

START_EXAMPLES = "write new, beginning, end, a time such as 2026-01-31T12:00:00Z, or a time ago such as -24h"
"""The advice behind every refused start."""


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
    moment = micros(text.replace(" ", "T", 1))  # a space may stand there too (RFC 3339 section 5.6)
    return None if moment is None else moment / 1_000_000
