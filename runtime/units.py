"""Durations and sizes as a registry operator writes them, to numbers and back; knows not where the text stood.

Durations follow Go's `time.ParseDuration` (the registry's own file) plus `d`. Outside this file they are float seconds;
in here whole nanoseconds, so that nothing is rounded twice. Every error is a ValueError whose text begins with "is not"
or "has no" and never repeats the value, because the value may be a secret: whoever asked puts key and value in front.
"""

import re
from fractions import Fraction

_NS_OF = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # U+00B5 micro sign
    "μs": 10**3,  # U+03BC Greek mu: Go takes both
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h|d)")
_BARE_NUMBER = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?")
_LONGEST_NS = 2**63 - 1
"""Go's own limit (about 292 years); a longer text is refused there too."""
_LONGEST_TEXT = 200
"""No duration worth writing is longer; it bounds the big-integer work on hostile text."""

DURATION_EXAMPLES = "write e.g. 500ms, 1s, 1h30m, 30d"
"""The advice behind every refused duration."""


class UnitMissingError(ValueError):
    """A bare number stands where a duration should be."""


_BYTES_OF = {"TiB": 2**40, "GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
_SIZE = re.compile(r"([0-9]{1,18}) ?(B|KiB|MiB|GiB|TiB)?")

SIZE_EXAMPLES = "write e.g. 64KiB, 1MiB, or a number of bytes"
"""The advice behind every refused size."""


def parse_duration(text: str) -> float:
    """Read a duration such as `500ms`, `1h30m`, `1m2.5s`, `30d`, `-24h` or `0` into seconds.

    Raises:
        UnitMissingError: it is a bare number; with what to write instead of the registry's nanoseconds.
        ValueError: it is no duration, or over 292 years.
    """
    unsigned = text[1:] if text[:1] in {"-", "+"} else text
    if unsigned == "0":
        return 0.0
    if _BARE_NUMBER.fullmatch(text):
        raise UnitMissingError(f"has no unit (the registry reads it as nanoseconds); write {_with_unit(text)}")
    total = _nanoseconds(unsigned)
    if total is None:
        raise ValueError(f"is not a duration; {DURATION_EXAMPLES}")
    if total > _LONGEST_NS:
        raise ValueError(f"is not a duration below 292 years; {DURATION_EXAMPLES}")
    return (-total if text[0] == "-" else total) / 10**9


def format_duration(seconds: float) -> str:
    """Write seconds as `parse_duration` reads them, e.g. 5400.0 as `1h30m`; rounded to whole nanoseconds.

    Raises:
        ValueError: the number is infinite or not a number.
    """
    try:
        total = round(Fraction(seconds) * 10**9)
    except OverflowError:
        raise ValueError("is not a finite number of seconds") from None
    sign, left = ("-", -total) if total < 0 else ("", total)
    if 0 < left < _NS_OF["s"]:
        return sign + _below_a_second(left)
    parts = []
    for unit in ("d", "h", "m"):
        count, left = divmod(left, _NS_OF[unit])
        parts += [f"{count}{unit}"] if count else []
    parts += [f"{_decimal(left, 9)}s"] if left or not parts else []
    return sign + "".join(parts)


def parse_size(text: str) -> int:
    """Read a size such as `64KiB`, `8MiB` or `1024` into bytes.

    Raises:
        ValueError: it is no size; decimal units (`KB`, `MB`) are none, as they are read in two ways.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"is not a size; {SIZE_EXAMPLES}")
    return int(found[1]) * _BYTES_OF[found[2] or "B"]


def format_size(size: int) -> str:
    """Write bytes as `parse_size` reads them, in the largest unit that loses nothing, e.g. 8388608 as `8 MiB`."""
    name, unit = next((name, unit) for name, unit in _BYTES_OF.items() if size % unit == 0 and (size or unit == 1))
    return f"{size // unit} {name}"


def rounded_size(size: int) -> str:
    """Write bytes that were counted, with four digits, e.g. 8388609 as `8 MiB`."""
    name, unit = next((name, unit) for name, unit in _BYTES_OF.items() if size >= unit or unit == 1)
    return f"{size / unit:.4g} {name}"


def _nanoseconds(unsigned: str) -> int | None:
    """Sum a duration's terms without its sign, each truncated to whole nanoseconds as in Go; None if it is none."""
    if not 0 < len(unsigned) <= _LONGEST_TEXT:
        return None
    total = position = 0
    while position < len(unsigned):
        term = _TERM.match(unsigned, position)
        if term is None or not (term[1] or term[2]):
            return None
        decimals = term[2] or ""
        total += int((term[1] or "0") + decimals) * _NS_OF[term[3]] // 10 ** len(decimals)
        position = term.end()
    return total


def _with_unit(bare: str) -> str:
    """Say what a bare number most likely meant: from a millisecond on the registry's nanoseconds, below it seconds."""
    if "." not in bare and abs(int(bare)) >= _NS_OF["ms"]:
        return format_duration(int(bare) / 10**9)
    return f"{bare.removeprefix('+')}s"


def _below_a_second(ns: int) -> str:
    unit, digits = next((unit, digits) for unit, digits in (("ms", 6), ("us", 3), ("ns", 0)) if ns >= 10**digits)
    return f"{_decimal(ns, digits)}{unit}"


def _decimal(number: int, digits: int) -> str:
    """Write number / 10**digits without an exponent and without trailing zeros."""
    whole, rest = divmod(number, 10**digits)
    return f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".") if rest else str(whole)
