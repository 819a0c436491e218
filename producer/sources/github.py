"""What GitHub sends of packages: the images that are published in its container registry. Pure."""

from typing import Final

from msgspec import Struct

from producer.sources.image_names import host_of, manifest_url, reference_of
from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from producer.sources.times import utc_time
from schemas.event import ActorRecord, Descriptor, Event, Long, RequestRecord, Target
from schemas.timestamps import ZERO_TIME

__all__ = ["HEADERS", "KINDS", "read"]

HEADERS: Final = ("x-github-delivery", "x-github-event")
KINDS: Final = ("package", "ping", "other")

_PACKAGE_EVENTS: Final = ("package", "registry_package")
_PUSHES: Final = ("published", "updated")
_NO_EVENT: Final = "must have the header X-GitHub-Event, as GitHub sends it"
_EXPECTED: Final = "must be an object with `{0}`, and in it `package_type`, as GitHub sends it"


class _GitHubUser(Struct, frozen=True):
    login: str = ""


class _GitHubDescribed(Struct, frozen=True):
    media_type: str = ""
    size: Long = 0
    digest: str = ""


class _GitHubManifest(_GitHubDescribed, frozen=True):
    config: _GitHubDescribed = _GitHubDescribed()
    layers: list[_GitHubDescribed] = []


class _GitHubTag(Struct, frozen=True):
    name: str = ""
    digest: str = ""


class _GitHubContainer(Struct, frozen=True):
    tag: _GitHubTag = _GitHubTag()
    manifest: _GitHubManifest = _GitHubManifest()


class _GitHubVersion(Struct, frozen=True):
    version: str = ""
    created_at: str = ""
    container_metadata: _GitHubContainer = _GitHubContainer()
    package_url: str = ""


class _GitHubPackage(Struct, frozen=True):
    name: str = ""
    package_type: str = ""
    owner: _GitHubUser = _GitHubUser()
    updated_at: str = ""
    package_version: _GitHubVersion = _GitHubVersion()


class _GitHubBody(Struct, frozen=True):
    action: str = ""
    package: _GitHubPackage | None = None
    registry_package: _GitHubPackage | None = None
    sender: _GitHubUser = _GitHubUser()


def read(post: ForeignPost) -> PostReading:
    """A push of an image, or one event of another kind.

    Raises:
        NotThisFormatError: it has no header `X-GitHub-Event`, or is of a package and does not name it or its image.
    """
    body = members_as(post.body, _GitHubBody)
    delivery, name = (post.headers.get(header, "") for header in HEADERS)
    if not name:
        raise NotThisFormatError(_NO_EVENT)
    if name not in _PACKAGE_EVENTS:
        return PostReading(others=[_other(body, "ping" if name == "ping" else "other", delivery)])
    package = body.package if name == "package" else body.registry_package
    if package is None or not package.package_type:
        raise NotThisFormatError(_EXPECTED.format(name))
    if package.package_type.lower() != "container":
        return PostReading(others=[_other(body, "package", delivery)])
    if body.action not in _PUSHES:
        return PostReading(others=[_other(body, "other", delivery)])
    if not package.owner.login or not package.name:
        raise NotThisFormatError("must have a name and an owner", name)
    push = _push(body, package, delivery)
    if not push.target.digest and not push.target.tag:
        raise NotThisFormatError("must name the digest or the tag of the image", f"{name}.package_version")
    return PostReading([push])


def _other(body: _GitHubBody, kind: str, delivery: str) -> Event:
    return Event(id=delivery, action=kind, actor=ActorRecord(name=body.sender.login))


def _push(body: _GitHubBody, package: _GitHubPackage, delivery: str) -> Event:
    version = package.package_version
    container = version.container_metadata
    manifest = container.manifest
    repository, host = f"{package.owner.login}/{package.name}".lower(), host_of(version.package_url)
    digest = reference_of(version.version).digest or container.tag.digest or manifest.digest
    return Event(
        id=delivery,
        timestamp=_time(version.created_at) or _time(package.updated_at),
        action="push",
        target=Target(
            media_type=manifest.media_type,
            size=manifest.size,
            digest=digest,
            length=manifest.size,
            repository=repository,
            url=manifest_url(host, repository, digest),
            tag=container.tag.name,
            references=[_descriptor(part) for part in (manifest.config, *manifest.layers) if part.digest],
        ),
        request=RequestRecord(host=host),
        actor=ActorRecord(name=body.sender.login),
    )


def _descriptor(described: _GitHubDescribed) -> Descriptor:
    return Descriptor(media_type=described.media_type, digest=described.digest, size=described.size)


def _time(text: str) -> str:
    """GitHub writes the zero time for a version that it has only just stored."""
    return "" if text == ZERO_TIME else utc_time(text)
