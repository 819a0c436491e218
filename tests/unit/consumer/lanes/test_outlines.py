"""Outlines of records that endpoints share."""

from msgspec.structs import replace

from consumer.lanes.outlines import Outlines
from consumer.log.decoding import event_of, outline_of
from consumer.record import Record
from tests.simulation.simulation import stored

_AT = stored("team/app")
_RECORD = Record("t", 0, 0, 0, _AT.key, _AT.value, _AT.headers)


def test_a_record_is_read_once() -> None:
    """The outline is the very object of before."""
    outlines = Outlines(16)
    first = outlines.outline(_RECORD)
    assert first is outlines.outline(_RECORD)
    assert outline_of(_RECORD) == first


def test_another_record_at_the_same_place_is_another() -> None:
    """As where a topic was made anew, or where its schema was found out."""
    outlines, other = Outlines(), stored("other")
    outlines.outline(_RECORD)
    assert "other" == outlines.outline(replace(_RECORD, key=other.key, value=other.value)).target.repository
    equal = replace(_RECORD)
    assert outlines.outline(_RECORD) is not outlines.outline(equal)


def test_what_is_kept_is_bounded_in_bytes() -> None:
    """Of one, any; of many, small ones."""
    assert len(_RECORD.value or b"") < 1024
    many = Outlines(32 * 1024)
    assert many.outline(_RECORD) is many.outline(_RECORD)
    more = Outlines(32 * 1024 * 1024)
    assert more.outline(_RECORD) is not more.outline(_RECORD)


def test_the_event_is_read_with_its_record() -> None:
    """For whoever wants it."""
    record, event = Outlines().read(_RECORD)
    assert record is _RECORD
    assert event_of(_RECORD) == event
