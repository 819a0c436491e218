"""Readers of durations and sizes within bounds, and of the registry's numbers of which 0 and less mean the default."""

import math

from runtime.config import shape as shapes
from runtime.config.reading import Value, ValueReader
from runtime.config.shape import Shaped
from runtime.config.value_readers import parsed
from runtime.units import DURATION_EXAMPLES, SIZE_EXAMPLES, format_duration, format_size, parse_duration, parse_size

_DURATION_SHAPE = shapes.text(shapes.DURATION)
_SHAPE_WITH_ZERO = shapes.either(_DURATION_SHAPE, shapes.ZERO)
_DURATION = parsed(parse_duration, f"is not a duration; {DURATION_EXAMPLES}", shapes.text(shapes.DURATION))
_SIZE = parsed(parse_size, f"is not a size; {SIZE_EXAMPLES}", shapes.text(shapes.SIZE))


def duration(least_s: float, most_s: float) -> ValueReader[float]:
    """Make a reader of a duration in seconds within bounds, both included."""

    def read(value: Value) -> float:
        return _within(value, _DURATION(value), least_s, most_s)

    return Shaped(read, _DURATION_SHAPE if least_s else _SHAPE_WITH_ZERO)


def registry_duration(default_s: float, least_s: float, most_s: float) -> ValueReader[float]:
    """Make a reader of a duration of the registry's own file: 0 and less are the default, as there."""

    def read(value: Value) -> float:
        seconds = _DURATION(value)
        return default_s if seconds <= 0 else _within(value, seconds, least_s, most_s)

    return Shaped(read, _SHAPE_WITH_ZERO)


def size(least: int, most: int) -> ValueReader[int]:
    """Make a reader of a size in bytes within bounds, both included."""

    def read(value: Value) -> int:
        found = _SIZE(value)
        if not least <= found <= most:
            value.refuse(f"is not from {format_size(least)} to {format_size(most)}")
        return found

    return Shaped(read, shapes.size(least, most))


def _within(value: Value, seconds: float, least_s: float, most_s: float) -> float:
    if not least_s <= seconds <= most_s:
        most = "" if math.isinf(most_s) else f" to {format_duration(most_s)}"
        value.refuse(f"is not from {format_duration(least_s)}{most}")
    return seconds
