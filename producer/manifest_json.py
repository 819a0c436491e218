"""The JSON of manifests, read by msgspec into members and descriptors. Pure; knows no media types.

Reads as Go does: null is an absent member, unknown members are ignored, the last of two alike counts. Two differences
from Go: names count exactly as the specifications write them, and text that is not UTF-8 is refused, not mended.
"""

from base64 import b64encode
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from runtime.errors import BridgeError
from schemas import Descriptor, Platform
from schemas.event import Long

__all__ = ["Image", "Index", "ManifestError", "descriptor", "is_null", "read_image", "read_index"]

_NULL: Final = Raw(b"null")


class ManifestError(BridgeError):
    """The content is no manifest of its media type."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"manifest: {path}: {reason}" if path else f"manifest: {reason}")
        self.reason = reason
        self.path = path
        """The member at fault, such as `layers[2].size`; `media_type` for the type it came with; else empty."""


class _Platform(Struct, gc=False):
    architecture: str | None = None
    os: str | None = None
    os_version: str | None = msgspec.field(default=None, name="os.version")
    os_features: list[str | None] | None = msgspec.field(default=None, name="os.features")
    variant: str | None = None


class _Descriptor(Struct, gc=False):
    """A descriptor in which null stands for an absent member, as Go reads it."""

    media_type: str | None = msgspec.field(default=None, name="mediaType")
    digest: str | None = None
    size: Long | None = None
    urls: list[str | None] | None = None
    annotations: dict[str, str | None] | None = None
    data: bytes | None = None
    platform: _Platform | None = None
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")


class Image(Struct):
    """An image manifest; `manifests` is there to tell an index from it."""

    schema_version: Long | None = msgspec.field(default=None, name="schemaVersion")
    media_type: str | None = msgspec.field(default=None, name="mediaType")
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")
    config: _Descriptor | None = None
    layers: list[_Descriptor | None] | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str | None] | None = None
    manifests: Raw = _NULL


class Index(Struct):
    """An index; `config` and `layers` are there to tell an image manifest from it."""

    schema_version: Long | None = msgspec.field(default=None, name="schemaVersion")
    media_type: str | None = msgspec.field(default=None, name="mediaType")
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")
    manifests: list[_Descriptor | None] | None = None
    subject: _Descriptor | None = None
    annotations: dict[str, str | None] | None = None
    config: Raw = _NULL
    layers: Raw = _NULL


_image_decoder: Final = msgspec.json.Decoder(Image)
_index_decoder: Final = msgspec.json.Decoder(Index)
_M = TypeVar("_M")


def read_image(payload: bytes) -> Image:
    """The members of an image manifest.

    Raises:
        ManifestError: not JSON, or a member of another type.
    """
    return _decode(_image_decoder, payload)


def read_index(payload: bytes) -> Index:
    """The members of an index.

    Raises:
        ManifestError: not JSON, or a member of another type.
    """
    return _decode(_index_decoder, payload)


def is_null(value: Raw) -> bool:
    """Whether a member is absent or null."""
    return bytes(value).strip() == b"null"


def _decode(decoder: "msgspec.json.Decoder[_M]", payload: bytes) -> _M:
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        raise ManifestError(reason, path.strip("`.")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"not JSON: {error}") from None
    except RecursionError:
        raise ManifestError("nested too deeply") from None


def descriptor(found: _Descriptor | None) -> Descriptor:
    """The descriptor with absent members empty; all empty for null."""
    if found is None:
        return Descriptor()
    return Descriptor(
        media_type=found.media_type or "",
        digest=found.digest or "",
        size=found.size or 0,
        urls=_texts(found.urls),
        annotations={key: value or "" for key, value in (found.annotations or {}).items()},
        data=b64encode(found.data or b"").decode(),
        platform=_platform(found.platform) if found.platform is not None else None,
        artifact_type=found.artifact_type or "",
    )


def _platform(found: _Platform) -> Platform:
    return Platform(
        architecture=found.architecture or "",
        os=found.os or "",
        os_version=found.os_version or "",
        os_features=_texts(found.os_features),
        variant=found.variant or "",
    )


def _texts(found: list[str | None] | None) -> list[str]:
    return [text or "" for text in found or ()]
