"""Durations and sizes: Go's syntax plus `d`, and back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.units import format_duration, format_size, parse_duration, parse_size, rounded_size

NANOSECONDS = st.integers(-(2**63) + 1, 2**63 - 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("1s", 1.0),
        ("1h30m", 5400.0),
        ("1m2.5s", 62.5),
        ("30d", 2_592_000.0),
        ("-24h", -86400.0),
        ("+1s", 1.0),
        ("5us", 5e-6),
        ("5µs", 5e-6),
        ("5μs", 5e-6),
        ("7ns", 7e-9),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("0", 0.0),
        ("-0", 0.0),
        ("0s", 0.0),
        ("1.0000000019s", 1.000000001),
        ("1s1s", 2.0),
        ("106751d", 9_223_286_400.0),
    ],
)
def test_durations_are_gos_plus_days(text: str, seconds: float) -> None:
    """What Go's time.ParseDuration reads is read to the same value, cut below a nanosecond; days come on top."""
    assert seconds == parse_duration(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("5000000000", "has no unit (the registry reads it as nanoseconds); write 5s"),
        ("1500000000", "has no unit (the registry reads it as nanoseconds); write 1.5s"),
        ("5", "has no unit (the registry reads it as nanoseconds); write 5s"),
        ("-5", "has no unit (the registry reads it as nanoseconds); write -5s"),
        ("1.5", "has no unit (the registry reads it as nanoseconds); write 1.5s"),
        ("5 parsecs", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("s", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        (".s", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("-", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("1 s", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("1s\n", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("٣s", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("1S", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("--1s", "is not a duration; write e.g. 500ms, 1s, 1h30m, 30d"),
        ("106752d", "is not a duration below 292 years; write e.g. 500ms, 1s, 1h30m, 30d"),
    ],
)
def test_other_durations_are_refused(text: str, fault: str) -> None:
    """A text that is no duration is refused with what to write; a bare number with its most likely meaning."""
    with pytest.raises(ValueError, match=r"^(is not|has no) ") as refused:
        parse_duration(text)

    assert fault == str(refused.value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (5400.0, "1h30m"),
        (62.5, "1m2.5s"),
        (0.5, "500ms"),
        (1.5e-5, "15us"),
        (1e-9, "1ns"),
        (-86400.0, "-1d"),
        (2_592_000.0, "30d"),
        (1e-12, "0s"),
    ],
)
def test_durations_are_written_short(seconds: float, text: str) -> None:
    """A duration is written in the units an operator would choose."""
    assert text == format_duration(seconds)


@given(NANOSECONDS)
@example(2**63 - 1)
def test_a_written_duration_reads_back(ns: int) -> None:
    """Every duration that can be read is written as a text that reads as the very same number."""
    seconds = parse_duration(f"{ns}ns")

    assert ns / 10**9 == seconds
    assert abs(seconds) > 9_223_372_036 or seconds == parse_duration(format_duration(seconds))


@given(st.text() | st.from_regex(r"[-+]?([0-9.]{0,30}(ns|us|ms|s|m|h|d)?){0,5}", fullmatch=True))
@example("9" * 5000 + "h")
@example("0." + "9" * 150 + "h")
def test_reading_a_duration_is_total(text: str) -> None:
    """Any text is a finite number of seconds or a ValueError."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return

    assert abs(seconds) < 1e10


@given(st.floats())
def test_writing_a_duration_is_total(seconds: float) -> None:
    """Any float is written, or refused if it is no finite number."""
    try:
        text = format_duration(seconds)
    except ValueError:
        assert seconds in {float("inf"), float("-inf")} or seconds != seconds  # noqa: PLR0124 - it is how NaN shows
        return

    assert text.endswith(("d", "h", "m", "s"))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64KiB", 65536),
        ("1MiB", 1048576),
        ("8MiB", 8388608),
        ("2 GiB", 2**31),
        ("3TiB", 3 * 2**40),
        ("1024", 1024),
        ("0", 0),
        ("7B", 7),
    ],
)
def test_sizes_are_binary(text: str, size: int) -> None:
    """Sizes are bytes or binary multiples."""
    assert size == parse_size(text)


@pytest.mark.parametrize("text", ["", "8MB", "8mib", "-1", "1.5MiB", "MiB", "1  KiB", "１MiB", "9" * 30, "1KiB\n"])
def test_other_sizes_are_refused(text: str) -> None:
    """Decimal units, fractions, signs and texts without a number are no sizes."""
    with pytest.raises(ValueError, match=r"^is not a size; write e\.g\. 64KiB, 1MiB, or a number of bytes$"):
        parse_size(text)


@given(st.integers(0, 10**18))
@example(0)
def test_a_written_size_reads_back(size: int) -> None:
    """Every size is written as a text that reads as the same size."""
    assert size == parse_size(format_size(size))


@pytest.mark.parametrize(
    ("size", "exact", "rounded"),
    [
        (0, "0 B", "0 B"),
        (1000, "1000 B", "1000 B"),
        (65536, "64 KiB", "64 KiB"),
        (8388609, "8388609 B", "8 MiB"),
        (3 * 2**29, "1536 MiB", "1.5 GiB"),
        (2**50, "1024 TiB", "1024 TiB"),
    ],
)
def test_sizes_are_written_with_a_unit(size: int, exact: str, rounded: str) -> None:
    """A limit exactly, as it may be configured; what was counted with four digits."""
    assert (exact, rounded) == (format_size(size), rounded_size(size))


@given(st.text())
def test_reading_a_size_is_total(text: str) -> None:
    """Any text is a size or a ValueError."""
    try:
        assert parse_size(text) >= 0
    except ValueError:
        return
