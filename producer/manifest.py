"""A manifest as pushed, checked and understood as far as its events need. Pure; knows nothing of events.

Follows the registry's `UnmarshalManifest` of 3.x for the four types it knows:
the same content is refused and the same references are found. `manifest_json.py` says where reading differs.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from producer.manifest_json import Image, Index, ManifestError, descriptor, is_null, read_image, read_index
from schemas import Descriptor, Platform
from schemas.wire import media_type as bare_media_type

__all__ = ["Manifest", "ManifestError"]

MAX_PAYLOAD: Final = 4 * 1024 * 1024
"""Bytes that a registry takes as a manifest."""
MAX_REFERENCES: Final = 65_536
"""More than a manifest of `MAX_PAYLOAD` can hold of descriptors with a digest each."""

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"

_KNOWN: Final = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)


@dataclass(frozen=True, slots=True)
class Manifest:
    """An OCI image manifest or index, a Docker schema 2 manifest or manifest list; valid once it exists.

    Args:
        media_type: the Content-Type it came with; parameters are dropped and case does not count.
        payload: its bytes, at most 4 MiB.

    Raises:
        ManifestError: the media type is none of the four, or the payload is not of that type.
    """

    media_type: str
    payload: bytes = field(repr=False)
    digest: str = field(init=False)
    """`sha256:` of the payload: the canonical digest, whatever a client used."""
    size: int = field(init=False)
    """Bytes of the payload."""
    _members: Image | Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.payload) > MAX_PAYLOAD:
            raise ManifestError(f"{len(self.payload)} bytes, at most {MAX_PAYLOAD} are allowed")
        set_member = object.__setattr__
        set_member(self, "media_type", bare_media_type(self.media_type))
        set_member(self, "payload", bytes(self.payload))
        set_member(self, "_members", _read(self.media_type, self.payload))
        set_member(self, "digest", f"sha256:{sha256(self.payload).hexdigest()}")
        set_member(self, "size", len(self.payload))

    @property
    def references(self) -> list[Descriptor]:
        """What the manifest is made of, in the registry's order: config, then layers; or the children of an index."""
        if isinstance(self._members, Image):
            return [descriptor(self._members.config), *map(descriptor, self._members.layers or ())]
        children = [descriptor(child) for child in self._members.manifests or ()]
        return [_with_platform(child) for child in children] if self.media_type == DOCKER_LIST else children

    @property
    def subject(self) -> Descriptor | None:
        """The manifest that this one is about (a signature, an SBOM), if any; never one of the references."""
        return descriptor(self._members.subject) if self._members.subject is not None else None

    @property
    def artifact_type(self) -> str:
        """The `artifactType` member, or empty."""
        return self._members.artifact_type or ""


def _read(media_type: str, payload: bytes) -> Image | Index:
    if media_type not in _KNOWN:
        raise ManifestError(f"{media_type!r} is not supported; allowed: {', '.join(_KNOWN)}", "media_type")
    members = read_image(payload) if media_type in (OCI_MANIFEST, DOCKER_MANIFEST) else read_index(payload)
    _check_media_type(media_type, members.media_type or "")
    _check_kind(media_type, members)
    references = members.layers if isinstance(members, Image) else members.manifests
    if references is not None and len(references) > MAX_REFERENCES:
        path = "layers" if isinstance(members, Image) else "manifests"
        raise ManifestError(f"{len(references)} entries, at most {MAX_REFERENCES} are allowed", path)
    return members


def _check_media_type(came_with: str, says: str) -> None:
    """The payload's own `mediaType` must agree; the OCI types may leave it out."""
    if says == came_with or (not says and came_with in (OCI_MANIFEST, OCI_INDEX)):
        return
    raise ManifestError(f"{says!r} does not agree with the media type it came with, {came_with!r}", "mediaType")


def _check_kind(media_type: str, members: Image | Index) -> None:
    """Refuse what could be read as another kind of manifest (the registry does, except for Docker's schema 2)."""
    if isinstance(members, Index):
        for name, value in (("config", members.config), ("layers", members.layers)):
            if not is_null(value):
                raise ManifestError("belongs to an image manifest, not to an index", name)
    elif media_type == OCI_MANIFEST and not is_null(members.manifests):
        raise ManifestError("belongs to an index, not to an image manifest", "manifests")


def _with_platform(child: Descriptor) -> Descriptor:
    """Registry 3.x writes a platform for every child of a Docker list, an empty one where the list has none."""
    return child if child.platform is not None else replace(child, platform=Platform())
