"""What Gitea and Forgejo send of packages: images as they are pushed and deleted, by tag or by digest. Pure."""

from typing import Final

from msgspec import Struct

from producer.sources.image_names import host_of, manifest_url, reference_of
from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from producer.sources.times import utc_time
from schemas.event import ActorRecord, Event, RequestRecord, Target

__all__ = ["HEADERS", "KINDS", "read"]

HEADERS: Final = ("x-gitea-delivery", "x-gitea-event")
"""Forgejo sends them too."""
KINDS: Final = ("package", "other")

_NO_EVENT: Final = "must have the header X-Gitea-Event, as Gitea and Forgejo send it"
_EXPECTED: Final = "must be an object with `package`, and in it `type`, as Gitea and Forgejo send it"
_ACTIONS: Final = {"created": "push", "deleted": "delete"}


class _GiteaUser(Struct, frozen=True):
    login: str = ""


class _GiteaPackage(Struct, frozen=True):
    owner: _GiteaUser = _GiteaUser()
    type: str = ""
    name: str = ""
    version: str = ""
    html_url: str = ""
    created_at: str = ""


class _GiteaBody(Struct, frozen=True):
    action: str = ""
    package: _GiteaPackage | None = None
    sender: _GiteaUser = _GiteaUser()


def read(post: ForeignPost) -> PostReading:
    """A push or a delete of an image, or one event of another kind.

    Raises:
        NotThisFormatError: it has no header `X-Gitea-Event`, or is of a package and does not name it or its image.
    """
    body = members_as(post.body, _GiteaBody)
    delivery, event = (post.headers.get(name, "") for name in HEADERS)
    if not event:
        raise NotThisFormatError(_NO_EVENT)
    if event != "package":
        return PostReading(others=[_other(body, "other", delivery)])
    if body.package is None or not body.package.type:
        raise NotThisFormatError(_EXPECTED)
    if body.package.type != "container":
        return PostReading(others=[_other(body, "package", delivery)])
    if body.action not in _ACTIONS:
        return PostReading(others=[_other(body, "other", delivery)])
    if not body.package.owner.login or not body.package.name:
        raise NotThisFormatError("must have a name and an owner", "package")
    if not body.package.version:
        raise NotThisFormatError("must be the digest or the tag of the image", "package.version")
    return PostReading([_of_image(body, body.package, delivery)])


def _other(body: _GiteaBody, kind: str, delivery: str) -> Event:
    return Event(id=delivery, action=kind, actor=ActorRecord(name=body.sender.login))


def _of_image(body: _GiteaBody, package: _GiteaPackage, delivery: str) -> Event:
    action = _ACTIONS[body.action]
    tag, digest = reference_of(package.version)
    repository, host = f"{package.owner.login}/{package.name}".lower(), host_of(package.html_url)
    return Event(
        id=delivery,
        timestamp=utc_time(package.created_at) if action == "push" else "",
        action=action,
        target=Target(
            digest=digest,
            repository=repository,
            url=_as_its_page(manifest_url(host, repository, digest), package.html_url) or package.html_url,
            tag=tag,
        ),
        request=RequestRecord(host=host),
        actor=ActorRecord(name=body.sender.login),
    )


def _as_its_page(url: str, page: str) -> str:
    """The URL with the scheme of its page: a site without TLS has no registry with it."""
    return url.replace("https://", "http://", 1) if page.startswith("http://") else url
