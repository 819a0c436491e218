"""Gitea's and Forgejo's webhook of packages, read."""

import pytest

from producer.sources.gitea import read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from schemas import ActorRecord, Event, RequestRecord, Target
from tests.kit.foreign_samples import sample

_PAGE = "https://git.example.com/Acme/-/packages/container"
_NESTED = f"{_PAGE}/shop%2Fweb/v3"
_ID = "f6266f16-1bf3-46a5-9ea4-602e06ead4"
EXPECTED = "must be an object with `package`, and in it `type`, as Gitea and Forgejo send it"
_PACKAGE = {"x-gitea-event": "package", "x-gitea-delivery": "7"}


def _post(body: bytes, headers: dict[str, str] = _PACKAGE) -> ForeignPost:
    return ForeignPost(body, "application/json", headers)


def _event(number: int, action: str, target: Target, timestamp: str = "2026-05-01T10:00:02Z") -> Event:
    return Event(
        id=f"{_ID}{number:02}",
        timestamp=timestamp,
        action=action,
        target=target,
        request=RequestRecord(host="git.example.com"),
        actor=ActorRecord(name="ann"),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("created", _event(1, "push", Target(repository="acme/web", tag="v3", url=f"{_PAGE}/web/v3"))),
        (
            "created-nested",
            _event(3, "push", Target(repository="acme/shop/web", tag="v3", url=f"{_PAGE}/shop%2Fweb/v3")),
        ),
        ("deleted", _event(4, "delete", Target(repository="acme/web", tag="v3", url=f"{_PAGE}/web/v3"), "")),
    ],
)
def test_a_tag(name: str, expected: Event) -> None:
    """A push or a delete of a tag has delivery, repository, tag, page and actor; only a push has the time."""
    reading = read(sample("gitea", name).post)
    assert (reading.events, reading.others) == ([expected], [])


def test_a_digest() -> None:
    """A manifest that is pushed without a tag has the digest, and where to fetch it."""
    [event] = read(sample("gitea", "created-digest").post).events
    assert event.target.tag == ""
    assert event.target.digest.startswith("sha256:")
    assert event.target.url == f"https://git.example.com/v2/acme/web/manifests/{event.target.digest}"


def test_a_site_without_tls() -> None:
    """A manifest is fetched by the scheme that the site's pages have."""
    one = sample("gitea", "created-digest")
    body = one.body.replace(b"https://git.example.com/", b"http://git.internal:3000/")
    [event] = read(ForeignPost(body, "application/json", one.headers)).events
    assert event.request.host == "git.internal:3000"
    assert event.target.url == f"http://git.internal:3000/v2/acme/web/manifests/{event.target.digest}"


@pytest.mark.parametrize(("name", "number", "kind"), [("created-npm", 5, "package"), ("push", 6, "other")])
def test_other_events(name: str, number: int, kind: str) -> None:
    """A package that is no image, and what is about no package, is of another kind, and names no repository."""
    reading = read(sample("gitea", name).post)
    assert reading.events == []
    assert reading.others == [Event(id=f"{_ID}{number:02}", action=kind, actor=ActorRecord(name="ann"))]


def test_an_unknown_action() -> None:
    """What else may happen to an image is another event."""
    body = b'{"action":"moved","package":{"type":"container","name":"web","owner":{"login":"acme"}}}'
    assert [event.action for event in read(_post(body)).others] == ["other"]


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (b"7", _PACKAGE, "the body must be a JSON object"),
        (b"{}", {}, "must have the header X-Gitea-Event, as Gitea and Forgejo send it"),
        (b"{}", _PACKAGE, EXPECTED),
        (b'{"package":{"package_type":"CONTAINER"}}', _PACKAGE, EXPECTED),
        (
            b'{"action":"created","package":{"type":"container","name":"web"}}',
            _PACKAGE,
            "package: must have a name and an owner",
        ),
        (
            b'{"action":"created","package":{"type":"container","name":"web","owner":{"login":"acme"}}}',
            _PACKAGE,
            "package.version: must be the digest or the tag of the image",
        ),
    ],
)
def test_another_body(body: bytes, headers: dict[str, str], message: str) -> None:
    """A body that is not of Gitea is refused with what was expected, and where."""
    with pytest.raises(NotThisFormatError) as refused:
        read(_post(body, headers))
    assert str(refused.value) == message
