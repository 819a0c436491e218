"""The bridge: one call, one event, in the registry's shape.

B1 to B7 and E1 are the registry's own test cases, re-made from their description.
"""

import re
import threading
from collections.abc import Iterator

import pytest

from producer import (
    Bridge,
    Listener,
    RegistryURLBuilder,
)
from schemas import ActorRecord, Descriptor, Event, Platform, RequestRecord, SourceRecord, Target
from schemas.wire import envelope_json
from tests.kit.bridged import ACTOR, BLOB, MANIFEST, OCI_MANIFEST, PAYLOAD, REPO, REQUEST, SOURCE
from tests.kit.paths import GOLDEN
from tests.kit.sinks import MemorySink

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DIGEST = "sha256:af9e4a606b9869203fdc09436f2a2accb3f6765dc58bb2d0a41af254fb888a58"
MANIFEST_URL = f"http://test.example.com/v2/{REPO}/manifests/{DIGEST}"
CONFIG = Descriptor(media_type="application/vnd.example.sbom.v1", digest="cfgdgst", size=100)
BLOB_URL = f"http://test.example.com/v2/{REPO}/blobs/{BLOB.digest}"


def only(sink: MemorySink) -> Event:
    """The one event that was written, checked for what is the same in all."""
    [event] = sink.events
    assert (event.source, event.actor, event.request) == (SOURCE, ACTOR, REQUEST)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event.id)
    assert event.timestamp_micros is not None
    assert event.original == ""
    assert event.content_type == "application/vnd.docker.distribution.events.v2+json"
    return event


def manifest_target(tag: str = "") -> Target:
    """What B1 to B4 expect, all members of it."""
    return Target(
        media_type=OCI_MANIFEST,
        digest=DIGEST,
        size=226,
        length=226,
        repository=REPO,
        url=MANIFEST_URL,
        tag=tag,
        references=[CONFIG],
    )


def test_b1_manifest_pulled(bridge: Listener, sink: MemorySink) -> None:
    """A pull has the canonical digest, 226 bytes, the URL by digest and, beyond the registry's case, the references."""
    bridge.manifest_pulled(REPO, MANIFEST)
    event = only(sink)
    assert ("pull", manifest_target()) == (event.action, event.target)


def test_b2_manifest_pushed(bridge: Listener, sink: MemorySink) -> None:
    """A push is a pull with another action."""
    bridge.manifest_pushed(REPO, MANIFEST)
    event = only(sink)
    assert ("push", manifest_target()) == (event.action, event.target)


def test_b3_manifest_pushed_with_tag(bridge: Listener, sink: MemorySink) -> None:
    """The tag stands beside the digest; the URL stays by digest."""
    bridge.manifest_pushed(REPO, MANIFEST, tag="latest")
    event = only(sink)
    assert ("push", manifest_target("latest")) == (event.action, event.target)


def test_b4_manifest_pulled_with_tag(bridge: Listener, sink: MemorySink) -> None:
    """As for a push."""
    bridge.manifest_pulled(REPO, MANIFEST, tag="latest")
    event = only(sink)
    assert ("pull", manifest_target("latest")) == (event.action, event.target)


def test_b5_manifest_deleted(bridge: Listener, sink: MemorySink) -> None:
    """A delete carries repository and digest and nothing else; its action is asserted too."""
    bridge.manifest_deleted(REPO, DIGEST)
    event = only(sink)
    assert ("delete", Target(repository=REPO, digest=DIGEST)) == (event.action, event.target)


def test_b6_tag_deleted(bridge: Listener, sink: MemorySink) -> None:
    """A deleted tag carries repository and tag."""
    bridge.tag_deleted(REPO, "latest")
    event = only(sink)
    assert ("delete", Target(repository=REPO, tag="latest")) == (event.action, event.target)


def test_b7_repo_deleted(bridge: Listener, sink: MemorySink) -> None:
    """A deleted repository carries its name alone."""
    bridge.repo_deleted(REPO)
    event = only(sink)
    assert ("delete", Target(repository=REPO)) == (event.action, event.target)


def test_e1_envelope_of_three_events() -> None:
    """The registry's golden envelope, byte for byte; its first digest is no valid one, and no reader may mind."""
    layer = "application/vnd.docker.container.image.rootfs.diff+x-gtar"
    targets = [
        ("application/vnd.docker.distribution.manifest.v2+json", "sha256:0123456789abcdef0"),
        (layer, "sha256:3b3692957d439ac1928219a83fac91e7bf96c153725526874673ae1f2023f8d5"),
        (layer, "sha256:3b3692957d439ac1928219a83fac91e7bf96c153725526874673ae1f2023f8d6"),
    ]
    events = [
        Event(
            id=f"asdf-asdf-asdf-asdf-{number}",
            timestamp="2006-01-02T15:04:05Z",
            action="push",
            target=Target(
                media_type=media_type,
                digest=digest,
                size=number + 1,
                length=number + 1,
                repository="library/test",
                url="http://example.com/v2/library/test/manifests/latest",
            ),
            request=RequestRecord(
                id="asdfasdf", addr="client.local", host="registrycluster.local", method="PUT", useragent="test/0.1"
            ),
            actor=ActorRecord(name="test-actor"),
            source=SourceRecord(addr="hostname.local:port"),
        )
        for number, (media_type, digest) in enumerate(targets)
    ]
    golden = GOLDEN / "e1.v2.json"
    assert golden.read_bytes() == envelope_json(events)


