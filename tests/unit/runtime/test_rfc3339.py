"""Times as text: what is written is read back as the same millisecond."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from runtime.rfc3339 import rfc3339_ms

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_text_is_the_time(milliseconds: int) -> None:
    """From year 1 to 9999, to the millisecond."""
    text = rfc3339_ms(milliseconds)
    assert (24, "Z") == (len(text), text[-1])
    assert milliseconds == (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def test_milliseconds_are_written_in_full() -> None:
    """Three digits always."""
    assert "2023-11-14T22:13:20.003Z" == rfc3339_ms(1_700_000_000_003)
    assert "1970-01-01T00:00:00.000Z" == rfc3339_ms(0)
