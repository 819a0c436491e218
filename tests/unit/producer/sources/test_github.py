"""GitHub's webhooks of packages, read."""

import json
from hashlib import sha256

import pytest

from producer.sources.github import read
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from schemas import ActorRecord, Descriptor, Event, RequestRecord, Target
from tests.kit.foreign_samples import sample

_ID = "72d3162e-cc78-11f0-81ab-4c9367dc09"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EXPECTED = "must be an object with `package`, and in it `package_type`, as GitHub sends it"
_PACKAGE = {"x-github-event": "package", "x-github-delivery": "7"}


def _digest(content: str) -> str:
    return f"sha256:{sha256(content.encode()).hexdigest()}"


_REFERENCES = [
    Descriptor(media_type="application/vnd.oci.image.config.v1+json", digest=_digest("web config"), size=7205),
    Descriptor(media_type=_LAYER, digest=_digest("web layer 1"), size=3370706),
    Descriptor(media_type=_LAYER, digest=_digest("web layer 2"), size=1204),
]


def _push(number: int, content: str, tag: str, media_type: str = _MANIFEST, size: int = 1782) -> Event:
    return Event(
        id=f"{_ID}{number:02}",
        timestamp="2026-05-01T10:00:02Z",
        action="push",
        target=Target(
            media_type=media_type,
            digest=_digest(content),
            size=size,
            length=size,
            repository="acme/web",
            url=f"https://ghcr.io/v2/acme/web/manifests/{_digest(content)}",
            tag=tag,
            references=_REFERENCES if media_type == _MANIFEST else [],
        ),
        request=RequestRecord(host="ghcr.io"),
        actor=ActorRecord(name="ann"),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("published", _push(1, "web v3", "v3")),
        ("registry-package-published", _push(2, "web v3", "v3")),
        ("published-index", _push(3, "web v4", "v4", _INDEX, 857)),
        ("published-child", _push(4, "web v4 amd64", "")),
        ("updated", _push(5, "web v3", "stable")),
    ],
)
def test_an_image(name: str, expected: Event) -> None:
    """A published or updated image is a push with all that GitHub tells of it; a child of an index has no tag."""
    reading = read(sample("github", name).post)
    assert (reading.events, reading.others) == ([expected], [])


@pytest.mark.parametrize(
    ("name", "number", "kind"), [("published-npm", 6, "package"), ("ping", 7, "ping"), ("star", 8, "other")]
)
def test_other_events(name: str, number: int, kind: str) -> None:
    """A package that is no image, a ping, and what is about no package, is of another kind, and names no repository."""
    reading = read(sample("github", name).post)
    assert reading.events == []
    assert reading.others == [Event(id=f"{_ID}{number:02}", action=kind, actor=ActorRecord(name="ann"))]


def test_an_unknown_action() -> None:
    """What else may happen to an image is another event."""
    body = b'{"action":"deleted","package":{"package_type":"CONTAINER","name":"web","owner":{"login":"acme"}}}'
    assert [event.action for event in read(ForeignPost(body, "application/json", _PACKAGE)).others] == ["other"]


def test_an_image_of_which_little_is_told() -> None:
    """A version without metadata is a push of its digest; nothing is made up."""
    digest = _digest("web")
    package = {
        "package_type": "container",
        "name": "Web",
        "owner": {"login": "Acme"},
        "package_version": {"version": digest},
    }
    body = json.dumps({"action": "published", "package": package}).encode()
    [event] = read(ForeignPost(body, "application/json", _PACKAGE)).events
    assert event == Event(id="7", action="push", target=Target(repository="acme/web", digest=digest))


@pytest.mark.parametrize("version", [None, {}, {"version": "v3"}, {"container_metadata": {"tag": {"name": ""}}}])
def test_a_push_of_nothing(version: object) -> None:
    """A push that names neither digest nor tag is refused, so that GitHub shows it."""
    package = {"package_type": "container", "name": "web", "owner": {"login": "acme"}, "package_version": version}
    body = json.dumps({"action": "published", "package": package}).encode()
    with pytest.raises(NotThisFormatError, match=r"^package\.package_version: must name the digest or the tag"):
        read(ForeignPost(body, "application/json", _PACKAGE))


@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (b"[]", _PACKAGE, "the body must be a JSON object"),
        (b"{}", {}, "must have the header X-GitHub-Event, as GitHub sends it"),
        (b'{"registry_package":{}}', _PACKAGE, EXPECTED),
        (b'{"package":{"type":"container"}}', _PACKAGE, EXPECTED),
        (
            b'{"action":"published","package":{"package_type":"CONTAINER","owner":{"login":"acme"}}}',
            _PACKAGE,
            "package: must have a name and an owner",
        ),
    ],
)
def test_another_body(body: bytes, headers: dict[str, str], message: str) -> None:
    """A body that is not of GitHub is refused with what was expected, and where."""
    with pytest.raises(NotThisFormatError) as refused:
        read(ForeignPost(body, "application/json", headers))
    assert str(refused.value) == message
