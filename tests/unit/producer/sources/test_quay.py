"""Quay's notifications, read."""

import json

import pytest

from producer.sources.post import ForeignPost
from producer.sources.quay import read
from producer.sources.reading import NotThisFormatError, TooManyEventsError
from schemas import Event, RequestRecord, Target
from tests.kit.foreign_samples import sample


def _post(**members: object) -> ForeignPost:
    return ForeignPost(json.dumps({"namespace": "acme", **members}).encode(), "application/json", {})


def _event(action: str, tag: str = "", page: str = "") -> Event:
    home = "https://quay.example.com/repository/acme/web" + page
    return Event(
        action=action,
        target=Target(repository="acme/web", url=home, tag=tag),
        request=RequestRecord(host="quay.example.com"),
    )


def test_a_push() -> None:
    """A push has the repository, the tag and the registry's host, and nothing else is told."""
    reading = read(sample("quay", "push").post)
    assert (reading.events, reading.others) == ([_event("push", "v3")], [])


def test_a_push_of_two_tags() -> None:
    """Each updated tag is a push of its own, in order."""
    assert read(sample("quay", "push-two").post).events == [_event("push", "v3"), _event("push", "stable")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vulnerability", _event("scan", "v3")),
        ("vulnerabilities", _event("scan")),
        ("build", _event("build", page="/build/296ec063-5f86-4706-a469-f0a400bf9df2")),
        ("build-failure", _event("build", page="/build/296ec063-5f86-4706-a469-f0a400bf9df2")),
        ("mirror", _event("mirror")),
        ("expiry", _event("expiry", "v3")),
    ],
)
def test_other_notifications(name: str, expected: Event) -> None:
    """What is no push is told apart by its members, and has the tag if there is but one."""
    reading = read(sample("quay", name).post)
    assert (reading.events, reading.others) == ([], [expected])


def test_a_quota() -> None:
    """A namespace's quota is about no repository."""
    reading = read(sample("quay", "quota").post)
    assert reading.events == []
    assert reading.others == [
        Event(action="quota", target=Target(url="https://quay.example.com/organization/acme"), request=RequestRecord())
    ]


def test_an_unknown_notification() -> None:
    """A notification that nothing tells is another one."""
    assert [event.action for event in read(_post(repository="acme/web", novel=1)).others] == ["other"]


def test_a_digest_in_place_of_a_tag() -> None:
    """Where Quay has no tag it names the digest among the tags: that is no tag."""
    [event] = read(_post(repository="acme/web", tags=["sha256:00"], vulnerability={"id": "CVE-2026-0001"})).others
    assert (event.target.tag, event.target.digest) == ("", "")


def test_tags_of_another_type() -> None:
    """An item of the updated tags that is no text is left out."""
    reading = read(_post(repository="acme/web", updated_tags=["v3", 7, None, "\ud800"]))
    assert [event.target.tag for event in reading.events] == ["v3"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"null", "the body must be a JSON object"),
        (
            b'{"push_data":{},"repository":{"repo_name":"acme/web"}}',
            "must be an object with `namespace`, `repository` and `updated_tags`, as Quay sends it",
        ),
        (b'{"updated_tags":["v3"],"namespace":"acme"}', "repository: must be the name of a repository"),
    ],
)
def test_another_body(body: bytes, message: str) -> None:
    """A body that is no notification of Quay is refused with what was expected, and where."""
    with pytest.raises(NotThisFormatError) as refused:
        read(ForeignPost(body, "application/json", {}))
    assert str(refused.value) == message


def test_more_tags_than_a_body_may_have_are_refused_unread() -> None:
    """Events of them all would be a hundred times the body."""
    with pytest.raises(TooManyEventsError):
        read(_post(repository="acme/web", updated_tags=["v3"] * 1001))
