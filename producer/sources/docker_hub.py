"""What Docker Hub sends after a push: a tag and who pushed it, and no digest, size or id. Pure."""

from typing import Final

from msgspec import Struct

from producer.sources.json_body import members_as
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, PostReading
from producer.sources.times import time_of_seconds
from schemas.event import ActorRecord, Event, RequestRecord, Target

__all__ = ["read"]

HOST: Final = "docker.io"
"""The host in the names of its images."""
_EXPECTED: Final = "must be an object with `push_data` and `repository.repo_name`, as Docker Hub sends it"


class _HubPush(Struct, frozen=True):
    pushed_at: float = 0.0
    pusher: str = ""
    tag: str = ""


class _HubRepository(Struct, frozen=True):
    repo_name: str = ""
    repo_url: str = ""


class _HubBody(Struct, frozen=True):
    push_data: _HubPush | None = None
    repository: _HubRepository = _HubRepository()


def read(post: ForeignPost) -> PostReading:
    """The push of one tag: it has no other event.

    Raises:
        NotThisFormatError: it has no `push_data` or no `repository.repo_name`.
    """
    body = members_as(post.body, _HubBody)
    if body.push_data is None or not body.repository.repo_name:
        raise NotThisFormatError(_EXPECTED)
    return PostReading([_event(body.push_data, body.repository)])


def _event(push: _HubPush, repository: _HubRepository) -> Event:
    return Event(
        timestamp=time_of_seconds(push.pushed_at),
        action="push",
        target=Target(repository=repository.repo_name, url=repository.repo_url, tag=push.tag),
        request=RequestRecord(host=HOST),
        actor=ActorRecord(name=push.pusher),
    )
