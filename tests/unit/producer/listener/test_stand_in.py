"""Decorated services stand for those of the registry: what the decorator does not know is theirs."""

import pytest

from producer import MountedBlob, listen
from schemas import Descriptor
from tests.kit.listening import MANIFEST, NAME, Ear
from tests.kit.memory_repository import (
    OCTETS,
    MemoryRegistry,
    digest_of,
)


def test_a_writer_is_still_what_it_was() -> None:
    """Attributes are read and written through, and a context manager stays one and gives the decorated writer."""
    ear = Ear()
    registry = MemoryRegistry()
    repository = listen(registry.repository(NAME), ear)
    begun = repository.blobs().create()
    assert not isinstance(begun, MountedBlob)
    with begun as writer:
        writer.write(b"abc")
        assert writer.written == b"abc"
        writer.written = b"abcd"
        writer.commit(Descriptor(digest=digest_of(b"abcd")))
    [original] = registry.repository(NAME).writers.values()
    assert (b"abcd", True, original.id) == (original.written, original.cancelled, writer.id)
    assert [("blob_pushed", NAME, Descriptor(media_type=OCTETS, digest=digest_of(b"abcd"), size=4))] == ear.heard


def test_services_keep_their_special_methods() -> None:
    """What a service can do by syntax, the decorated one can; what it cannot, it does not pretend to."""
    repository = listen(MemoryRegistry().repository(NAME), Ear())
    repository.manifests().put(MANIFEST)
    assert MANIFEST.digest in repository.manifests()
    assert len(repository.manifests()) == 1
    assert not hasattr(repository.blobs(), "__len__")
    assert repository.name == NAME
    with pytest.raises(AttributeError):
        repository.blobs().unheard_of()  # type: ignore[attr-defined]
