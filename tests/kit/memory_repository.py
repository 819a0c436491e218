"""A plain, synchronous repository service, the least a registry has, and the same one to be awaited.

The names of its methods are those of `producer.listener.repository`; it knows nothing of listeners.
"""

import asyncio
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

from producer import Manifest, MountedBlob
from schemas import Descriptor

OCTETS = "application/octet-stream"


class UnknownError(Exception):
    """The content is not there."""


def digest_of(content: bytes) -> str:
    """The digest that the repository gives `content`."""
    return f"sha256:{sha256(content).hexdigest()}"


@dataclass
class MemoryRegistry:
    """Repositories by name; a blob can be mounted from one into another."""

    repositories: dict[str, "MemoryRepository"] = field(default_factory=dict)

    def repository(self, name: str) -> "MemoryRepository":
        """The repository of that name, empty if it is new."""
        return self.repositories.setdefault(name, MemoryRepository(self, name))


@dataclass
class MemoryRepository:
    """One repository."""

    registry: MemoryRegistry
    name: str
    content: dict[str, bytes] = field(default_factory=dict)
    stored: dict[str, Manifest] = field(default_factory=dict)
    tagged: dict[str, str] = field(default_factory=dict)
    writers: dict[str, "MemoryWriter"] = field(default_factory=dict)

    def manifests(self) -> "MemoryManifests":
        """Its manifests."""
        return MemoryManifests(self)

    def blobs(self) -> "MemoryBlobs":
        """Its blobs."""
        return MemoryBlobs(self)

    def tags(self) -> "MemoryTags":
        """Its tags."""
        return MemoryTags(self)

    def remove(self) -> None:
        """Forget all of it."""
        del self.registry.repositories[self.name]


@dataclass
class MemoryManifests:
    """The manifests of a repository."""

    repository: MemoryRepository

    def get(self, digest: str, *, tag: str = "") -> Manifest | None:
        """The manifest, or None."""
        return self.repository.stored.get(digest)

    def exists(self, digest: str) -> bool:
        """Whether there is one."""
        return digest in self.repository.stored

    def put(self, manifest: Manifest, *, tag: str = "") -> str:
        """Store it."""
        self.repository.stored[manifest.digest] = manifest
        return manifest.digest

    def delete(self, digest: str) -> None:
        """Remove it."""
        if self.repository.stored.pop(digest, None) is None:
            raise UnknownError(digest)

    def __contains__(self, digest: str) -> bool:
        return digest in self.repository.stored

    def __len__(self) -> int:
        return len(self.repository.stored)


@dataclass
class MemoryBlobs:
    """The blobs of a repository."""

    repository: MemoryRepository

    def stat(self, digest: str) -> Descriptor:
        """The blob's descriptor."""
        return Descriptor(media_type=OCTETS, digest=digest, size=len(self._content(digest)))

    def get(self, digest: str) -> bytes | None:
        """The content, or None."""
        return self.repository.content.get(digest)

    def open(self, digest: str) -> io.BytesIO:
        """The content for reading."""
        return io.BytesIO(self._content(digest))

    def serve(self, digest: str, answer: Callable[[bytes], None]) -> None:
        """Answer with the content."""
        answer(self._content(digest))

    def put(self, media_type: str, content: bytes) -> Descriptor:
        """Store a blob."""
        digest = digest_of(content)
        self.repository.content[digest] = content
        return Descriptor(media_type=media_type, digest=digest, size=len(content))

    def create(self, *, mount: str = "", from_repository: str = "") -> "MemoryWriter | MountedBlob":
        """A new upload, or a mount."""
        source = self.repository.registry.repositories.get(from_repository)
        if source is not None and mount in source.content:
            self.repository.content[mount] = source.content[mount]
            return MountedBlob(descriptor=self.stat(mount), from_repository=from_repository)
        writer = MemoryWriter(self)
        self.repository.writers[writer.id] = writer
        return writer

    def resume(self, upload: str) -> "MemoryWriter":
        """The upload of that id."""
        if upload not in self.repository.writers:
            raise UnknownError(upload)
        return self.repository.writers[upload]

    def delete(self, digest: str) -> None:
        """Remove a blob."""
        self._content(digest)
        del self.repository.content[digest]

    def _content(self, digest: str) -> bytes:
        if digest not in self.repository.content:
            raise UnknownError(digest)
        return self.repository.content[digest]


@dataclass
class MemoryWriter:
    """An upload."""

    blobs: MemoryBlobs
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    written: bytes = b""
    cancelled: bool = False

    def write(self, chunk: bytes) -> int:
        """Take some bytes."""
        self.written += chunk
        return len(chunk)

    def commit(self, descriptor: Descriptor) -> Descriptor:
        """Store what was written."""
        if descriptor.digest != digest_of(self.written):
            raise ValueError(descriptor.digest)
        return self.blobs.put(OCTETS, self.written)

    def cancel(self) -> None:
        """Throw it away."""
        self.cancelled = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()


@dataclass
class MemoryTags:
    """The tags of a repository."""

    repository: MemoryRepository

    def get(self, tag: str) -> str:
        """What it points to."""
        return self.repository.tagged[tag]

    def tag(self, tag: str, digest: str) -> None:
        """Point it at a manifest."""
        self.repository.tagged[tag] = digest

    def untag(self, tag: str) -> None:
        """Remove it."""
        if self.repository.tagged.pop(tag, None) is None:
            raise UnknownError(tag)

    def all(self) -> list[str]:
        """All of them."""
        return sorted(self.repository.tagged)


class Awaitable:
    """A service whose every method is a coroutine function that lets others run before it answers.

    What a method returns that is a service itself is awaitable in turn.
    """

    def __init__(self, service: Any) -> None:
        self.service = service

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.service, name)
        return _awaitable(member) if callable(member) else member


def _awaitable(method: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        result = method(*args, **kwargs)
        return Awaitable(result) if type(result).__module__ == __name__ else result

    return call
