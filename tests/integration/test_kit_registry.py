"""The registry of the kit, driven by its client and by skopeo, and its notifications."""

import json
from pathlib import Path

import pytest

from tests.kit import (
    DockerRegistry,
    Layout,
    NotificationEndpoint,
    Receiver,
)
from tests.kit.images import INDEX, MANIFEST, ODD_ANNOTATIONS
from tests.kit.registry import PATIENT, skopeo_copy
from tests.kit.registry_client import digest_of


@pytest.mark.registry
def test_every_endpoint_of_the_registry_is_notified(tmp_path: Path) -> None:
    """A push by skopeo reaches both endpoints as envelopes of one event, with the headers configured for each."""
    with Receiver() as one, Receiver() as two:
        endpoints = [
            NotificationEndpoint(
                "one", f"{one.url}/events", headers={"Authorization": ["Bearer abc"]}, timeout=PATIENT
            ),
            NotificationEndpoint("two", f"{two.url}/other", timeout=PATIENT),
        ]
        with DockerRegistry(tmp_path / "registry", endpoints) as registry:
            layout = Layout(tmp_path / "layout")
            digest = layout.image("v1", layers=[b"a", b"b"], annotations=ODD_ANNOTATIONS)
            skopeo_copy(layout.source("v1"), registry.reference("library/app", "v1"))
            for receiver in (one, two):
                receiver.wait_until(lambda found: any(b'"tag": "v1"' in request.body for request in found))
    for request in one.requests + two.requests:
        assert request.body.startswith(b'{\n   "events": [\n      {\n')
        assert "application/vnd.docker.distribution.events.v1+json" == request.header("Content-Type")
    assert {"Bearer abc"} == {request.header("Authorization") for request in one.requests}
    assert {("/other", None)} == {(request.path, request.header("Authorization")) for request in two.requests}
    assert one.bodies() == two.bodies()
    tagged = [event for body in one.bodies() for event in json.loads(body)["events"] if "tag" in event["target"]]
    assert [("push", digest, 3)] == [
        (event["action"], event["target"]["digest"], len(event["target"]["references"])) for event in tagged
    ]


@pytest.mark.registry
def test_an_index_with_odd_annotations_is_pushed_whole(
    tmp_path: Path, registry: DockerRegistry, receiver: Receiver
) -> None:
    """A multi-platform index keeps its digest, and its annotations come back in the event's references."""
    layout = Layout(tmp_path / "layout")
    digest = layout.index("multi", annotations=ODD_ANNOTATIONS)
    skopeo_copy(layout.source("multi"), registry.reference("library/multi", "latest"), all_platforms=True)
    found = receiver.wait_until(lambda found: any(b'"tag": "latest"' in request.body for request in found))
    body = next(request.body for request in found if b'"tag": "latest"' in request.body)
    target = json.loads(body)["events"][0]["target"]
    assert (INDEX, digest) == (target["mediaType"], target["digest"])
    assert [dict(ODD_ANNOTATIONS)] * 2 == [reference["annotations"] for reference in target["references"]]
    # As Go spells it, which is what makes these characters worth having.
    assert rb"\u003ca href=" in body
    assert rb"line\u2028paragraph\u2029end" in body


@pytest.mark.registry
def test_the_client_drives_every_operation(registry: DockerRegistry, receiver: Receiver) -> None:
    """Pushes, pulls, mounts and deletes, by tag and digest, make the events that they are to make, headers included."""
    client = registry.client({"User-Agent": "kit/1", "X-Forwarded-For": "192.0.2.7"})
    blob = client.push_blob("library/a", b"content")
    empty = client.push_blob("library/a", b"{}")
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": empty, "size": 2}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}).encode()
    pushed = client.push_manifest("library/a", "v1", manifest, MANIFEST)
    assert digest_of(manifest) == pushed
    assert manifest == client.pull_manifest("library/a", "v1", MANIFEST).body
    assert pushed == client.head_manifest("library/a", pushed, MANIFEST).headers["docker-content-digest"]
    assert b"content" == client.pull_blob("library/a", blob).body
    assert "7" == client.head_blob("library/a", blob).headers["content-length"]
    client.mount_blob("library/b", blob, "library/a")
    client.delete_manifest("library/a", pushed)
    client.delete_blob("library/b", blob)
    expected = [
        ("push", "PUT", "library/a", blob),
        ("push", "PUT", "library/a", empty),
        ("push", "PUT", "library/a", pushed),
        ("pull", "GET", "library/a", pushed),
        ("pull", "HEAD", "library/a", pushed),
        ("pull", "GET", "library/a", blob),
        ("pull", "HEAD", "library/a", blob),
        ("mount", "POST", "library/b", blob),
        ("delete", "DELETE", "library/a", pushed),
        ("delete", "DELETE", "library/a", None),
        ("delete", "DELETE", "library/b", blob),
    ]
    events = [json.loads(body)["events"][0] for body in (one.body for one in receiver.wait_for(len(expected)))]
    told = [(e["action"], e["request"]["method"], e["target"]["repository"], e["target"].get("digest")) for e in events]
    assert expected == told
    assert {("kit/1", "192.0.2.7")} == {(e["request"]["useragent"], e["request"]["addr"]) for e in events}


@pytest.mark.registry
def test_a_refused_operation_fails_the_test(registry: DockerRegistry) -> None:
    """What the registry refuses is an assertion with its answer, not a silent return."""
    with pytest.raises(AssertionError, match=r"GET /v2/no/such/manifests/x answered 404: .*MANIFEST_UNKNOWN"):
        registry.client().pull_manifest("no/such", "x", MANIFEST)
