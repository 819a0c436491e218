"""Media types of manifests: how they are written, and which are known."""

import json

import pytest

from producer import Manifest, ManifestError
from tests.kit.manifests import KNOWN, OCI_INDEX, OCI_MANIFEST


@pytest.mark.parametrize("came_with", [OCI_INDEX + "; charset=utf-8", OCI_INDEX.upper(), f" {OCI_INDEX} ;a=b"])
def test_parameters_and_case_of_the_media_type_do_not_count(came_with: str) -> None:
    """The event carries the bare media type, as in the registry."""
    assert Manifest(came_with, b"{}").media_type == OCI_INDEX


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, OCI_INDEX])
def test_the_oci_types_may_leave_their_media_type_out(media_type: str) -> None:
    """Absent, null and empty are all the same."""
    for payload in (b"{}", b'{"mediaType":null}', b'{"mediaType":""}'):
        assert media_type == Manifest(media_type, payload).media_type


@pytest.mark.parametrize("came_with", KNOWN)
@pytest.mark.parametrize("says", [*KNOWN, "", "text/plain"])
def test_the_payload_must_agree_with_the_media_type(came_with: str, says: str) -> None:
    """A payload that calls itself something else is refused; Docker's types must call themselves something."""
    payload = json.dumps({"schemaVersion": 2, "mediaType": says}).encode()
    if came_with == says or (not says and came_with in {OCI_MANIFEST, OCI_INDEX}):
        assert came_with == Manifest(came_with, payload).media_type
    else:
        with pytest.raises(ManifestError, match=r"^manifest: mediaType: ") as caught:
            Manifest(came_with, payload)
        assert (caught.value.path, repr(came_with) in str(caught.value)) == ("mediaType", True)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/vnd.docker.distribution.manifest.v1+prettyjws", "application/octet-stream"],
)
def test_unknown_media_types_are_refused(media_type: str) -> None:
    """The error names what came and what is allowed; schema 1 is gone from registry 3.x, and so here."""
    with pytest.raises(ManifestError) as caught:
        Manifest(media_type, b"{}")
    assert caught.value.path == "media_type"
    assert all(known in str(caught.value) for known in KNOWN)


@pytest.mark.parametrize(
    ("media_type", "says"),
    [
        ("", "'': the media type is missing"),
        (f"{OCI_MANIFEST}; bad", f"'{OCI_MANIFEST}; bad': a parameter is malformed"),
        (f"{OCI_MANIFEST};a=b;a=c", "the parameter a is given twice"),
        ("x" * 1000 + ";", "'" + "x" * 100 + "' is not supported"),
    ],
)
def test_malformed_media_types_are_refused(media_type: str, says: str) -> None:
    """A header that the registry cannot read is none here; the error shows it, cut where it is long."""
    with pytest.raises(ManifestError) as caught:
        Manifest(media_type, b"{}")
    assert (caught.value.path, says in str(caught.value)) == ("media_type", True)
