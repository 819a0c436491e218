"""Small OCI images and indexes in a layout folder, which skopeo reads as `oci:FOLDER:TAG`."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.kit.registry_client import digest_of

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

# Every kind of character that a JSON writer may spell in more than one way: Go escapes <, >, & and U+2028.
ODD_ANNOTATIONS: Mapping[str, str] = MappingProxyType(
    {
        "org.example.markup": '<a href="x">&amp;</a>',
        "org.example.separators": "line\u2028paragraph\u2029end",
        "org.example.unicode": "żółć 漢字 😀",
        "org.example.quotes": "\"double\" 'single' \\back\\slash /slash/",
        "org.example.control": "tab\tnewline\nreturn\rbell\x07delete\x7f",
        "org.example.empty": "",
    }
)
NONE: Mapping[str, str] = MappingProxyType({})
Descriptor = dict[str, Any]


class Layout:
    """An OCI layout folder that images are written into; the same input gives the same digests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self._entries: list[Descriptor] = []

    def source(self, tag: str) -> str:
        """How skopeo calls a tag of this layout."""
        return f"oci:{self.folder}:{tag}"

    def image(self, tag: str, *, layers: Sequence[bytes] = (b"hello",), annotations: Mapping[str, str] = NONE) -> str:
        """Writes a linux/amd64 image with a layer for each content; returns the manifest's digest."""
        return self._publish(tag, self._image(layers, annotations, {"os": "linux", "architecture": "amd64"}))

    def index(
        self,
        tag: str,
        *,
        platforms: Sequence[str] = ("linux/amd64", "linux/arm64/v8"),
        annotations: Mapping[str, str] = NONE,
    ) -> str:
        """Writes an index with an image for each platform (os/architecture[/variant]); returns the index's digest.

        The annotations stand on the index and on each of its entries.
        """
        entries = [self._entry(platform, annotations) for platform in platforms]
        content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, "annotations": dict(annotations)}
        return self._publish(tag, self._blob(_json(content), INDEX))

    def _entry(self, platform: str, annotations: Mapping[str, str]) -> Descriptor:
        named = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        image = self._image([platform.encode()], NONE, named)
        return {**image, "platform": named, "annotations": dict(annotations)}

    def _image(
        self, layers: Sequence[bytes], annotations: Mapping[str, str], platform: Mapping[str, str]
    ) -> Descriptor:
        archives = [_archive(content) for content in layers]
        config = {
            **platform,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in archives]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._blob(_json(config), CONFIG),
            "layers": [self._blob(gzip.compress(one, mtime=0), LAYER) for one in archives],
            "annotations": dict(annotations),
        }
        return self._blob(_json(manifest), MANIFEST)

    def _blob(self, content: bytes, media_type: str) -> Descriptor:
        digest = digest_of(content)
        (self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _publish(self, tag: str, descriptor: Descriptor) -> str:
        self._entries.append({**descriptor, "annotations": {"org.opencontainers.image.ref.name": tag}})
        content = {"schemaVersion": 2, "manifests": self._entries}
        (self.folder / "index.json").write_bytes(_json(content))
        return str(descriptor["digest"])


def _archive(content: bytes) -> bytes:
    """A tar with one file, the same bytes whenever it is made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("content")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
