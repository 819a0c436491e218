"""Docker Hub's webhook, read."""

import pytest

from producer.sources.docker_hub import read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from schemas import ActorRecord, Event, RequestRecord, Target
from tests.kit.foreign_samples import sample

EXPECTED = "must be an object with `push_data` and `repository.repo_name`, as Docker Hub sends it"


def test_a_push() -> None:
    """A push has the repository, the tag, who pushed it and when, and where to look at it."""
    reading = read(sample("docker-hub", "push").post)
    assert reading.others == []
    assert reading.events == [
        Event(
            timestamp="2026-05-01T10:00:02Z",
            action="push",
            target=Target(repository="acme/web", url="https://hub.docker.com/r/acme/web", tag="v3"),
            request=RequestRecord(host="docker.io"),
            actor=ActorRecord(name="ann"),
        )
    ]


def test_a_push_without_a_tag() -> None:
    """A body of before there were tags in it is a push too, and its time may have a fraction."""
    [event] = read(sample("docker-hub", "push-untagged").post).events
    assert (event.action, event.target.repository, event.target.tag) == ("push", "acme/web", "")
    assert event.timestamp == "2026-05-01T10:00:02.500000Z"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "the body must be a JSON object"),
        (b'{"repository":{"repo_name":"acme/web"}}', EXPECTED),
        (b'{"push_data":[],"repository":{"repo_name":"acme/web"}}', EXPECTED),
        (b'{"push_data":{"tag":"v3"}}', EXPECTED),
        (b'{"push_data":{},"repository":{"repo_name":7}}', EXPECTED),
    ],
)
def test_another_body(body: bytes, message: str) -> None:
    """A body that is no push of Docker Hub is refused with what was expected, and where."""
    with pytest.raises(NotThisFormatError) as refused:
        read(ForeignPost(body, "application/json", {}))
    assert str(refused.value) == message


def test_members_of_another_type() -> None:
    """A member that is not of its type is as if absent."""
    body = (
        b'{"push_data":{"pushed_at":"soon","pusher":7,"tag":["v3"]},"repository":{"repo_name":"acme/web","repo_url":1}}'
    )
    assert read(ForeignPost(body, "application/json", {})).events == [
        Event(action="push", target=Target(repository="acme/web"), request=RequestRecord(host="docker.io"))
    ]
