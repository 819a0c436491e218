"""The Listener's errors: which are logged alone, which reach the caller, and in whose thread it is called."""

import threading

import pytest
from structlog.testing import capture_logs

from producer import Bridge, RegistryURLBuilder, SinkError, listen
from schemas import ActorRecord, Descriptor, RequestRecord, SourceRecord
from tests.kit.listening import CONTENT, DIGEST, MANIFEST, NAME, Case, RefusedError
from tests.kit.memory_repository import (
    OCTETS,
    digest_of,
)
from tests.kit.sinks import MemorySink


def test_a_refusing_listener_fails_no_operation(case: Case) -> None:
    """The operation was done: its result is returned, and the loss of the event is logged, by call and repository."""
    case.ear.refuse = True
    with capture_logs() as logs:
        assert MANIFEST.digest == case.do(case.manifests.put(MANIFEST))
        assert case.do(case.manifests.get(MANIFEST.digest)) == MANIFEST
        assert case.do(case.blobs.get(DIGEST)) == CONTENT
        assert case.do(case.blobs.put(OCTETS, b"x")).size == 1
        writer = case.do(case.blobs.create())
        case.do(writer.write(b"y"))
        case.do(writer.commit(Descriptor(digest=digest_of(b"y"))))
        case.registry.repository("other").content[digest_of(b"z")] = b"z"
        case.do(case.blobs.create(mount=digest_of(b"z"), from_repository="other"))
        case.do(case.blobs.delete(DIGEST))
        case.do(case.manifests.delete(MANIFEST.digest))
    calls = [
        *("manifest_pushed", "manifest_pulled", "blob_pulled", "blob_pushed"),
        *("blob_pushed", "blob_mounted", "blob_deleted", "manifest_deleted"),
    ]
    assert [("listener.failed", call, NAME, call) for call in calls] == [
        (line["event"], line["call"], line["repository"], line["error"]) for line in logs
    ]


def test_a_refusal_reaches_the_caller_of_untag_and_remove(case: Case) -> None:
    """As in the registry: the removal stands, and its caller learns that nobody was told."""
    case.ear.refuse = True
    original = case.original
    original.tagged["v1"] = MANIFEST.digest
    with capture_logs() as logs:
        with pytest.raises(RefusedError, match="tag_deleted"):
            case.do(case.tags.untag("v1"))
        with pytest.raises(RefusedError, match="repo_deleted"):
            case.do(case.repository.remove())
    assert case.ear.heard == [("tag_deleted", NAME, "v1"), ("repo_deleted", NAME)]
    assert (original.tagged, case.registry.repositories) == ({}, {})
    assert [line["call"] for line in logs] == ["tag_deleted", "repo_deleted"]


def test_a_pull_without_descriptor_is_logged(case: Case) -> None:
    """A blob that vanishes between being read and being described loses its event, with a line in the log."""
    with capture_logs() as logs:
        case.do(case.blobs.serve(DIGEST, lambda _: case.original.content.clear()))
    assert [(line["event"], line["digest"]) for line in logs] == [("listener.descriptor_unknown", DIGEST)]
    assert case.ear.heard == []


def test_a_plain_service_is_heard_in_its_own_thread_an_awaitable_one_elsewhere(case: Case) -> None:
    """A sink that waits must not stop the event loop; a plain service waits for it where it is called."""
    case.do(case.blobs.get(DIGEST))
    plain = case.decorate(case.original) is case.original
    assert plain == (case.ear.threads == {threading.get_ident()})


def test_with_a_bridge_the_events_are_written_before_the_call_returns(case: Case) -> None:
    """The whole path: a push through a decorated repository is committed to the sink when the push is answered."""
    sink = MemorySink()
    bridge = Bridge(RegistryURLBuilder("http://h/"), SourceRecord(), ActorRecord(), RequestRecord(), sink)
    manifests = case.do(listen(case.decorate(case.original), bridge).manifests())
    case.do(manifests.put(MANIFEST, tag="v1"))
    assert [(one.action, one.target.repository, one.target.tag) for one in sink.events] == [("push", NAME, "v1")]
    sink.close()
    case.original.tagged["v1"] = MANIFEST.digest
    with capture_logs(), pytest.raises(SinkError):
        case.do(case.do(listen(case.decorate(case.original), bridge).tags()).untag("v1"))
