"""What Quay sends to a webhook: pushed tags, and what its other notifications are told by. Pure.

No body names its event, so the members decide. Nothing in it has an id, a time, a digest or an actor.
"""

from typing import Final

from msgspec import Struct

from producer.sources.image_names import host_of
from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading, check_count
from schemas.event import Event, RequestRecord, Target

__all__ = ["KINDS", "read"]

KINDS: Final = ("build", "expiry", "mirror", "quota", "scan", "other")
_EXPECTED: Final = "must be an object with `namespace`, `repository` and `updated_tags`, as Quay sends it"


class _Notification(Struct, frozen=True):
    """The members that all notifications have, and those that tell them apart."""

    namespace: str = ""
    repository: str = ""
    docker_url: str = ""
    homepage: str = ""
    updated_tags: list[str] = []
    tags: list[str] = []
    docker_tags: list[str] = []
    build_id: str = ""
    expiring_in: str = ""
    message: str = ""
    limit_bytes: int = 0
    vulnerability: dict[str, str] = {}
    vulnerabilities: list[dict[str, str]] = []


def read(post: ForeignPost) -> PostReading:
    """A push for each updated tag, or one event of another kind.

    Raises:
        NotThisFormatError: it has no `namespace`, or no `repository` although it is not about a quota.
        TooManyEventsError: it has more tags than a body may have events.
    """
    body = members_as(post.body, _Notification)
    if not body.namespace:
        raise NotThisFormatError(_EXPECTED)
    action = _action(body)
    if not body.repository and action != "quota":
        raise NotThisFormatError("must be the name of a repository", "repository")
    if action == "push":
        check_count(len(body.updated_tags))
        return PostReading([_event(body, action, tag) for tag in body.updated_tags])
    return PostReading(others=[_event(body, action, _only(body.tags or body.docker_tags))])


def _action(body: _Notification) -> str:
    told = {
        "push": body.updated_tags,
        "scan": body.vulnerability or body.vulnerabilities,
        "build": body.build_id,
        "expiry": body.expiring_in,
        "quota": body.limit_bytes,
        "mirror": body.message,
    }
    return next((action for action, found in told.items() if found), "other")


def _only(tags: list[str]) -> str:
    """The tag, if it is the only one and not the digest that stands in place of one."""
    return tags[0] if len(tags) == 1 and ":" not in tags[0] else ""


def _event(body: _Notification, action: str, tag: str) -> Event:
    return Event(
        action=action,
        target=Target(repository=body.repository, url=body.homepage, tag=tag),
        request=RequestRecord(host=host_of(body.docker_url)),
    )
