"""What a registry's repository service looks like to `listen`. Only shapes: nothing here does anything.

Names and meaning are those of the registry's `Repository`, `ManifestService`, `BlobStore`, `BlobWriter`, `TagService`
and `RepositoryRemover`. A method may return its result or an awaitable of it, and may take more than is shown here;
one that a registry does not have is simply never called. Every method raises where it fails: an event is of what
was done.
"""

from collections.abc import Awaitable
from typing import Any, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from producer.listener.protocol import ManifestContent
from schemas import Descriptor

__all__ = [
    "BlobService",
    "BlobWriter",
    "ManifestService",
    "MountedBlob",
    "Named",
    "Removable",
    "Repository",
    "TagService",
]

_T = TypeVar("_T")
MaybeAwaitable: TypeAlias = _T | Awaitable[_T]


class MountedBlob(Struct, frozen=True, kw_only=True):
    """What `create` returns instead of a writer when it could mount the blob of another repository."""

    descriptor: Descriptor
    from_repository: str


class ManifestService(Protocol):
    """The manifests of a repository."""

    def get(self, digest: str, /, *, tag: str = "") -> MaybeAwaitable[ManifestContent | None]:
        """The manifest (None: there is none); `tag` is the one it was asked for by."""

    def put(self, manifest: Any, /, *, tag: str = "") -> MaybeAwaitable[Any]:
        """Store a manifest, which is a `ManifestContent`; `tag` is the one it was pushed by."""

    def delete(self, digest: str, /) -> MaybeAwaitable[Any]:
        """Remove a manifest."""


class BlobWriter(Protocol):
    """An upload under way."""

    def commit(self, descriptor: Descriptor, /) -> MaybeAwaitable[Descriptor]:
        """End the upload; the descriptor of the blob as stored."""


class BlobService(Protocol):
    """The blobs of a repository."""

    def stat(self, digest: str, /) -> MaybeAwaitable[Descriptor]:
        """The blob's descriptor; awaitable exactly if `get`, `open` and `serve` are."""

    def get(self, digest: str, /) -> MaybeAwaitable[Any]:
        """The blob's content (None: there is none)."""

    def open(self, digest: str, /) -> MaybeAwaitable[Any]:
        """The blob for reading (None: there is none)."""

    def serve(self, digest: str, /, *args: Any, **kwargs: Any) -> MaybeAwaitable[Any]:
        """Answer a request with the blob; returns when that is done."""

    def put(self, media_type: str, content: bytes, /) -> MaybeAwaitable[Descriptor]:
        """Store a blob in one go."""

    def create(self, *args: Any, **kwargs: Any) -> "MaybeAwaitable[BlobWriter | MountedBlob]":
        """Begin an upload, or mount what another repository has."""

    def resume(self, upload: str, /) -> MaybeAwaitable[BlobWriter]:
        """Go on with an upload."""

    def delete(self, digest: str, /) -> MaybeAwaitable[Any]:
        """Remove a blob."""


class TagService(Protocol):
    """The tags of a repository."""

    def untag(self, tag: str, /) -> MaybeAwaitable[Any]:
        """Remove a tag; the manifest stays."""


class Named(Protocol):
    """The least that `listen` needs; what it decorates of the rest is what there is."""

    @property
    def name(self) -> str:
        """As in the URL's path."""


class Repository(Named, Protocol):
    """A repository."""

    def manifests(self) -> MaybeAwaitable[ManifestService]:
        """Its manifests."""

    def blobs(self) -> MaybeAwaitable[BlobService]:
        """Its blobs."""

    def tags(self) -> MaybeAwaitable[TagService]:
        """Its tags."""


class Removable(Protocol):
    """A repository that can be removed as a whole."""

    def remove(self) -> MaybeAwaitable[Any]:
        """Remove it and all it holds."""
