"""zot's events: what becomes of each."""

from typing import Any

import pytest

from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError
from producer.sources.zot import KINDS, read
from schemas.event import ActorRecord, Descriptor, Event, Platform, RequestRecord, Target
from tests.kit.foreign_samples import sample, samples

OCI = "application/vnd.oci.image.manifest.v1+json"
DIGEST = sample("zot", "updated").value["digest"]
SIZE = len(sample("zot", "updated").value["manifest"].encode())


def test_push() -> None:
    """A pushed tag has all that zot tells: digest, media type, size and references of its manifest, who and how."""
    one = sample("zot", "updated")
    expected = Event(
        id=one.headers["ce-id"],
        timestamp="2026-05-01T10:00:01.123456789Z",
        action="push",
        target=Target(
            media_type=OCI,
            digest=DIGEST,
            size=SIZE,
            length=SIZE,
            repository="shop/web",
            tag="v3",
            references=[
                Descriptor(
                    media_type="application/vnd.oci.image.config.v1+json",
                    digest="sha256:b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910",
                    size=1470,
                ),
                Descriptor(
                    media_type="application/vnd.oci.image.layer.v1.tar+gzip",
                    digest="sha256:dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85",
                    size=3370706,
                ),
            ],
        ),
        request=RequestRecord(addr="10.0.0.7:41000", method="PUT", useragent="skopeo/1.16"),
        actor=ActorRecord(name="ann"),
    )
    assert [expected] == read(one.post).events


def test_untagged() -> None:
    """A reference that is a digest is no tag."""
    [event] = read(sample("zot", "updated-untagged").post).events
    assert ("push", "", DIGEST) == (event.action, event.target.tag, event.target.digest)


def test_index() -> None:
    """An index has its children as references; a `source` that is a registry's root gives the host and the URL."""
    one = sample("zot", "updated-index")
    [event] = read(one.post).events
    child = Descriptor(
        media_type=OCI,
        digest=DIGEST,
        size=SIZE,
        platform=Platform(architecture="arm64", os="linux", variant="v8"),
    )
    assert [child] == event.target.references
    assert f"https://zot.example:8443/v2/shop/web/manifests/{one.value['digest']}" == event.target.url
    assert "zot.example:8443" == event.request.host


def test_delete() -> None:
    """A manifest that is deleted by its digest has the digest and the media type, and no size."""
    [event] = read(sample("zot", "deleted").post).events
    assert ("delete", Target(media_type=OCI, digest=DIGEST, repository="shop/web")) == (event.action, event.target)


def test_delete_of_a_tag() -> None:
    """The deletion of a tag says nothing of the manifest, which another tag may name."""
    [event] = read(sample("zot", "deleted-tag").post).events
    assert ("delete", Target(repository="shop/web", tag="v3")) == (event.action, event.target)


@pytest.mark.parametrize(
    ("name", "kind", "tag"),
    [("repository-created", "repository", ""), ("scanned", "scan", "v3"), ("lint-failed", "lint", "v3")],
)
def test_others(name: str, kind: str, tag: str) -> None:
    """What is no update or deletion of an image is one of the other events, by its kind."""
    reading = read(sample("zot", name).post)
    assert [] == reading.events
    assert [(kind, "shop/web", tag)] == [(one.action, one.target.repository, one.target.tag) for one in reading.others]


def with_header(name: str, value: str) -> ForeignPost:
    """The push of a tag with another header."""
    one = sample("zot", "updated").post
    return ForeignPost(one.body, one.content_type, {**one.headers, name: value})


@pytest.mark.parametrize("kind", ["image.updated", "acme.image.updated", "com.example.registry.image.updated"])
def test_prefix(kind: str) -> None:
    """The type's prefix is whatever zot is configured with."""
    assert ["push"] == [event.action for event in read(with_header("ce-type", kind)).events]


@pytest.mark.parametrize("kind", ["zotregistry.image.signed", "updated", "zotregistry.image.updated.twice"])
def test_unknown_type(kind: str) -> None:
    """A type that zot did not have when this was written is of kind `other`."""
    assert ["other"] == [other.action for other in read(with_header("ce-type", kind)).others]


@pytest.mark.parametrize(
    "source",
    ["zotregistry.dev", "https://zot.example/tenant-a", "urn:zot", "https://ann:pw@zot.example", "https://[", "https:"],
)
def test_source_without_a_host(source: str) -> None:
    """A source that is not the root of a registry gives neither host nor URL."""
    [event] = read(with_header("ce-source", source)).events
    assert ("", "") == (event.request.host, event.target.url)


def test_push_of_nothing() -> None:
    """An update without reference and digest names no image: it is refused."""
    with pytest.raises(NotThisFormatError, match="must name the image by `reference` or `digest`"):
        read(sample("zot", "updated").with_value({"name": "shop/web"}))


@pytest.mark.parametrize(
    ("manifest", "size"),
    [
        ("", 0),
        ("{", 0),
        ("not json", 0),
        ("[]", 0),
        ('{"schemaVersion":2,"layers":7}', 30),
        ("\ud800", 0),
        (7, 0),
        (None, 0),
    ],
)
def test_broken_manifest(manifest: Any, size: int) -> None:
    """A manifest that cannot be read has no references; one that is no JSON object, or no text, is as if absent."""
    one = sample("zot", "updated")
    [event] = read(one.with_value({**one.value, "manifest": manifest})).events
    assert (size, size, []) == (event.target.size, event.target.length, event.target.references)


@pytest.mark.parametrize("value", [[], None, "x", {}, {"name": 7}, {"name": ""}])
def test_not_of_zot(value: Any) -> None:
    """Data without a repository's name is refused, and told what was expected."""
    with pytest.raises(NotThisFormatError, match="must be an object with `name`"):
        read(sample("zot", "updated").with_value(value))


def test_no_cloudevent() -> None:
    """So is a POST without the headers of a CloudEvent."""
    one = sample("zot", "updated").post
    with pytest.raises(NotThisFormatError, match="the headers `ce-specversion`, `ce-id`, `ce-type`, `ce-source`"):
        read(ForeignPost(one.body, one.content_type, {}))


def test_samples() -> None:
    """Every sample is read, and its kind is known."""
    assert all(other.action in KINDS for one in samples("zot") for other in read(one.post).others)
