"""Manifests: what is understood, what is refused, and that nothing else comes out of any bytes."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import Manifest, ManifestError
from schemas import Descriptor, Platform
from tests.kit.cpu import cpu_bound
from tests.kit.manifest_cases import ManifestCase, cases
from tests.kit.paths import FIXTURES

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
KNOWN = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST]
IMAGES = [OCI_MANIFEST, DOCKER_MANIFEST]


def descriptor(digit: str, size: int = 7, **more: Any) -> dict[str, Any]:
    """A descriptor as it stands in a manifest."""
    return {"mediaType": "application/x", "digest": "sha256:" + digit * 64, "size": size, **more}


def found(digit: str, size: int = 7, **more: Any) -> Descriptor:
    """The same descriptor, read."""
    return Descriptor(media_type="application/x", digest="sha256:" + digit * 64, size=size, **more)


def manifest(media_type: str, members: Mapping[str, Any]) -> Manifest:
    """A manifest of that type with these members beside the usual ones."""
    return Manifest(media_type, json.dumps({"schemaVersion": 2, "mediaType": media_type, **members}).encode())


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
        ("", "'': there is no media type"),
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


def table() -> dict[str, dict[str, Any]]:
    """What registry 3.1.1 makes of the cases, by name."""
    lines = (FIXTURES / "manifests" / "registry-3.1.1.jsonl").read_bytes().splitlines()
    return {row["name"]: row for row in map(json.loads, lines)}


def outcome(case: ManifestCase) -> tuple[str, list[Any]] | None:
    """What is made of it here: media type and references as JSON; None where it is refused."""
    try:
        read = Manifest(case.media_type, case.payload)
    except ManifestError:
        return None
    return read.media_type, [msgspec.to_builtins(reference) for reference in read.references]


def test_every_payload_is_what_registry_3_makes_of_it() -> None:
    """The real registry's verdicts on all cases are ours, and its references too."""
    rows, names = table(), [case.name for case in cases()]
    assert sorted(names) == sorted(rows), "the table is of other cases: tests/fixtures/manifests/README.md"
    different = {}
    for case in cases():
        row = rows[case.name]
        assert sha256(case.payload).hexdigest().startswith(row["payload"]), case.name
        theirs = None if row.get("refused") else (row["media_type"], row.get("references", []))
        if (ours := outcome(case)) != theirs:
            different[case.name] = (ours, theirs)
    assert {} == different


@pytest.mark.parametrize("member", ["config", "layers"])
def test_an_oci_index_with_members_of_an_image_is_refused(member: str) -> None:
    """What two readers could take for two things is none; null does not count. Docker's lists may have any members."""
    assert manifest(OCI_INDEX, {member: None}).references == []
    assert manifest(DOCKER_LIST, {member: {}}).references == []
    with pytest.raises(ManifestError) as caught:
        manifest(OCI_INDEX, {member: {}})
    assert member == caught.value.path


@pytest.mark.parametrize("media_type", KNOWN)
@pytest.mark.parametrize("odd", ["sha256:", [], 7, {"digest": 7}])
def test_what_the_registry_does_not_read_refuses_nothing(media_type: str, odd: Any) -> None:
    """Subject and artifact type are in none of the registry's structs: where they are of no use they are absent."""
    read = manifest(media_type, {"subject": odd, "artifactType": odd})
    assert read.subject is None
    assert read.artifact_type == (odd if isinstance(odd, str) else "")


def test_text_that_is_not_utf_8_is_mended() -> None:
    """As Go does it: U+FFFD for each byte, and for half of a surrogate pair."""
    read = Manifest(OCI_MANIFEST, b'{"config":{"digest":"\xe2\x82","mediaType":"\\ud800"}}')
    assert [Descriptor(digest="\ufffd\ufffd", media_type="\ufffd")] == read.references


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


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b'{"config":{"size":"7"}}', "config.size"),
        (b'{"config":{"size":1.5}}', "config.size"),
        (b'{"config":{"size":9223372036854775808}}', "config.size"),
        (b'{"config":{"size":-9223372036854775809}}', "config.size"),
        (b'{"config":[]}', "config"),
        (b'{"layers":{}}', "layers"),
        (b'{"layers":[{},{},{"digest":3}]}', "layers[2].digest"),
        (b'{"layers":[{"platform":{"os.features":["x",1]}}]}', "layers[0].platform.os.features[1]"),
        (b'{"config":{"data":"#"}}', "config.data"),
        (b'{"schemaVersion":"2"}', "schemaVersion"),
        (b"[]", ""),
        (b'"text"', ""),
        (b"", ""),
        (b"{", ""),
        (b"{} {}", ""),
        (b"\xef\xbb\xbf{}", ""),
        (b"\x1f\x8b\x08", ""),
        (b'{"annotations":{"a":{}}}', "annotations.a"),
        (b'{"CONFIG":{"Size":true}}', "config.size"),
        (b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", ""),
    ],
)
def test_malformed_payloads_are_refused_by_path(payload: bytes, path: str) -> None:
    """The error names the member at fault, or says that the whole is not JSON or no object."""
    with pytest.raises(ManifestError) as caught:
        Manifest(OCI_MANIFEST, payload)
    assert path == caught.value.path


