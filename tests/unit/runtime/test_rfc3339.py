"""Times as text: what is written is read back as the same millisecond."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.rfc3339 import LAST_MS, rfc3339_ms, shown_ms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(0, LAST_MS))
def test_text_is_the_time(milliseconds: int) -> None:
    """From 1970 to year 9999, to the millisecond."""
    text = rfc3339_ms(milliseconds)
    assert text is not None
    assert (24, "Z", text) == (len(text), text[-1], shown_ms(milliseconds))
    assert milliseconds == (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def test_milliseconds_are_written_in_full() -> None:
    """Three digits always."""
    assert "2023-11-14T22:13:20.003Z" == rfc3339_ms(1_700_000_000_003)
    assert "1970-01-01T00:00:00.000Z" == rfc3339_ms(0)
    assert "9999-12-31T23:59:59.999Z" == rfc3339_ms(LAST_MS)


@pytest.mark.parametrize("milliseconds", [-1, -1_000_000_000_000_000, -(2**63), LAST_MS + 1, 2**63 - 1])
def test_other_numbers_are_no_time(milliseconds: int) -> None:
    """Kafka takes any number of 64 bits for the time of a record."""
    assert (None, "no valid time") == (rfc3339_ms(milliseconds), shown_ms(milliseconds))
