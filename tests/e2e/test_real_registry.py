"""A real docker-registry notifies a bare receiver and our intake; what our worker delivers is what the registry said.

Two witnesses see each event: one that the registry posts to itself, one behind intake, Kafka and worker.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker import LocalKafka
from tests.kit import Captured, DockerRegistry, Layout, NotificationEndpoint, Receiver, RegistryClient, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.images import INDEX, MANIFEST, ODD_ANNOTATIONS
from tests.kit.registry import skopeo_copy
from tests.kit.topics import read

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

TOKEN = "Bearer only-for-tests"
ODD_AGENT = "odd <agent> & \"co\" \\ ü\u00a0 'quoted' 1.0"


@dataclass(frozen=True)
class Site:
    """A registry whose events go both ways."""

    registry: DockerRegistry
    straight: Receiver
    """What the registry posts by itself."""
    through: Receiver
    """What the worker delivers."""

    def client(self, **headers: str) -> RegistryClient:
        """A client that sends these headers, underscores for dashes."""
        return self.registry.client({name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def site(kafka: LocalKafka, topic: str, tmp_path: Path) -> Iterator[Site]:
    """Everything up: registry, intake, Kafka, worker, and both witnesses."""
    with Receiver() as straight, Receiver() as through:
        setup = Installation(
            kafka.bootstrap,
            topic,
            tmp_path,
            endpoints=[endpoint("ci", f"{through.url}/hook", headers={"X-Ours": "yes"})],
            sections={"intake": {"authorization": TOKEN}},
        )
        with setup.bridge() as bridge, setup.worker() as worker:
            intake = bridge.wait_ready()
            worker.wait_ready()
            told = [
                NotificationEndpoint(name="straight", url=f"{straight.url}/hook"),
                NotificationEndpoint(
                    name="bridge", url=f"{intake}/events/eu", headers={"Authorization": [TOKEN]}, timeout="3s"
                ),
            ]
            with DockerRegistry(tmp_path / "registry", told) as registry:
                yield Site(registry, straight, through)
            assert "Traceback" not in bridge.stderr + worker.stderr
            assert TOKEN not in bridge.stderr + worker.stderr
            assert worker.terminate() == bridge.terminate() == 0


def drive(site: Site, folder: Path) -> None:
    """Everything that a registry 2.8 tells of; the last event is a HEAD by `sentinel`."""
    layout = Layout(folder)
    layout.image("one", layers=[b"first", b"second"])
    layout.index("many", annotations=ODD_ANNOTATIONS)
    registry = site.registry
    skopeo_copy(layout.source("one"), registry.reference("library/app", "v1"))
    skopeo_copy(layout.source("many"), registry.reference("team/multi", "latest"), all_platforms=True)
    skopeo_copy(registry.reference("library/app", "v1"), f"oci:{folder}-back:v1")
    # A copy of an image that the registry has: skopeo mounts its blobs from the other repository.
    skopeo_copy(registry.reference("library/app", "v1"), registry.reference("library/copy", "v2"))

    plain = site.client(User_Agent="plain/1.0")
    odd = site.client(User_Agent=ODD_AGENT.encode().decode("latin-1"), X_Forwarded_For="203.0.113.9, 10.0.0.1")
    blob = odd.push_blob("library/blobs", b"some octets")
    plain.head_blob("library/blobs", blob)
    odd.pull_blob("library/blobs", blob)
    plain.mount_blob("library/mounted", blob, "library/blobs")
    manifest = plain.pull_manifest("library/app", "v1", MANIFEST)
    digest = manifest.headers["docker-content-digest"]
    odd.head_manifest("library/app", "v1", MANIFEST)
    odd.pull_manifest("team/multi", "latest", INDEX)
    odd.push_manifest("library/app", "v1.1-rc_2", manifest.body, MANIFEST)
    odd.delete_manifest("library/app", digest)  # and with it both tags
    plain.delete_blob("library/blobs", blob)
    # Go keeps invalid UTF-8 of a header out of its JSON; whatever it writes has to come through.
    site.client(User_Agent="latin-\xe9", Authorization="Basic Ym9iOg==").head_blob("library/mounted", blob)
    site.client(User_Agent="sentinel").head_blob("library/mounted", blob)


def events_of(captured: Captured) -> list[str]:
    """The ids of the events in a request."""
    return [event["id"] for event in json.loads(captured.body)["events"]]


def by_id(receiver: Receiver) -> dict[str, Captured]:
    """The first request of a witness for each id; one that came again, since an answer was late, has the same body."""
    found: dict[str, Captured] = {}
    for request in receiver.requests:
        [name] = events_of(request)
        assert request.body == found.setdefault(name, request).body
    return found


def ids_by_repository(receiver: Receiver) -> dict[str, list[str]]:
    """The ids that a witness was told, repository by repository, in the order in which they came first."""
    found: dict[str, list[str]] = {}
    for request in by_id(receiver).values():
        [event] = json.loads(request.body)["events"]
        found.setdefault(event["target"]["repository"], []).append(event["id"])
    return found


def test_delivers_what_the_registry_delivers(site: Site, tmp_path: Path) -> None:
    """For every event of a real registry, body bytes and Content-Type at our endpoint are the registry's own."""
    drive(site, tmp_path / "layout")
    site.straight.wait_until(lambda found: any(b'"sentinel"' in request.body for request in found))
    straight = by_id(site.straight)
    eventually(lambda: straight.keys() <= by_id(site.through).keys())
    through = by_id(site.through)
    assert straight.keys() == through.keys()
    assert ids_by_repository(site.straight) == ids_by_repository(site.through)
    for name, own in straight.items():
        ours = through[name]
        assert own.body == ours.body
        assert own.header("content-type") == ours.header("content-type")
        assert name == ours.header("webhook-id")
        assert "eu" == ours.header("registry-name")
        assert "yes" == ours.header("x-ours")
        assert "/hook" == ours.path
    assert_everything_was_seen(straight)


