"""Events that are made, against the limits that readers keep to."""

import pytest

from schemas.avro import UndecodableError, decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import EnvelopeTooLargeError, read_event
from schemas.event import Descriptor, Event, Platform, Target
from schemas.excess import excess_of
from schemas.limits import MAX_REFERENCES, MAX_VALUES
from schemas.wire import typed_json

FULL = Descriptor(
    media_type="a",
    digest="b",
    size=1,
    urls=["u"],
    annotations={"a": "b"},
    data="d",
    artifact_type="t",
    platform=Platform(architecture="a", os="b", os_version="c", os_features=["f"], variant="v"),
)
"""A reference with all members: 17 values."""
MANY_REFERENCES = "the event has 40,001 references; the most is 40,000"
MANY_VALUES = "the JSON of the event has more than 350,000 values (members of objects and items of lists)"


@pytest.mark.parametrize(
    ("event", "excess"),
    [
        (Event(), ""),
        (Event(target=Target(references=[Descriptor()] * MAX_REFERENCES)), ""),
        (Event(target=Target(references=[Descriptor()] * (MAX_REFERENCES + 1))), MANY_REFERENCES),
        (Event(target=Target(references=[FULL] * 20_000)), ""),
        (Event(target=Target(references=[FULL] * 21_000)), MANY_VALUES),
        (Event(target=Target(urls=[""] * (MAX_VALUES - 40))), ""),
        (Event(target=Target(urls=[""] * MAX_VALUES)), MANY_VALUES),
        (Event(original='{"x":[' + "1," * MAX_VALUES + "1]}"), MANY_VALUES),
    ],
    ids=["empty", "references", "too many", "full ones", "too many of them", "urls", "too many urls", "original"],
)
def test_what_no_reader_takes(event: Event, excess: str) -> None:
    """It is named; everything else is read again, from JSON as from Avro."""
    assert excess == excess_of(event)
    if excess:
        with pytest.raises(EnvelopeTooLargeError):
            read_event(event.original or typed_json(event).decode(), content_type=event.content_type)
    else:
        assert event == decode(frame(CATALOG.latest.id, encode(event)), None)


def test_a_worker_takes_no_more_references() -> None:
    """The same limit holds where records are read."""
    with pytest.raises(UndecodableError, match="references"):
        decode(frame(CATALOG.latest.id, encode(Event(target=Target(references=[Descriptor()] * 40_001)))), None)
