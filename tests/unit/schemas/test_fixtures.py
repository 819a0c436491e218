"""What real registries sent (2.8.2 and 3.1.1) goes through the log and out again byte for byte."""

import pytest

from schemas import Event
from schemas.avro import decode, encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope
from schemas.wire import envelope_json
from tests.kit.real_notifications import VERSIONS, notifications

_BODIES = [pytest.param(one.content_type, one.body, id=one.name) for one in notifications()]


def _through_the_log(event: Event) -> Event:
    return decode(frame(CATALOG.latest.id, encode(event)), CATALOG.latest.fingerprint)


@pytest.mark.parametrize(("content_type", "body"), _BODIES)
def test_body_comes_back_from_typed_members_alone(content_type: str, body: bytes) -> None:
    """Body to event to Avro to event to body gives the same bytes, and no `original` was needed."""
    events = [_through_the_log(event) for event in read_envelope(body, content_type=content_type)]
    assert [event.original for event in events] == [""]
    assert body == envelope_json(events)


@pytest.mark.parametrize(("content_type", "body"), _BODIES)
def test_other_shape_needs_its_original(content_type: str, body: bytes) -> None:
    """The same body under the other shape's Content-Type keeps its text, and still goes out whole."""
    other = content_type.replace("v1+json", "v0+json").replace("v2+json", "v1+json").replace("v0+json", "v2+json")
    (event,) = read_envelope(body, content_type=other)
    assert body == envelope_json([_through_the_log(event)])
    assert event.original


def test_fixtures_hold_every_action_of_both_versions() -> None:
    """The fixtures are not empty: pushes, pulls, mounts and deletes of each registry, with and without references."""
    for version in VERSIONS:
        events = [
            event for one in notifications(version) for event in read_envelope(one.body, content_type=one.content_type)
        ]
        assert {"push", "pull", "delete", "mount"} == {event.action for event in events}
        assert {True, False} == {bool(event.target.references) for event in events}