def assert_everything_was_seen(straight: dict[str, Captured]) -> None:
    """The drive made each kind of event, or the comparison above compares too little."""
    events = [event for request in straight.values() for event in json.loads(request.body)["events"]]
    assert {"push", "pull", "mount", "delete"} == {event["action"] for event in events}
    assert {"GET", "HEAD", "PUT", "POST", "DELETE"} <= {event["request"]["method"] for event in events}
    assert any(event["target"].get("fromRepository") == "library/blobs" for event in events)
    assert any(event["target"].get("fromRepository") == "library/app" for event in events), "skopeo mounted nothing"
    assert any(event["request"].get("addr") == "203.0.113.9" for event in events)
    assert any(event["request"]["useragent"] == ODD_AGENT for event in events)
    assert any(event["actor"].get("name") == "bob" for event in events)
    deletes = [event["target"] for event in events if event["action"] == "delete"]
    assert {"v1", "v1.1-rc_2"} == {target["tag"] for target in deletes if "tag" in target}
    assert 2 == sum("digest" in target for target in deletes)
    bodies = b"".join(request.body for request in straight.values())
    assert b"\\u003c" in bodies
    assert b"\\u2028" in bodies
    assert "漢字".encode() in bodies


def test_records_say_where_they_come_from(site: Site, kafka: LocalKafka, topic: str) -> None:
    """A real registry's event lies in the topic under its repository, with its label in the CloudEvents source."""
    blob = site.client().push_blob("library/app", b"content")
    site.through.wait_for(1)
    record, *again = read(kafka, topic)
    assert b"library/app" == record.key
    [name] = events_of(site.through.requests[0])
    assert {name} == {one.header("ce_id") for one in (record, *again)}  # sent again, since the answer was late
    wanted = {"ce_id": name, "ce_source": "//eu", "ce_type": "registry.notifications.push", "ce_subject": "library/app"}
    assert wanted == {header: record.header(header) for header in wanted}
    assert f"{topic}/{record.partition}/{record.offset}" == site.through.requests[0].header("registry-event")
    assert record.value is not None
    assert blob.encode() in record.value
