"""The bridge: what it refuses before anything is written, and whose errors reach the caller."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import (
    Bridge,
    Listener,
    ManifestError,
    ReferenceFormatError,
    RegistryURLBuilder,
    SinkError,
)
from runtime.errors import BridgeError
from schemas import Descriptor
from tests.kit.bridged import ACTOR, BLOB, MANIFEST, OCI_MANIFEST, REPO, REQUEST, SOURCE
from tests.kit.sinks import BrokenSink, MemorySink


class FailingURLs:
    """A URL builder of somebody else that cannot build."""

    def manifest_url(self, repository: str, digest: str) -> str:
        """Fail."""
        raise LookupError(f"no route for {repository}@{digest}")

    blob_url = manifest_url


CALLS: dict[str, Callable[[Listener, str, str], None]] = {
    "manifest_deleted": lambda bridge, repository, digest: bridge.manifest_deleted(repository, digest),
    "blob_deleted": lambda bridge, repository, digest: bridge.blob_deleted(repository, digest),
    "blob_pushed": lambda bridge, repository, digest: bridge.blob_pushed(repository, Descriptor(digest=digest)),
    "blob_pulled": lambda bridge, repository, digest: bridge.blob_pulled(repository, Descriptor(digest=digest)),
    "blob_mounted": lambda bridge, repository, digest: bridge.blob_mounted(repository, Descriptor(digest=digest), REPO),
    "mounted_from": lambda bridge, repository, digest: bridge.blob_mounted(REPO, Descriptor(digest=digest), repository),
    "manifest_pushed": lambda bridge, repository, _: bridge.manifest_pushed(repository, MANIFEST),
    "manifest_pulled": lambda bridge, repository, _: bridge.manifest_pulled(repository, MANIFEST),
    "tag_deleted": lambda bridge, repository, _: bridge.tag_deleted(repository, "latest"),
    "repo_deleted": lambda bridge, repository, _: bridge.repo_deleted(repository),
}
WITH_DIGEST = list(CALLS)[:6]


@pytest.mark.parametrize("call", CALLS)
def test_a_bad_repository_name_is_refused(bridge: Listener, sink: MemorySink, call: str) -> None:
    """Every call names the bad value, and nothing is written."""
    with pytest.raises(ReferenceFormatError, match=r"^repository: 'Bad Name'"):
        CALLS[call](bridge, "Bad Name", BLOB.digest)
    assert sink.events == []


@pytest.mark.parametrize("call", WITH_DIGEST)
def test_a_bad_digest_is_refused(bridge: Listener, sink: MemorySink, call: str) -> None:
    """The registry loses such an event with a line in its log; here the caller learns of it."""
    with pytest.raises(ReferenceFormatError, match=r"^digest: 'sha256:short'"):
        CALLS[call](bridge, REPO, "sha256:short")
    assert sink.events == []


@pytest.mark.parametrize("tag", ["", "a b", "a/b"])
def test_a_bad_deleted_tag_is_refused(bridge: Listener, sink: MemorySink, tag: str) -> None:
    """An empty tag would make the event that of a deleted repository."""
    with pytest.raises(ReferenceFormatError, match=r"^tag: "):
        bridge.tag_deleted(REPO, tag)
    assert sink.events == []


def test_a_bad_tag_of_a_manifest_is_refused(bridge: Listener, sink: MemorySink) -> None:
    """As for a deleted one, except that no tag is fine."""
    for call in (bridge.manifest_pushed, bridge.manifest_pulled):
        with pytest.raises(ReferenceFormatError, match=r"^tag: "):
            call(REPO, MANIFEST, tag="a b")
    assert sink.events == []


def test_a_bad_manifest_is_refused(bridge: Listener, sink: MemorySink) -> None:
    """Content that is no manifest makes no event."""

    class Stored:
        media_type = OCI_MANIFEST
        payload = b"no manifest"

    with pytest.raises(ManifestError):
        bridge.manifest_pushed(REPO, Stored())
    assert sink.events == []


def test_what_the_url_builder_raises_reaches_the_caller(sink: MemorySink) -> None:
    """A builder of somebody else fails in its own words, and nothing is written."""
    bridge = Bridge(FailingURLs(), SOURCE, ACTOR, REQUEST, sink)
    with pytest.raises(LookupError):
        bridge.manifest_pushed(REPO, MANIFEST)
    with pytest.raises(LookupError):
        bridge.blob_pushed(REPO, BLOB)
    assert sink.events == []


@pytest.mark.parametrize("call", CALLS)
def test_what_the_sink_raises_reaches_the_caller(call: str) -> None:
    """A call that returns has its event in the log; one that has not raises."""
    bridge = Bridge(RegistryURLBuilder("http://h/"), SOURCE, ACTOR, REQUEST, BrokenSink())
    with pytest.raises(SinkError) as caught:
        CALLS[call](bridge, REPO, BLOB.digest)
    assert isinstance(caught.value, BridgeError)


@given(st.text(max_size=30), st.text(max_size=80), st.text(max_size=30))
def test_a_call_writes_one_event_or_raises(repository: str, digest: str, tag: str) -> None:
    """Whatever the arguments: an event exactly when the call returns, and otherwise an error that says why."""
    sink = MemorySink()
    bridge = Bridge(RegistryURLBuilder("http://h/"), SOURCE, ACTOR, REQUEST, sink)
    calls: list[Callable[[], None]] = [
        *(partial(call, bridge, repository, digest) for call in CALLS.values()),
        partial(bridge.manifest_pushed, REPO, MANIFEST, tag),
        partial(bridge.tag_deleted, REPO, tag),
    ]
    returned = 0
    for call in calls:
        try:
            call()
        except ReferenceFormatError:
            continue
        returned += 1
    assert returned == len(sink.events)
