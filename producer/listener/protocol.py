"""The calls that a registry makes when something has happened. Knows nothing of events or sinks.

Follows the `Listener` of the registry's `notifications` package. A call returns when
the listener has done its part and raises when it could not.
"""

from typing import Protocol

from schemas import Descriptor

__all__ = ["Listener", "ManifestContent"]


class ManifestContent(Protocol):
    """A manifest as stored: `producer.Manifest`, or any object with these two."""

    @property
    def media_type(self) -> str:
        """The Content-Type it was pushed with."""

    @property
    def payload(self) -> bytes:
        """The bytes that its digest is taken of."""


class Listener(Protocol):
    """Hears what happened to the content of a registry's repositories."""

    def manifest_pushed(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """A manifest was stored; `tag` if it was pushed by tag."""

    def manifest_pulled(self, repository: str, manifest: ManifestContent, tag: str = "") -> None:
        """A manifest was asked for; `tag` if by tag."""

    def manifest_deleted(self, repository: str, digest: str) -> None:
        """A manifest was removed."""

    def blob_pushed(self, repository: str, descriptor: Descriptor) -> None:
        """A blob was stored."""

    def blob_pulled(self, repository: str, descriptor: Descriptor) -> None:
        """A blob was asked for."""

    def blob_mounted(self, repository: str, descriptor: Descriptor, from_repository: str) -> None:
        """A blob of another repository was made part of this one."""

    def blob_deleted(self, repository: str, digest: str) -> None:
        """A blob was removed."""

    def tag_deleted(self, repository: str, tag: str) -> None:
        """A tag was removed; what it pointed to stays."""

    def repo_deleted(self, repository: str) -> None:
        """A repository was removed with all it held."""
