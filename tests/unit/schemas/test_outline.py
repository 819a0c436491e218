"""The outline of an event: what is read of a record that most likely nobody wants."""

import pytest

from schemas.avro import UndecodableError, decode, decode_outline, encode, frame
from schemas.catalog import CATALOG
from schemas.event import ActorRecord, Event, RequestRecord, SourceRecord, Target
from schemas.outline import ActorOutline, EventOutline, RequestOutline, TargetOutline

EVENT = Event(
    id="one",
    action="push",
    target=Target(media_type="application/x", repository="team/app", tag="v1", annotations={"a": "b"}, urls=["u"]),
    request=RequestRecord(method="PUT", useragent="skopeo"),
    actor=ActorRecord(name="ann"),
    source=SourceRecord(addr="node-1:5000"),
    registry="eu",
)


def value(event: Event) -> bytes:
    """Of a record."""
    return frame(CATALOG.latest.id, encode(event))


def test_it_has_what_filters_look_at() -> None:
    """And nothing else."""
    target = TargetOutline(media_type="application/x", repository="team/app", tag="v1")
    request, actor = RequestOutline(method="PUT", useragent="skopeo"), ActorOutline(name="ann")
    expected = EventOutline(action="push", target=target, request=request, actor=actor, registry="eu")
    assert expected == decode_outline(value(EVENT), None)


@pytest.mark.parametrize("damaged", [b"", value(EVENT)[:-1], value(EVENT) + b"\x00", value(EVENT)[:40]])
def test_damaged_bytes_are_damaged(damaged: bytes) -> None:
    """What cannot be read to its end is no event."""
    with pytest.raises(UndecodableError):
        decode_outline(damaged, None)


def test_other_texts_are_not_verified() -> None:
    """A text that is no UTF-8 is found when the event is read."""
    damaged = value(EVENT).replace(b"node-1", b"node\xff\xfe")
    assert "push" == decode_outline(damaged, None).action
    with pytest.raises(UndecodableError, match="UTF-8"):
        decode(damaged, None)
