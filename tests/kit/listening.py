"""A decorated repository service, plain or awaitable, and a Listener that keeps what it hears."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import pytest

from producer import Manifest, listen
from producer.listener.protocol import ManifestContent
from schemas import Descriptor
from tests.kit.memory_repository import (
    OCTETS,
    MemoryRegistry,
    MemoryRepository,
    digest_of,
)

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MANIFEST = Manifest(OCI_MANIFEST, b'{"schemaVersion": 2}')
CONTENT = b"some content"
DIGEST = digest_of(CONTENT)
BLOB = Descriptor(media_type=OCTETS, digest=DIGEST, size=len(CONTENT))
NAME = "library/app"


class RefusedError(Exception):
    """What a listener raises that cannot do its part."""


@dataclass
class Ear:
    """A Listener that notes every call, with the thread it came in, and raises if it is told to."""

    heard: list[tuple[Any, ...]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    refuse: bool = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*arguments: Any) -> None:
            self.heard.append((name, *arguments))
            self.threads.add(threading.get_ident())
            if self.refuse:
                raise RefusedError(name)

        note.__name__ = name
        return note

    def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """Note it."""
        self.__getattr__("manifest_pushed")(repository, manifest, tag)


@dataclass
class Case:
    """A decorated repository; `do` gives a call's result, whether the service is plain or awaitable."""

    ear: Ear
    registry: MemoryRegistry
    decorate: Callable[[MemoryRepository], Any]
    do: Callable[[Any], Any]

    @property
    def original(self) -> MemoryRepository:
        """The undecorated repository."""
        return self.registry.repository(NAME)

    @property
    def repository(self) -> Any:
        """The decorated repository."""
        return listen(self.decorate(self.original), self.ear)

    @property
    def blobs(self) -> Any:
        """Its blobs."""
        return self.do(self.repository.blobs())

    @property
    def manifests(self) -> Any:
        """Its manifests."""
        return self.do(self.repository.manifests())

    @property
    def tags(self) -> Any:
        """Its tags."""
        return self.do(self.repository.tags())

    def fails(self, error: type[Exception], call: Callable[[], Any]) -> None:
        """The call raises that, and the listener hears nothing of it."""
        with pytest.raises(error):
            self.do(call())
        assert self.ear.heard == []


def awaited(loop: asyncio.AbstractEventLoop, call: Any) -> Any:
    """The result of a call of an awaitable service."""
    assert isawaitable(call), "an awaitable service stays awaitable"

    async def wait() -> Any:
        return await call

    return loop.run_until_complete(wait())
