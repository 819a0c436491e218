"""The JSON of manifests: malformed, odd, hostile and arbitrary payloads, and those of the registry itself."""

import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import Manifest, ManifestError
from schemas import Descriptor
from tests.kit.cpu import cpu_bound
from tests.kit.manifest_cases import ManifestCase, cases
from tests.kit.manifests import KNOWN, OCI_MANIFEST, descriptor, manifest
from tests.kit.paths import FIXTURES


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
    with cpu_bound(100):
        references = Manifest(OCI_MANIFEST, payload).references
    assert count + 1 == len(references)


def test_a_byte_more_than_the_largest_is_refused() -> None:
    """4 MiB is the registry's own limit."""
    assert Manifest(OCI_MANIFEST, b"{}" + b" " * (4 * 1024 * 1024 - 2)).size == 4 * 1024 * 1024
    with pytest.raises(ManifestError, match="4,194,305 B; at most 4 MiB is allowed"):
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
    with cpu_bound(100), pytest.raises(ManifestError):
        Manifest(OCI_MANIFEST, payload)


@pytest.mark.parametrize(
    "payload",
    [b'{"x":' + b"9" * 4_000_000 + b"}", b"{" + b'"config":{},' * 340_000 + b'"layers":null}'],
    ids=["long_number_ignored", "same_key_often"],
)
def test_harmless_oddities_are_read_in_time(payload: bytes) -> None:
    """What nobody looks at costs nothing."""
    with cpu_bound(100):
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
