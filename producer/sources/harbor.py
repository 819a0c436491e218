"""Harbor's webhooks, in both of its payload formats: Default, and CloudEvents. Pure.

Harbor names the host, the repository, the digest, the operator and the second; neither media type nor size. Of an image
with several tags it names one; of one without tags the digest stands where the tag does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from producer.sources.cloud_event import STRUCTURED, CloudEvent, cloud_event, is_cloud_event
from producer.sources.image_names import host_of, manifest_url, reference_of
from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading, check_count
from producer.sources.times import time_of_seconds, utc_time
from schemas.event import ActorRecord, Event, Long, RequestRecord, Target
from schemas.lenient import fitting

__all__ = ["KINDS", "is_of_harbor", "read", "read_cloud_event"]

KINDS: Final = ("scan", "quota", "replication", "retention", "chart", "other")

_IMAGES: Final = {
    "PUSH_ARTIFACT": "push",
    "PULL_ARTIFACT": "pull",
    "DELETE_ARTIFACT": "delete",
    "harbor.artifact.pushed": "push",
    "harbor.artifact.pulled": "pull",
    "harbor.artifact.deleted": "delete",
}
_OTHERS: Final = {
    "SCANNING_COMPLETED": "scan",
    "SCANNING_FAILED": "scan",
    "SCANNING_STOPPED": "scan",
    "QUOTA_EXCEED": "quota",
    "QUOTA_WARNING": "quota",
    "REPLICATION": "replication",
    "TAG_RETENTION": "retention",
    "UPLOAD_CHART": "chart",
    "DOWNLOAD_CHART": "chart",
    "DELETE_CHART": "chart",
    "harbor.scan.completed": "scan",
    "harbor.scan.failed": "scan",
    "harbor.scan.stopped": "scan",
    "harbor.quota.exceeded": "quota",
    "harbor.quota.warned": "quota",
    "harbor.replication.status.changed": "replication",
    "harbor.tag_retention.finished": "retention",
}
_PREFIX: Final = "harbor."
_EXPECTED: Final = "must be an object with `type` and `event_data`, or a CloudEvent with a type `harbor.*` and `data`"
_IS_CLOUD_EVENT: Final = f"this is a CloudEvent, and must come with the Content-Type {STRUCTURED}"


class _HarborResource(Struct, frozen=True):
    digest: str = ""
    tag: str = ""
    resource_url: str = ""


class _HarborRepository(Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    repo_full_name: str = ""


class _HarborData(Struct, frozen=True):
    resources: list[_HarborResource] = []
    repository: _HarborRepository = _HarborRepository()


class _HarborPayload(Struct, frozen=True):
    """The format Default."""

    type: str = ""
    occur_at: Long = 0
    operator: str = ""
    specversion: str = ""
    """Only a CloudEvent has it."""
    event_data: _HarborData | None = None


@dataclass(frozen=True, slots=True)
class _HarborFacts:
    """What both formats say, beside the data."""

    type: str
    operator: str
    timestamp: str
    id: str = ""
    request_id: str = ""


def read(post: ForeignPost) -> PostReading:
    """What Harbor says.

    Raises:
        NotThisFormatError: it is neither of the two formats, or is of an image and names none.
        TooManyEventsError: it has more resources than a body may have events.
    """
    if is_cloud_event(post):
        event = cloud_event(post)
        if not is_of_harbor(event):
            raise NotThisFormatError(_EXPECTED)
        return read_cloud_event(event)
    payload = members_as(post.body, _HarborPayload)
    if payload.specversion:
        raise NotThisFormatError(_IS_CLOUD_EVENT)
    if not payload.type or payload.event_data is None:
        raise NotThisFormatError(_EXPECTED)
    facts = _HarborFacts(payload.type, payload.operator, time_of_seconds(payload.occur_at))
    return _reading(facts, payload.event_data)


def is_of_harbor(event: CloudEvent) -> bool:
    """Whether Harbor makes such a CloudEvent."""
    return event.attribute("type").startswith(_PREFIX) and isinstance(event.data, dict)


def read_cloud_event(event: CloudEvent) -> PostReading:
    """What a CloudEvent of Harbor says.

    Raises:
        NotThisFormatError: it is of an image, and names none.
    """
    facts = _HarborFacts(
        event.attribute("type"),
        event.attribute("operator"),
        utc_time(event.attribute("time")),
        event.attribute("id"),
        event.attribute("requestid"),
    )
    return _reading(facts, fitting(event.data, _HarborData))


def _reading(facts: _HarborFacts, data: _HarborData) -> PostReading:
    check_count(len(data.resources))
    action = _IMAGES.get(facts.type)
    images = list(_images(data))
    if action is not None:
        if not images:
            raise NotThisFormatError(f"{facts.type} must name its `repository`, and in `resources` a digest or a tag")
        return PostReading(events=[_event(action, facts, target, host) for target, host in images])
    kind = _OTHERS.get(facts.type, "other")
    about = images or [(Target(repository=_name(data.repository)), "")]
    return PostReading(others=[_event(kind, facts, target, host) for target, host in about])


def _images(data: _HarborData) -> Iterator[tuple[Target, str]]:
    """Each image that is named, and the registry's host."""
    repository = _name(data.repository)
    for resource in data.resources:
        tag, digest = reference_of(resource.tag)
        digest = resource.digest or digest
        if repository and (tag or digest):
            host = _host(resource.resource_url, repository)
            url = manifest_url(host, repository, digest) or (
                resource.resource_url and f"https://{resource.resource_url}"
            )
            yield Target(repository=repository, tag=tag, digest=digest, url=url), host


def _name(repository: _HarborRepository) -> str:
    return repository.repo_full_name or "/".join(filter(None, (repository.namespace, repository.name)))


def _host(url: str, repository: str) -> str:
    """The host of `HOST/REPOSITORY:TAG`, whatever it is called."""
    host, found, _ = url.partition(f"/{repository}")
    return host if found and "/" not in host else host_of(url)


def _event(action: str, facts: _HarborFacts, target: Target, host: str) -> Event:
    return Event(
        id=facts.id,
        timestamp=facts.timestamp,
        action=action,
        target=target,
        request=RequestRecord(id=facts.request_id, host=host),
        actor=ActorRecord(name=facts.operator),
    )
