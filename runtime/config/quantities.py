"""Readers of durations and sizes within bounds, and of the registry's numbers of which 0 and less mean the default."""

import math

from runtime.config.reading import Reader, Value, parsed
from runtime.units import DURATION_EXAMPLES, SIZE_EXAMPLES, format_duration, format_size, parse_duration, parse_size

_DURATION = parsed(parse_duration, f"is not a duration; {DURATION_EXAMPLES}")
_SIZE = parsed(parse_size, f"is not a size; {SIZE_EXAMPLES}")


def duration(least_s: float, most_s: float) -> Reader[float]:
    """Make a reader of a duration in seconds within bounds, both included."""

    def read(value: Value) -> float:
        return _within(value, _DURATION(value), least_s, most_s)

    return read


def registry_duration(default_s: float, least_s: float, most_s: float) -> Reader[float]:
    """Make a reader of a duration of the registry's own file: 0 and less are the default, as there."""

    def read(value: Value) -> float:
        seconds = _DURATION(value)
        return default_s if seconds <= 0 else _within(value, seconds, least_s, most_s)

    return read


def size(least: int, most: int) -> Reader[int]:
    """Make a reader of a size in bytes within bounds, both included."""

    def read(value: Value) -> int:
        found = _SIZE(value)
        if not least <= found <= most:
            value.refuse(f"is not from {format_size(least)} to {format_size(most)}")
        return found

    return read


def _within(value: Value, seconds: float, least_s: float, most_s: float) -> float:
    if not least_s <= seconds <= most_s:
        most = "" if math.isinf(most_s) else f" to {format_duration(most_s)}"
        value.refuse(f"is not from {format_duration(least_s)}{most}")
    return seconds
