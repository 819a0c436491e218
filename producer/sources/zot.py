"""zot's events: CloudEvents in HTTP binary mode. Pure.

zot names the repository, the reference, the digest, the media type, the manifest and the request; no pulls, and its
host only where that is configured as `source`. Deleted by a tag, a manifest stays while another tag names it: such an
event is one of the tag alone.
"""

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from producer.manifest.manifest import Manifest, ManifestError
from producer.sources.cloud_event import CloudEvent, cloud_event
from producer.sources.image_names import manifest_url, reference_of
from producer.sources.json_body import json_value
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from producer.sources.times import utc_time
from schemas.event import ActorRecord, Descriptor, Event, RequestRecord, Target
from schemas.lenient import fitting

__all__ = ["KINDS", "is_of_zot", "read", "read_cloud_event"]

KINDS: Final = ("repository", "scan", "lint", "other")

_IMAGES: Final = {"image.updated": "push", "image.deleted": "delete"}
_OTHERS: Final = {"repository.created": "repository", "image.scanned": "scan", "image.lint_failed": "lint"}
_EXPECTED: Final = "must be an object with `name`, as zot sends it"
_NO_IMAGE: Final = "must name the image by `reference` or `digest`"


class _ZotActor(Struct, frozen=True):
    name: str = ""


class _ZotRequest(Struct, frozen=True):
    addr: str = ""
    method: str = ""
    useragent: str = ""


class _ZotData(Struct, frozen=True):
    name: str = ""
    reference: str = ""
    digest: str = ""
    media_type: str = field(default="", name="mediaType")
    manifest: str = ""
    actor: _ZotActor = _ZotActor()
    request: _ZotRequest = _ZotRequest()


def read(post: ForeignPost) -> PostReading:
    """What zot says.

    Raises:
        NotThisFormatError: it is no CloudEvent of zot, or is of an image and names none.
    """
    event = cloud_event(post)
    if not fitting(event.data, _ZotData).name:
        raise NotThisFormatError(_EXPECTED)
    return read_cloud_event(event)


def is_of_zot(event: CloudEvent) -> bool:
    """Whether zot makes such a CloudEvent, whatever its `typePrefix` is."""
    return bool(_word(event) in _IMAGES | _OTHERS and fitting(event.data, _ZotData).name)


def read_cloud_event(event: CloudEvent) -> PostReading:
    """What a CloudEvent of zot says.

    Raises:
        NotThisFormatError: it is of an image, and names none.
    """
    data = fitting(event.data, _ZotData)
    word = _word(event)
    if word in _IMAGES:
        if not data.reference and not data.digest:
            raise NotThisFormatError(_NO_IMAGE)
        return PostReading(events=[_event(_IMAGES[word], event, data)])
    return PostReading(others=[_event(_OTHERS.get(word, "other"), event, data)])


def _word(event: CloudEvent) -> str:
    """The type without the prefix, which is `zotregistry` or as configured."""
    return ".".join(event.attribute("type").split(".")[-2:])


def _event(action: str, event: CloudEvent, data: _ZotData) -> Event:
    host = _host(event.attribute("source"))
    return Event(
        id=event.attribute("id"),
        timestamp=utc_time(event.attribute("time")),
        action=action,
        target=_target(action, data, host),
        request=RequestRecord(
            addr=data.request.addr, host=host, method=data.request.method, useragent=data.request.useragent
        ),
        actor=ActorRecord(name=data.actor.name),
    )


def _target(action: str, data: _ZotData, host: str) -> Target:
    tag, digest = reference_of(data.reference)
    if action == "delete" and tag:
        return Target(repository=data.name, tag=tag)
    digest = data.digest or digest
    size = _size(data.manifest)
    return Target(
        media_type=data.media_type,
        size=size,
        digest=digest,
        length=size,
        repository=data.name,
        url=manifest_url(host, data.name, digest),
        tag=tag,
        references=_references(data),
    )


def _size(manifest: str) -> int:
    """Bytes of a manifest; 0 if it is none."""
    content = manifest.encode()
    try:
        return len(content) if isinstance(json_value(content), dict) else 0
    except NotThisFormatError:
        return 0


def _references(data: _ZotData) -> list[Descriptor]:
    try:
        return Manifest(data.media_type, data.manifest.encode()).references
    except ManifestError:
        return []


def _host(source: str) -> str:
    """The host of a `source` that is the root of a registry; the default, `zotregistry.dev`, is no URL."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    root = parts.scheme in {"http", "https"} and parts.path in {"", "/"} and "@" not in parts.netloc
    return parts.netloc if root else ""
