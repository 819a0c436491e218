"""Where the example registry keeps blobs, manifests and tags: in memory. A real one has its storage here.

The methods are those that `listen` decorates (`producer/listener/repository.py` lists them); they may be plain
or, as here, awaitable. Nothing here knows of HTTP, events or the bridge's sink.
"""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256

from producer import Manifest, MountedBlob
from schemas import Descriptor


class RegistryError(Exception):
    """The operation cannot be done: an answer of the OCI distribution API."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@dataclass
class Upload:
    """A blob on its way in."""

    store: "Store"
    repository: str
    content: bytearray = field(default_factory=bytearray)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.content += chunk

    async def commit(self, descriptor: Descriptor) -> Descriptor:
        """End the upload; `listen` reports the push here."""
        content = bytes(self.content)
        if descriptor.digest != f"sha256:{sha256(content).hexdigest()}":
            raise RegistryError(400, "DIGEST_INVALID", f"the content is not {descriptor.digest}")
        self.store.uploads.pop(self.id, None)
        self.store.blobs[self.repository, descriptor.digest] = content
        return _blob_descriptor(descriptor.digest, content)


@dataclass
class Blobs:
    """The blobs of one repository."""

    store: "Store"
    repository: str

    async def stat(self, digest: str) -> Descriptor:
        """The blob's descriptor; `listen` asks for it after a pull."""
        return _blob_descriptor(digest, self._content(digest))

    async def serve(self, digest: str, answer: Callable[[bytes], Awaitable[None]]) -> None:
        """Answer a HEAD or GET; `listen` reports the pull here."""
        await answer(self._content(digest))

    async def create(self, mount: str = "", from_repository: str = "") -> Upload | MountedBlob:
        """Begin an upload, or mount a blob that another repository has; `listen` reports the mount here."""
        content = self.store.blobs.get((from_repository, mount))
        if content is not None:
            self.store.blobs[self.repository, mount] = content
            return MountedBlob(descriptor=_blob_descriptor(mount, content), from_repository=from_repository)
        upload = Upload(self.store, self.repository)
        self.store.uploads[upload.id] = upload
        return upload

    async def resume(self, upload_id: str) -> Upload:
        """Go on with an upload."""
        upload = self.store.uploads.get(upload_id)
        if upload is None or upload.repository != self.repository:
            raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
        return upload

    async def delete(self, digest: str) -> None:
        """Remove a blob; `listen` reports it here."""
        self._content(digest)
        del self.store.blobs[self.repository, digest]

    def _content(self, digest: str) -> bytes:
        content = self.store.blobs.get((self.repository, digest))
        if content is None:
            raise RegistryError(404, "BLOB_UNKNOWN", "no such blob")
        return content


@dataclass
class Manifests:
    """The manifests of one repository. The tag is there for `listen`, which takes it from the call."""

    store: "Store"
    repository: str

    async def get(self, digest: str, *, tag: str = "") -> Manifest:
        """The manifest; `listen` reports the pull here."""
        manifest = self.store.manifests.get((self.repository, digest))
        if manifest is None:
            raise RegistryError(404, "MANIFEST_UNKNOWN", f"no manifest {tag or digest}")
        return manifest

    async def put(self, manifest: Manifest, *, tag: str = "") -> str:  # noqa: ARG002 - for listen
        """Store a manifest; `listen` reports the push here."""
        self.store.manifests[self.repository, manifest.digest] = manifest
        return manifest.digest

    async def delete(self, digest: str) -> None:
        """Remove a manifest; `listen` reports it here."""
        await self.get(digest)
        del self.store.manifests[self.repository, digest]


@dataclass
class Tags:
    """The tags of one repository, each with the digest it points to."""

    store: "Store"
    repository: str

    async def all(self) -> dict[str, str]:
        """Every tag, sorted."""
        return {tag: digest for (name, tag), digest in sorted(self.store.tags.items()) if name == self.repository}

    async def tag(self, tag: str, digest: str) -> None:
        """Point a tag at a manifest; it has no event, the event of the push names the tag."""
        self.store.tags[self.repository, tag] = digest

    async def untag(self, tag: str) -> None:
        """Remove a tag; `listen` reports it here, and raises what the bridge raises."""
        if self.store.tags.pop((self.repository, tag), None) is None:
            raise RegistryError(404, "MANIFEST_UNKNOWN", f"no tag {tag}")


@dataclass
class Repository:
    """One repository of the store."""

    store: "Store"
    name: str

    def manifests(self) -> Manifests:
        """Its manifests."""
        return Manifests(self.store, self.name)

    def blobs(self) -> Blobs:
        """Its blobs."""
        return Blobs(self.store, self.name)

    def tags(self) -> Tags:
        """Its tags."""
        return Tags(self.store, self.name)


@dataclass
class Store:
    """All that the registry keeps, by (repository, digest or tag)."""

    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


def _blob_descriptor(digest: str, content: bytes) -> Descriptor:
    return Descriptor(media_type="application/octet-stream", digest=digest, size=len(content))
