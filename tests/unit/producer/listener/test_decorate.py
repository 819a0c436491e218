"""`listen`: it fires exactly when the registry's own decorator does, for plain and awaitable services alike.

L1 is the registry's own test case, re-made from its description.
"""

import os
from collections import Counter

import pytest
from structlog.testing import capture_logs

from producer import MountedBlob
from producer.listener.repository import Removable, Repository
from schemas import Descriptor
from tests.kit.listening import BLOB, CONTENT, DIGEST, MANIFEST, NAME, Case
from tests.kit.memory_repository import (
    OCTETS,
    MemoryRegistry,
    UnknownError,
    digest_of,
)


def test_the_fixture_is_a_repository_service() -> None:
    """The protocols describe what a plain registry has, and the type checker agrees."""
    repository: Repository = MemoryRegistry().repository(NAME)
    removable: Removable = MemoryRegistry().repository(NAME)
    assert isinstance(repository, type(removable))


def test_l1_every_operation_is_heard_once(case: Case) -> None:
    """Three blobs, a manifest and a tag through their whole life: the registry's exact counts, and no other event.

    The registry counts by kind of target, which a delete does not tell; here the calls themselves are counted.
    """
    do, blobs, manifests = case.do, case.blobs, case.manifests
    contents = [b"{}", os.urandom(1024), os.urandom(1024)]
    for content in contents:
        writer = do(blobs.create())
        do(writer.write(content))
        stored = do(writer.commit(Descriptor(digest=digest_of(content))))
        do(blobs.open(stored.digest))
    digest = do(manifests.put(MANIFEST))
    assert digest_of(MANIFEST.payload) == digest
    do(case.tags.tag("v1", digest))
    assert do(manifests.get(digest)) == MANIFEST
    do(case.tags.untag("v1"))
    do(manifests.delete(digest))
    for content in contents:
        do(blobs.delete(digest_of(content)))
    do(case.repository.remove())
    counts = {"manifest_pushed": 1, "manifest_pulled": 1, "manifest_deleted": 1, "tag_deleted": 1, "repo_deleted": 1}
    layers = {"blob_pushed": 3, "blob_pulled": 3, "blob_deleted": 3}
    assert counts | layers == Counter(name for name, *_ in case.ear.heard)
    assert {NAME} == {repository for _, repository, *_ in case.ear.heard}


def test_l1_resumed_upload_is_heard_at_its_commit(case: Case) -> None:
    """Create, resume, commit, as in 2.8's case: one push, with the descriptor that the store gives back."""
    writer = case.do(case.blobs.create())
    case.do(writer.write(b"first "))
    again = case.do(case.blobs.resume(writer.id))
    case.do(again.write(b"second"))
    assert case.ear.heard == []
    digest = digest_of(b"first second")
    case.do(again.commit(Descriptor(media_type="client/says", digest=digest, size=1)))
    assert [("blob_pushed", NAME, Descriptor(media_type=OCTETS, digest=digest, size=12))] == case.ear.heard


@pytest.mark.parametrize("tag", ["", "v1"])
def test_manifests_are_heard_with_their_tag(case: Case, tag: str) -> None:
    """Put and get tell of the tag that they were called with."""
    named = {"tag": tag} if tag else {}
    case.do(case.manifests.put(MANIFEST, **named))
    case.do(case.manifests.get(MANIFEST.digest, **named))
    assert [("manifest_pushed", NAME, MANIFEST, tag), ("manifest_pulled", NAME, MANIFEST, tag)] == case.ear.heard


@pytest.mark.parametrize("method", ["get", "open"])
def test_reading_a_blob_is_a_pull(case: Case, method: str) -> None:
    """The descriptor is asked of the store again, as in the registry."""
    result = case.do(getattr(case.blobs, method)(DIGEST))
    assert (result if method == "get" else result.read()) == CONTENT
    assert case.ear.heard == [("blob_pulled", NAME, BLOB)]


def test_serving_a_blob_is_a_pull_after_it(case: Case) -> None:
    """The event follows the answer: what it is passed through to sees no event yet."""
    seen: list[tuple[bytes, int]] = []
    case.do(case.blobs.serve(DIGEST, lambda content: seen.append((content, len(case.ear.heard)))))
    assert seen == [(CONTENT, 0)]
    assert case.ear.heard == [("blob_pulled", NAME, BLOB)]


def test_storing_a_blob_at_once_is_a_push(case: Case) -> None:
    """Put tells of the descriptor that the store gives back."""
    stored = case.do(case.blobs.put("application/x", b"other"))
    assert [("blob_pushed", NAME, stored)] == case.ear.heard


def test_a_mount_is_heard_instead_of_an_upload(case: Case) -> None:
    """Create that mounts returns what it mounted, and says from where."""
    case.registry.repository("other/repo").content[digest_of(b"x")] = b"x"
    mounted = case.do(case.blobs.create(mount=digest_of(b"x"), from_repository="other/repo"))
    descriptor = Descriptor(media_type=OCTETS, digest=digest_of(b"x"), size=1)
    assert MountedBlob(descriptor=descriptor, from_repository="other/repo") == mounted
    assert [("blob_mounted", NAME, descriptor, "other/repo")] == case.ear.heard


def test_a_mount_that_cannot_be_is_an_upload(case: Case) -> None:
    """Create that finds nothing to mount begins an upload, of which nothing is heard."""
    writer = case.do(case.blobs.create(mount=DIGEST, from_repository="unknown"))
    assert [writer.id] == list(case.original.writers)
    assert case.ear.heard == []


def test_failed_operations_are_not_heard(case: Case) -> None:
    """What the service raises comes out as it is, and nothing was done that could be told."""
    missing = digest_of(b"missing")
    case.fails(UnknownError, lambda: case.blobs.open(missing))
    case.fails(UnknownError, lambda: case.blobs.serve(missing, print))
    case.fails(UnknownError, lambda: case.blobs.delete(missing))
    case.fails(UnknownError, lambda: case.blobs.resume("missing"))
    case.fails(UnknownError, lambda: case.manifests.delete(missing))
    case.fails(UnknownError, lambda: case.tags.untag("missing"))
    writer = case.do(case.blobs.create())
    case.fails(ValueError, lambda: writer.commit(Descriptor(digest=missing)))


def test_none_is_nothing_found(case: Case) -> None:
    """A service that answers None instead of raising has given nothing to anybody."""
    missing = digest_of(b"missing")
    with capture_logs() as logs:
        assert case.do(case.manifests.get(missing, tag="v1")) is None
        assert case.do(case.blobs.get(missing)) is None
    assert (case.ear.heard, logs) == ([], [])


def test_what_the_registry_does_not_decorate_is_not_heard(case: Case) -> None:
    """Stat, exists, tag, lookups and cancelled uploads pass through untouched."""
    assert case.do(case.blobs.stat(DIGEST)) == BLOB
    assert case.do(case.manifests.exists(MANIFEST.digest)) is False
    case.do(case.tags.tag("v1", MANIFEST.digest))
    assert MANIFEST.digest == case.do(case.tags.get("v1"))
    assert case.do(case.tags.all()) == ["v1"]
    writer = case.do(case.blobs.create())
    case.do(writer.write(b"x"))
    case.do(writer.cancel())
    assert [one.cancelled for one in case.original.writers.values()] == [True]
    assert case.ear.heard == []
