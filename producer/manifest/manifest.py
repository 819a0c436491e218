"""A manifest as pushed, checked and understood as far as its events need. Pure; knows nothing of events.

Follows the registry's `UnmarshalManifest` of 3.x for the four types it knows:
the same content is refused and the same references are found.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from msgspec.structs import replace

from producer.manifest import manifest_json
from producer.manifest.go_types import Slice
from producer.manifest.manifest_json import ManifestError, descriptor, platform
from producer.manifest.media_types import parse_media_type
from runtime.units import format_size
from schemas import Descriptor

__all__ = ["Manifest", "ManifestError"]

MAX_PAYLOAD: Final = 4 * 1024 * 1024
"""Bytes that a registry takes as a manifest."""

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"

_SHAPES: Final = {
    OCI_MANIFEST: manifest_json.OCI_IMAGE,
    OCI_INDEX: manifest_json.OCI_INDEX,
    DOCKER_MANIFEST: manifest_json.DOCKER_IMAGE,
    DOCKER_LIST: manifest_json.DOCKER_LIST,
}
_SHOWN: Final = 100
_IMAGES: Final = (OCI_MANIFEST, DOCKER_MANIFEST)
_FOREIGN: Final = {
    OCI_MANIFEST: (("manifests",), "belongs to an index, not to an image manifest"),
    OCI_INDEX: (("config", "layers"), "belongs to an image manifest, not to an index"),
}
"""Members by which what is pushed as one type could be read as another; the registry looks at the OCI types alone."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """An OCI image manifest or index, a Docker schema 2 manifest or manifest list; valid once it exists.

    Args:
        media_type: the Content-Type it came with, in which parameters and case do not count.
        payload: its bytes, at most 4 MiB.

    Raises:
        ManifestError: the media type is malformed or none of the four, or the payload is not of that type.
    """

    media_type: str
    payload: bytes = field(repr=False)
    digest: str = field(init=False)
    """`sha256:` of the payload: the canonical digest, whatever a client used."""
    size: int = field(init=False)
    """Bytes of the payload."""
    _members: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.payload) > MAX_PAYLOAD:
            raise ManifestError(f"{len(self.payload):,} B; at most {format_size(MAX_PAYLOAD)} is allowed")
        set_member = object.__setattr__
        set_member(self, "media_type", _known(self.media_type))
        set_member(self, "payload", bytes(self.payload))
        set_member(self, "_members", _read(self.media_type, self.payload))
        set_member(self, "digest", f"sha256:{sha256(self.payload).hexdigest()}")
        set_member(self, "size", len(self.payload))

    @property
    def references(self) -> list[Descriptor]:
        """What the manifest is made of, in the registry's order: config, then layers; or the children of an index."""
        if self.media_type in _IMAGES:
            return [descriptor(self._members.get("config")), *map(descriptor, _items(self._members.get("layers")))]
        children = _items(self._members.get("manifests"))
        return [*map(_listed if self.media_type == DOCKER_LIST else descriptor, children)]

    @property
    def subject(self) -> Descriptor | None:
        """The manifest that this one is about (a signature, an SBOM), if any; never one of the references."""
        found = self._members.get("subject")
        return None if found is None else descriptor(found)

    @property
    def artifact_type(self) -> str:
        """The `artifactType` member, or empty."""
        return self._members.get("artifactType") or ""


def _known(content_type: str) -> str:
    try:
        media_type = parse_media_type(content_type)
    except ValueError as error:
        raise ManifestError(f"{content_type[:_SHOWN]!r}: {error}", "media_type") from None
    if media_type not in _SHAPES:
        raise ManifestError(f"{media_type[:_SHOWN]!r} is not supported; allowed: {', '.join(_SHAPES)}", "media_type")
    return media_type


def _read(media_type: str, payload: bytes) -> dict[str, Any]:
    members = manifest_json.read(_SHAPES[media_type], payload)
    names, reason = _FOREIGN.get(media_type, ((), ""))
    for name in names:
        if members.get(name) is not None:
            raise ManifestError(reason, name)
    _check_media_type(media_type, members.get("mediaType") or "")
    return members


def _check_media_type(came_with: str, says: str) -> None:
    """The payload's own `mediaType` must agree; the OCI types may leave it out."""
    if says == came_with or (not says and came_with in {OCI_MANIFEST, OCI_INDEX}):
        return
    raise ManifestError(f"{says!r} does not match the media type that was given, {came_with!r}", "mediaType")


def _items(found: Slice | None) -> list[dict[str, Any] | None]:
    return [] if found is None else found.items


def _listed(child: dict[str, Any] | None) -> Descriptor:
    """Registry 3.x writes a platform for every child of a Docker list, an empty one where the list has none."""
    return replace(descriptor(child), platform=platform((child or {}).get("platform")))
