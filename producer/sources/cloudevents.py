"""CloudEvents of any sender, whose data is a registry's event, an envelope of them, or what a known source sends. Pure.

What the data is, is told by its own members, and for Harbor and zot by the CloudEvent's type. A CloudEvent with other
data is no image event: its kind is `other`.
"""

from collections.abc import Iterator
from dataclasses import replace as replaced
from typing import Final

from msgspec.structs import replace

from producer.sources import acr, docker_hub, ecr, gitea, github, harbor, quay, zot
from producer.sources.cloud_event import STRUCTURED, CloudEvent, cloud_events
from producer.sources.json_body import json_value
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading, check_count
from producer.sources.times import utc_time
from schemas.envelope import EnvelopeError, EnvelopeTooLargeError, event_texts, read_text
from schemas.event import MEDIA_TYPE_V2, Event

__all__ = ["KINDS", "read"]

_SOURCES: Final = (acr, harbor, zot, ecr, quay, github, gitea)
KINDS: Final = tuple(dict.fromkeys(kind for source in _SOURCES for kind in source.KINDS))


def read(post: ForeignPost) -> PostReading:
    """What is in all CloudEvents of a POST.

    Raises:
        NotThisFormatError: one of them is none, or its data is an envelope or a source's body and wrong as such.
        EnvelopeTooLargeError: data is an envelope beyond the limits.
        TooManyEventsError: there are more events than a body may have.
    """
    reading = PostReading()
    for event in cloud_events(post):
        found = _reading(event)
        reading.events.extend(_completed(found.events, event))
        reading.others.extend(_completed(found.others, event))
        check_count(len(reading.events) + len(reading.others))
    return reading


def _registry_event(post: ForeignPost) -> PostReading:
    """One event as a registry has it, or as a worker sends on what was of another kind: its kind stays."""
    found = acr.bare_event(post)
    action = read_text(post.body, content_type=MEDIA_TYPE_V2).action
    return PostReading(others=[replace(other, action=action) for other in found.others]) if action in KINDS else found


def _package_event(post: ForeignPost) -> PostReading:
    """What GitHub or Gitea sends, told by the member that only GitHub's packages have; their headers are not data."""
    data = json_value(post.body)
    if "registry_package" in data:
        return github.read(replaced(post, headers={"x-github-event": "registry_package"}))
    if isinstance(data["package"], dict) and "package_type" in data["package"]:
        return github.read(replaced(post, headers={"x-github-event": "package"}))
    return gitea.read(replaced(post, headers={"x-gitea-event": "package"}))


_SHAPES: Final = (
    ({"action", "target"}, _registry_event),
    ({"type", "event_data"}, harbor.read),
    ({"detail-type", "detail"}, ecr.read),
    ({"push_data", "repository"}, docker_hub.read),
    ({"docker_url", "namespace"}, quay.read),
    ({"action", "registry_package"}, _package_event),
    ({"action", "package"}, _package_event),
)
"""Members by which data is told, the first that are all there, and who reads it."""


def _reading(event: CloudEvent) -> PostReading:
    if harbor.is_of_harbor(event):
        return harbor.read_cloud_event(event)
    if zot.is_of_zot(event):
        return zot.read_cloud_event(event)
    try:
        return _of_data(event)
    except NotThisFormatError as error:
        raise NotThisFormatError(error.expected, f"data.{error.path}".removesuffix(".")) from None


def _of_data(event: CloudEvent) -> PostReading:
    members = event.data.keys() if isinstance(event.data, dict) else set()
    if "events" in members:
        return PostReading(events=_enveloped(event.text))
    for names, reader in _SHAPES:
        if names <= members:
            return reader(ForeignPost(event.text.encode(), "application/json", {}))
    return PostReading(others=[Event(action="other")])


def _enveloped(text: str) -> list[Event]:
    try:
        texts = event_texts(text.encode())
    except EnvelopeTooLargeError:
        raise
    except EnvelopeError as error:
        raise NotThisFormatError(error.reason, error.path) from None
    return [read_text(one, content_type=MEDIA_TYPE_V2) for one in texts]


def _completed(events: list[Event], by: CloudEvent) -> Iterator[Event]:
    """The events with the CloudEvent's id and time where they have none of their own.

    Those of a batch keep the CloudEvent that they are of, and not the batch, which whoever gets one of them had not
    been sent.
    """
    for event in events:
        named = replace(
            event, id=event.id or by.attribute("id"), timestamp=event.timestamp or utc_time(by.attribute("time"))
        )
        yield replace(named, source_body=by.item, source_content_type=STRUCTURED) if by.item else named