@pytest.mark.parametrize(("action", "method"), [("push", "blob_pushed"), ("pull", "blob_pulled")])
def test_a_blob_event_carries_the_whole_descriptor(
    bridge: Listener, sink: MemorySink, action: str, method: str
) -> None:
    """Every member that the store knows is copied, length is size, the URL is by digest."""
    more = Descriptor(
        media_type="application/x",
        digest=BLOB.digest,
        size=3,
        urls=["http://mirror/"],
        annotations={"a": "b"},
        data="aGk=",
        platform=Platform(os="linux"),
        artifact_type="application/y",
    )
    getattr(bridge, method)(REPO, more)
    event = only(sink)
    expected = Target(
        media_type="application/x",
        digest=BLOB.digest,
        size=3,
        urls=["http://mirror/"],
        annotations={"a": "b"},
        data="aGk=",
        platform=Platform(os="linux"),
        artifact_type="application/y",
        length=3,
        repository=REPO,
        url=BLOB_URL,
    )
    assert (action, expected) == (event.action, event.target)


def test_a_mount_says_where_from(bridge: Listener, sink: MemorySink) -> None:
    """The target is the repository mounted into; the name it came from stands as it is, host and all."""
    bridge.blob_mounted(REPO, BLOB, "registry.example.com:5000/other/repo")
    event = only(sink)
    assert (event.action, event.target.from_repository) == ("mount", "registry.example.com:5000/other/repo")
    assert (REPO, BLOB.digest, 78, 78, BLOB_URL) == (
        event.target.repository,
        event.target.digest,
        event.target.size,
        event.target.length,
        event.target.url,
    )


def test_a_deleted_blob_looks_like_a_deleted_manifest(bridge: Listener, sink: MemorySink) -> None:
    """The registry's format does not tell them apart, so neither does this."""
    bridge.blob_deleted(REPO, BLOB.digest)
    event = only(sink)
    assert ("delete", Target(repository=REPO, digest=BLOB.digest)) == (event.action, event.target)


def test_references_are_left_out_unless_asked_for(sink: MemorySink) -> None:
    """As with the registry's `includereferences`, whose default is false."""
    bridge = Bridge(RegistryURLBuilder("http://test.example.com/"), SOURCE, ACTOR, REQUEST, sink)
    bridge.manifest_pushed(REPO, MANIFEST)
    assert only(sink).target.references == []


def test_a_manifest_of_another_class_is_read_from_its_payload(bridge: Listener, sink: MemorySink) -> None:
    """A registry with manifests of its own passes them as they are; the digest is the canonical one all the same."""

    class Stored:
        media_type = OCI_MANIFEST + "; charset=utf-8"
        payload = PAYLOAD
        digest = "sha512:" + "0" * 128

    bridge.manifest_pushed(REPO, Stored(), tag="latest")
    assert manifest_target("latest") == only(sink).target


def test_time_and_id_are_those_of_the_call(sink: MemorySink) -> None:
    """Both are taken when the call is made, in the local zone's offset at that time."""
    clock: Iterator[int] = iter([1_000_000_000, 2_500_000_000])
    numbers = iter(["one", "two"])
    bridge = Bridge(
        RegistryURLBuilder("http://test.example.com/"),
        SOURCE,
        ACTOR,
        REQUEST,
        sink,
        clock=lambda: next(clock),
        utc_offset=lambda now: 3600 if now > 2_000_000_000 else 0,
        ids=lambda: next(numbers),
    )
    bridge.repo_deleted("a")
    bridge.repo_deleted("b")
    assert [(event.id, event.timestamp) for event in sink.events] == [
        ("one", "1970-01-01T00:00:01Z"),
        ("two", "1970-01-01T01:00:02.5+01:00"),
    ]


def test_threads_share_a_bridge(bridge: Listener, sink: MemorySink) -> None:
    """A bridge keeps nothing between calls: concurrent ones write an event each, with ids of their own."""
    threads = [threading.Thread(target=bridge.repo_deleted, args=(f"r{number}",)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"r{number}" for number in range(40)} == {event.target.repository for event in sink.events}
    assert len({event.id for event in sink.events}) == 40
