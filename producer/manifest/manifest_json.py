"""The members of manifests, read as registry 3.x reads them into its structs. Pure; knows no media types.

`subject` and `artifactType` are in none of these structs: what they hold decides nothing.
"""

from base64 import b64encode
from typing import Any, Final

from producer.manifest.go_json import parse
from producer.manifest.go_types import (
    MemberReader,
    MismatchError,
    Slice,
    anything,
    integer,
    listed,
    octets,
    optional,
    pointer,
    record,
    text,
    text_map,
)
from runtime.errors import BridgeError
from schemas import Descriptor, Platform

__all__ = ["DOCKER_IMAGE", "DOCKER_LIST", "OCI_IMAGE", "OCI_INDEX", "ManifestError", "descriptor", "platform", "read"]

MAX_REFERENCES: Final = 65_536
"""More than a manifest of 4 MiB can hold of descriptors with a digest each: the one limit that is ours alone."""


class ManifestError(BridgeError):
    """The content is no manifest of its media type."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"manifest: {path}: {reason}" if path else f"manifest: {reason}")
        self.reason = reason
        self.path = path
        """The member at fault, such as `layers[2].size`; `media_type` for the type it came with; else empty."""


_PLATFORM: Final = {
    "architecture": text,
    "os": text,
    "os.version": text,
    "os.features": listed(text),
    "variant": text,
}
_DESCRIPTOR: Final[dict[str, MemberReader]] = {
    "mediaType": text,
    "digest": text,
    "size": integer,
    "urls": listed(text),
    "annotations": text_map,
    "data": octets,
    "platform": pointer(record(_PLATFORM)),
    "artifactType": text,
}
_LIST_PLATFORM: Final = record({**_PLATFORM, "features": listed(text)})
_ANY_MANIFEST: Final[dict[str, MemberReader]] = {
    "schemaVersion": integer,
    "mediaType": text,
    "artifactType": optional(text),
    "subject": optional(pointer(record(_DESCRIPTOR))),
}
_IMAGE: Final[dict[str, MemberReader]] = {
    **_ANY_MANIFEST,
    "config": record(_DESCRIPTOR),
    "layers": listed(record(_DESCRIPTOR), most=MAX_REFERENCES),
}

OCI_IMAGE: Final = record({**_IMAGE, "annotations": text_map, "manifests": anything})
DOCKER_IMAGE: Final = record(_IMAGE)
OCI_INDEX: Final = record(
    {
        **_ANY_MANIFEST,
        "manifests": listed(record(_DESCRIPTOR), most=MAX_REFERENCES),
        "annotations": text_map,
        "config": anything,
        "layers": anything,
    }
)
DOCKER_LIST: Final = record(
    {
        **_ANY_MANIFEST,
        "manifests": listed(record({**_DESCRIPTOR, "platform": _LIST_PLATFORM}), most=MAX_REFERENCES),
    }
)


def read(shape: MemberReader, payload: bytes) -> dict[str, Any]:
    """The members of a manifest of one of the shapes above, by name; those that are not set are None or missing.

    Raises:
        ManifestError: not JSON, or a member of another type.
    """
    try:
        found: dict[str, Any] | None = shape(parse(payload), None)
    except MismatchError as error:
        raise ManifestError(str(error), error.path) from None
    except ValueError as error:
        raise ManifestError(f"not JSON: {error}") from None
    except RecursionError:
        raise ManifestError("nested too deeply") from None
    return found or {}


def descriptor(members: dict[str, Any] | None) -> Descriptor:
    """The descriptor with absent members empty; all empty for None."""
    found = (members or {}).get
    data = found("data")
    return Descriptor(
        media_type=found("mediaType") or "",
        digest=found("digest") or "",
        size=found("size") or 0,
        urls=_texts(found("urls")),
        annotations=found("annotations") or {},
        data=b64encode(bytes(item or 0 for item in data.items) if isinstance(data, Slice) else data or b"").decode(),
        platform=None if found("platform") is None else platform(found("platform")),
        artifact_type=found("artifactType") or "",
    )


def platform(members: dict[str, Any] | None) -> Platform:
    """The platform with absent members empty; all empty for None."""
    found = (members or {}).get
    return Platform(
        architecture=found("architecture") or "",
        os=found("os") or "",
        os_version=found("os.version") or "",
        os_features=_texts(found("os.features")),
        variant=found("variant") or "",
    )


def _texts(found: Slice | None) -> list[str]:
    return [] if found is None else [item or "" for item in found.items]