def test_unknown_members_are_ignored_and_the_last_of_two_counts() -> None:
    """Whatever a manifest also says does it no harm."""
    read = Manifest(OCI_MANIFEST, b'{"x":[1e999,{"y":"\\u0000"}],"config":{"size":1},"config":{"size":2,"z":[]}}')
    assert [Descriptor(size=2)] == read.references


def test_the_largest_manifest_is_read_in_time() -> None:
    """4 MiB of descriptors are understood in well under a second."""
    count = 4 * 1024 * 1024 // (len(json.dumps(descriptor("1", annotations={"a": "b"}))) + 2) - 3
    layers = [descriptor("1", annotations={"a": "b"})] * count
    payload = json.dumps({"schemaVersion": 2, "config": descriptor("c"), "layers": layers}).encode()
    payload += b" " * (4 * 1024 * 1024 - len(payload))
    with cpu_bound(1.0):
        references = Manifest(OCI_MANIFEST, payload).references
    assert count + 1 == len(references)


def test_a_byte_more_than_the_largest_is_refused() -> None:
    """4 MiB is the registry's own limit."""
    assert Manifest(OCI_MANIFEST, b"{}" + b" " * (4 * 1024 * 1024 - 2)).size == 4 * 1024 * 1024
    with pytest.raises(ManifestError, match="4194305 bytes, at most 4194304"):
        Manifest(OCI_MANIFEST, b"{}" + b" " * (4 * 1024 * 1024 - 1))


HOSTILE = {
    "deep_list": b'{"x":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}",
    "deep_object": b'{"annotations":' + b'{"a":' * 800_000,
    "deep_where_skipped": b'{"manifests":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}",
    "long_size": b'{"config":{"size":' + b"9" * 4_000_000 + b"}}",
    "long_fraction": b'{"config":{"size":0.' + b"1" * 4_000_000 + b"}}",
    "empty_layers": b'{"layers":[' + b"{}," * 1_390_000 + b"{}]}",
    "null_layers": b'{"layers":[' + b"null," * 800_000 + b"null]}",
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_payloads_are_refused_in_time(payload: bytes) -> None:
    """Deep nesting, huge numbers and more entries than real descriptors could fit are an error, soon."""
    with cpu_bound(1.0), pytest.raises(ManifestError):
        Manifest(OCI_MANIFEST, payload)


@pytest.mark.parametrize(
    "payload",
    [b'{"x":' + b"9" * 4_000_000 + b"}", b"{" + b'"config":{},' * 340_000 + b'"layers":null}'],
    ids=["long_number_ignored", "same_key_often"],
)
def test_harmless_oddities_are_read_in_time(payload: bytes) -> None:
    """What nobody looks at costs nothing."""
    with cpu_bound(1.0):
        assert Manifest(OCI_MANIFEST, payload).references == [Descriptor()]


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
KEYS = st.sampled_from(
    [
        "mediaType",
        "config",
        "layers",
        "manifests",
        "subject",
        "annotations",
        "platform",
        "size",
        "digest",
        "urls",
        "data",
    ]
)
VALUES = st.recursive(
    st.one_of(SCALARS, st.sampled_from(KNOWN)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=15,
)
PAYLOADS = st.one_of(
    st.dictionaries(KEYS, VALUES, max_size=6).map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    st.binary(max_size=40),
    st.binary(max_size=8).map(lambda noise: b'{"config":{"digest":"' + noise + b'"}}'),
)


@given(st.one_of(st.sampled_from(KNOWN), st.text(max_size=40)), PAYLOADS)
def test_any_bytes_are_a_manifest_or_a_manifest_error(media_type: str, payload: bytes) -> None:
    """Reading is total, and what was read can be asked for everything."""
    try:
        read = Manifest(media_type, payload)
    except ManifestError as error:
        refused = str(error)
        assert refused.startswith("manifest: ")
        return
    assert (payload, f"sha256:{sha256(payload).hexdigest()}") == (read.payload, read.digest)
    assert all(isinstance(reference, Descriptor) for reference in read.references)
    assert isinstance(read.artifact_type, str)
    assert read.subject is None or isinstance(read.subject, Descriptor)


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
