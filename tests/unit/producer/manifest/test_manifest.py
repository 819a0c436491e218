"""Manifests: what is understood, what is refused, and that nothing else comes out of any bytes."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import Manifest, ManifestError
from schemas import Descriptor, Platform
from tests.kit.manifests import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, descriptor, manifest

IMAGES = [OCI_MANIFEST, DOCKER_MANIFEST]


def found(digit: str, size: int = 7, **more: Any) -> Descriptor:
    """The same descriptor, read."""
    return Descriptor(media_type="application/x", digest="sha256:" + digit * 64, size=size, **more)


@pytest.mark.parametrize("media_type", IMAGES)
def test_an_image_refers_to_its_config_first_and_then_its_layers(media_type: str) -> None:
    """References stand in the registry's order, not in the payload's."""
    read = manifest(media_type, {"layers": [descriptor("1"), descriptor("2", 8)], "config": descriptor("c", 9)})
    assert [found("c", 9), found("1"), found("2", 8)] == read.references


def test_an_index_refers_to_its_children_with_all_they_say() -> None:
    """Platform, annotations and artifact type of a child are kept; a child without platform has none."""
    platform = {"architecture": "arm64", "os": "windows", "os.version": "10.0", "os.features": ["win32k"]}
    attested = descriptor("2", annotations={"a": "1"}, artifactType="application/sbom", urls=["http://x/"], data="aGk=")
    read = manifest(OCI_INDEX, {"manifests": [descriptor("1", platform={**platform, "variant": "v8"}), attested]})
    windows = Platform(architecture="arm64", os="windows", os_version="10.0", os_features=["win32k"], variant="v8")
    assert [
        found("1", platform=windows),
        found("2", annotations={"a": "1"}, artifact_type="application/sbom", urls=["http://x/"], data="aGk="),
    ] == read.references


def test_every_child_of_a_docker_list_has_a_platform() -> None:
    """Registry 3.x writes an empty one where the list gives none; `features` of the CPU are dropped there."""
    platform = {"architecture": "amd64", "os": "linux", "features": ["sse4"]}
    read = manifest(DOCKER_LIST, {"manifests": [descriptor("1", platform=platform), descriptor("2")]})
    linux = Platform(architecture="amd64", os="linux")
    assert [found("1", platform=linux), found("2", platform=Platform())] == read.references


def test_an_artifact_is_understood() -> None:
    """Subject and artifact type are read; the subject is no reference; the empty config is one like any other."""
    read = manifest(
        OCI_MANIFEST,
        {
            "artifactType": "application/vnd.example.sbom",
            "config": {
                "mediaType": "application/vnd.oci.empty.v1+json",
                "digest": "sha256:44",
                "size": 2,
                "data": "e30=",
            },
            "layers": [descriptor("1")],
            "subject": descriptor("5", 99),
        },
    )
    empty = Descriptor(media_type="application/vnd.oci.empty.v1+json", digest="sha256:44", size=2, data="e30=")
    assert [empty, found("1")] == read.references
    assert found("5", 99) == read.subject
    assert read.artifact_type == "application/vnd.example.sbom"


def test_digest_and_size_are_the_payload_s() -> None:
    """Whatever the client called it, the digest is SHA-256 of the bytes, white space and all."""
    payload = b'{ "schemaVersion": 2,\r\n\t"layers": null }\n'
    read = Manifest(OCI_MANIFEST, payload)
    assert (f"sha256:{sha256(payload).hexdigest()}", len(payload), payload) == (read.digest, read.size, read.payload)


@pytest.mark.parametrize("member", ["config", "layers"])
def test_an_oci_index_with_members_of_an_image_is_refused(member: str) -> None:
    """What two readers could take for two things is none; null does not count. Docker's lists may have any members."""
    assert manifest(OCI_INDEX, {member: None}).references == []
    assert manifest(DOCKER_LIST, {member: {}}).references == []
    with pytest.raises(ManifestError) as caught:
        manifest(OCI_INDEX, {member: {}})
    assert member == caught.value.path


def test_an_oci_image_with_members_of_an_index_is_refused() -> None:
    """As for the index; the registry does not look at Docker's schema 2 that closely, nor does this."""
    assert manifest(OCI_MANIFEST, {"manifests": None}).references == [Descriptor()]
    assert manifest(DOCKER_MANIFEST, {"manifests": []}).references == [Descriptor()]
    with pytest.raises(ManifestError) as caught:
        manifest(OCI_MANIFEST, {"manifests": []})
    assert caught.value.path == "manifests"


def test_null_is_an_absent_member() -> None:
    """As Go reads it: at every level, in lists and maps too."""
    absent = dict.fromkeys(["mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType"])
    layers = [absent, None, {"urls": [None], "annotations": {"a": None}, "platform": {"os": None}}]
    read = manifest(OCI_MANIFEST, {"config": None, "layers": layers})
    last = Descriptor(urls=[""], annotations={"a": ""}, platform=Platform())
    assert [Descriptor(), Descriptor(), Descriptor(), last] == read.references


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DESCRIPTORS = st.fixed_dictionaries(
    {"mediaType": TEXTS, "digest": TEXTS, "size": st.integers(-(2**63), 2**63 - 1)},
    optional={
        "annotations": st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3),
        "artifactType": TEXTS.filter(bool),
        "urls": st.lists(TEXTS, min_size=1, max_size=3),
    },
)


@given(DESCRIPTORS, st.lists(DESCRIPTORS, max_size=4))
def test_every_descriptor_is_kept_whole(config: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    """What a manifest says of its parts is what its references say, in order."""
    read = manifest(OCI_MANIFEST, {"config": config, "layers": layers}).references
    names = {"mediaType": "media_type", "artifactType": "artifact_type"}
    expected = [Descriptor(**{names.get(key, key): value for key, value in one.items()}) for one in (config, *layers)]
    assert expected == read
