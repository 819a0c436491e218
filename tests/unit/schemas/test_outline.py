"""The outline of an event: what is read of a record that most likely nobody wants."""

import pytest

from schemas.avro import UndecodableError, decode, decode_outline, encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, RequestRecord, Target
from schemas.outline import EventOutline, RequestOutline, TargetOutline

EVENT = Event(
    id="one",
    action="push",
    target=Target(media_type="application/x", repository="team/app", tag="v1", annotations={"a": "b"}, urls=["u"]),
    request=RequestRecord(method="PUT", useragent="skopeo"),
    registry="eu",
)


def value(event: Event) -> bytes:
    """Of a record."""
    return frame(CATALOG.latest.id, encode(event))


def test_it_has_what_filters_look_at() -> None:
    """And nothing else."""
    target = TargetOutline(media_type="application/x", repository="team/app", tag="v1")
    expected = EventOutline(action="push", target=target, request=RequestOutline(method="PUT"), registry="eu")
    assert expected == decode_outline(value(EVENT), None)


@pytest.mark.parametrize("damaged", [b"", value(EVENT)[:-1], value(EVENT) + b"\x00", value(EVENT)[:40]])
def test_damaged_bytes_are_damaged(damaged: bytes) -> None:
    """What cannot be read to its end is no event."""
    with pytest.raises(UndecodableError):
        decode_outline(damaged, None)


def test_other_texts_are_not_verified() -> None:
    """A text that is no UTF-8 is found when the event is read."""
    damaged = value(EVENT).replace(b"skopeo", b"skop\xff\xfe")
    assert "push" == decode_outline(damaged, None).action
    with pytest.raises(UndecodableError, match="UTF-8"):
        decode(damaged, None)
