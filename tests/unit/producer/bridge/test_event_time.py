"""Times as the registry writes them."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.bridge.event_time import local_utc_offset, rfc3339_nano

DAY = 86_400
SECOND = 1_000_000_000
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: minutes * 60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nanoseconds", "utc_offset", "expected"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (5_100_000_000, 0, "1970-01-01T00:00:05.1Z"),
        (1, 19_800, "1970-01-01T05:30:00.000000001+05:30"),
        (1_795_506_744_402_973_972, -28_800, "2026-11-23T23:52:24.402973972-08:00"),
        (1_795_501_334_007_678_030, 19_800, "2026-11-24T11:52:14.00767803+05:30"),
        (-1, 0, "1969-12-31T23:59:59.999999999Z"),
        (0, -1800, "1969-12-31T23:30:00-00:30"),
        (0, 3 * 3600 + 17, "1970-01-01T03:00:17+03:00"),
    ],
)
def test_as_go_writes_them(nanoseconds: int, utc_offset: int, expected: str) -> None:
    """Trailing zeros are trimmed, a whole second has no fraction, UTC is Z, an offset has hours and minutes."""
    assert expected == rfc3339_nano(nanoseconds, utc_offset)


@given(st.integers(-(10**18), 4 * 10**18), OFFSETS)
def test_the_text_is_the_time(nanoseconds: int, utc_offset: int) -> None:
    """Every digit and the offset can be read back, and no trailing zero stands in the fraction."""
    text = rfc3339_nano(nanoseconds, utc_offset)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{0,8}[1-9]))?(Z|[+-]\d\d:\d\d)", text)
    assert match is not None
    zone = timezone(timedelta(seconds=utc_offset))
    seconds = (datetime.fromisoformat(match[1]).replace(tzinfo=zone) - EPOCH) // timedelta(seconds=1)
    assert nanoseconds == seconds * SECOND + int((match[2] or "").ljust(9, "0"))
    assert (utc_offset == 0) == (match[3] == "Z")


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    """The zone that this process is in."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", request.param)
        time.tzset()
        yield ZoneInfo(request.param)
    time.tzset()


def test_the_local_offset_is_that_of_the_time(zone: ZoneInfo) -> None:
    """The offset is the zone's at the time asked for, which daylight saving may make another than now's."""
    for when in (946_684_800, 1_750_000_000, 1_765_000_000, 4_000_000_000):
        expected = datetime.fromtimestamp(when, tz=zone).utcoffset()
        assert expected == timedelta(seconds=local_utc_offset(when * SECOND + 999_999_999))
