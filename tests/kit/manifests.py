"""Manifests made by hand, for tests of what is understood of them."""

import json
from collections.abc import Mapping
from typing import Any

from producer import Manifest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
KNOWN = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST]


def descriptor(digit: str, size: int = 7, **more: Any) -> dict[str, Any]:
    """A descriptor as it stands in a manifest."""
    return {"mediaType": "application/x", "digest": "sha256:" + digit * 64, "size": size, **more}


def manifest(media_type: str, members: Mapping[str, Any]) -> Manifest:
    """A manifest of that type with these members beside the usual ones."""
    return Manifest(media_type, json.dumps({"schemaVersion": 2, "mediaType": media_type, **members}).encode())
