"""The example registry, driven by real skopeo, and held against a real docker-registry: same requests, same events."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.python_registry import app
from producer import Sink, SinkClosed
from schemas import Event
from schemas.envelope import read_envelope
from schemas.wire import event_json
from tests.kit import DockerRegistry, Layout, Receiver, RegistryClient, eventually
from tests.kit.asgi_server import ASGIServer
from tests.kit.eventually import LIMIT_S
from tests.kit.images import INDEX, MANIFEST, ODD_ANNOTATIONS
from tests.kit.programs import need
from tests.kit.registry import skopeo_copy
from tests.kit.registry_client import digest_of
from tests.kit.sinks import BrokenSink, MemorySink

pytestmark = pytest.mark.registry

OCTETS = "application/octet-stream"
V1 = "application/vnd.docker.distribution.events.v1+json"
CAFE = "café/1".encode().decode("latin-1")
"""A user agent in UTF-8, as http.client wants its bytes to be spelled."""
SKOPEO_EVENTS = {"v1": 8, "multi": 14}
"""Each blob and manifest is pushed once and pulled once."""
Told = dict[str, Any]


@pytest.fixture
def sink() -> MemorySink:
    """Where the example's events go."""
    return MemorySink()


@pytest.fixture
def example(sink: MemorySink) -> Iterator[RegistryClient]:
    """A client of the example, which is up."""
    with ASGIServer(app(sink)) as server:
        yield RegistryClient(server.address)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An image v1 and an index multi."""
    made = Layout(tmp_path / "layout")
    made.image("v1", layers=[b"one", b"two"])
    made.index("multi", annotations=ODD_ANNOTATIONS)
    return made


def skopeo(*arguments: str) -> str:
    """What skopeo prints."""
    done = subprocess.run(
        [need("skopeo"), "--insecure-policy", *arguments], capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(event: Event, address: str) -> Told:
    """What an event says that two registries must say alike: all but ids, times, ports and who they are.

    Registry 2.8 drops the platform of an index's children; 3.x and the example do not.
    """
    said: Told = json.loads(event_json(event))
    target = {name: value for name, value in said["target"].items() if value}
    for reference in target.get("references", []):
        reference.pop("platform", None)
    target["url"] = target.get("url", "").replace(f"http://{address}", "")
    request = said["request"]
    request.pop("id")
    request["host"] = request["host"].replace(address, "")
    request["addr"] = request["addr"].partition(":")[0]
    return {"action": said["action"], "target": target, "request": request, "actor": said["actor"]}


def by_text(events: list[Told]) -> list[str]:
    """The events in an order that does not depend on which of several connections was faster."""
    return sorted(json.dumps(one, sort_keys=True) for one in events)


def each_once(events: Iterable[Event]) -> list[Event]:
    """The first of each id; one that came again, since an answer was late, is the same."""
    found: dict[str, Event] = {}
    for event in events:
        if event != found.setdefault(event.id, event):
            raise ValueError(f"{event.id} came again with another content")
    return list(found.values())


def both(sink: MemorySink, ours: str, receiver: Receiver, theirs: str, count: int) -> tuple[list[Told], list[Told]]:
    """What the example and the real registry told, once each has told of `count` events.

    A pulled blob is told of after it was sent, so its event may come after the client is done.
    """

    def events() -> tuple[list[Told], list[Told]] | None:
        sent = each_once(event for one in receiver.requests for event in read_envelope(one.body, content_type=V1))
        assert (count, count) == (len(sink.events), len(sent)), f"{len(sink.events)} and {len(sent)} events"
        return [told(event, ours) for event in sink.events], [told(event, theirs) for event in sent]

    return eventually(events)


def test_skopeo_pushes_pulls_and_deletes(
    example: RegistryClient, sink: MemorySink, layout: Layout, tmp_path: Path
) -> None:
    """An image goes in and out unchanged, can be inspected and deleted; the sink has it all by then."""
    reference = f"docker://{example.address}/library/app:v1"
    skopeo_copy(layout.source("v1"), reference)
    pushes = [(event.action, event.request.method, event.target.tag) for event in sink.events if event.action == "push"]
    assert pushes == 3 * [("push", "PUT", "")] + [("push", "PUT", "v1")]
    inspected = json.loads(skopeo("inspect", "--tls-verify=false", reference))
    assert (inspected["RepoTags"], len(inspected["Layers"])) == (["v1"], 2)
    skopeo_copy(reference, f"oci:{tmp_path}/back:v1")
    assert inspected["Digest"] == json.loads((tmp_path / "back" / "index.json").read_text())["manifests"][0]["digest"]
    content = {inspected["Digest"], *inspected["Layers"]}
    eventually(lambda: content <= {event.target.digest for event in sink.events if event.request.method == "GET"})
    skopeo("delete", "--tls-verify=false", reference)
    deleted = [event for event in sink.events if event.action == "delete"]
    assert [(inspected["Digest"], ""), ("", "v1")] == [(event.target.digest, event.target.tag) for event in deleted]
    assert len({event.request.id for event in deleted}) == 1
    assert example.request("GET", "/v2/library/app/manifests/v1").status == 404


@pytest.mark.parametrize("tag", ["v1", "multi"])
def test_skopeo_s_push_and_pull_make_a_real_registry_s_events(  # noqa: PLR0917 - fixtures, passed by name
    example: RegistryClient,
    sink: MemorySink,
    layout: Layout,
    registry: DockerRegistry,
    receiver: Receiver,
    tmp_path: Path,
    tag: str,
) -> None:
    """The same image pushed and pulled by the same client: the same events, references and all."""
    for name, address in (("ours", example.address), ("theirs", registry.address)):
        skopeo_copy(layout.source(tag), f"docker://{address}/library/app:{tag}", all_platforms=True)
        skopeo_copy(f"docker://{address}/library/app:{tag}", f"oci:{tmp_path}/{name}:{tag}", all_platforms=True)
    ours, theirs = both(sink, example.address, receiver, registry.address, SKOPEO_EVENTS[tag])
    assert by_text(theirs) == by_text(ours)


def test_every_operation_makes_a_real_registry_s_events(
    sink: MemorySink, example: RegistryClient, registry: DockerRegistry, receiver: Receiver
) -> None:
    """One request after the other, with a proxy's headers and a user nobody verified: the same events."""
    headers = {"X-Forwarded-For": "203.0.113.9, 10.0.0.1", "Authorization": "Basic Ym9iOng=", "User-Agent": CAFE}
    for address in (example.address, registry.address):
        operate(RegistryClient(address, headers))
    ours, theirs = both(sink, example.address, receiver, registry.address, 13)
    assert by_text(theirs) == by_text(ours)
    done = Counter((one["action"], one["request"]["method"]) for one in ours)
    assert done == {
        ("push", "PUT"): 4,
        ("pull", "HEAD"): 2,
        ("pull", "GET"): 3,
        ("mount", "POST"): 1,
        ("delete", "DELETE"): 3,
    }


def operate(client: RegistryClient) -> None:
    """Every operation that makes an event in registry 2.8, and some that make none."""
    config, layer = client.push_blob("a/b", b"{}"), client.push_blob("a/b", b"layer")
    parts = [{"mediaType": OCTETS, "digest": digest, "size": size} for digest, size in ((config, 2), (layer, 5))]
    content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
    manifest = json.dumps(content).encode()
    digest = client.push_manifest("a/b", "v1", manifest, MANIFEST)
    assert digest == client.push_manifest("a/b", digest, manifest, MANIFEST)
    client.head_manifest("a/b", "v1", MANIFEST)
    client.pull_manifest("a/b", "v1", MANIFEST)
    client.pull_manifest("a/b", digest, MANIFEST)
    assert client.pull_blob("a/b", layer).body == b"layer"
    client.head_blob("a/b", layer)
    client.mount_blob("c/d", layer, "a/b")
    assert json.loads(client.request("GET", "/v2/a/b/tags/list").body) == {"name": "a/b", "tags": ["v1"]}
    client.delete_manifest("a/b", digest)
    client.delete_blob("a/b", layer)
    for path in (f"blobs/{layer}", "manifests/v1", f"manifests/{digest}"):
        assert client.request("GET", f"/v2/a/b/{path}").status == 404


def test_an_upload_comes_in_one_piece_or_in_chunks(example: RegistryClient, sink: MemorySink) -> None:
    """POST with a digest stores at once; PATCH by PATCH must go on where the last one stopped; each is one push."""
    uploads = "/v2/a/b/blobs/uploads/"
    at_once = example.request("POST", f"{uploads}?digest={digest_of(b'whole')}", b"whole")
    assert (201, f"/v2/a/b/blobs/{digest_of(b'whole')}") == (at_once.status, at_once.headers["location"])
    begun = example.request("POST", uploads)
    location = begun.headers["location"]
    first = example.request("PATCH", location, b"first ", {"Content-Range": "0-5"})
    assert (202, "0-5", location) == (first.status, first.headers["range"], first.headers["location"])
    assert example.request("PATCH", location, b"again", {"Content-Range": "0-4"}).status == 416
    last = example.request(
        "PUT", f"{location}?digest={digest_of(b'first second')}", b"second", {"Content-Range": "6-11"}
    )
    assert last.status == 201
    assert example.pull_blob("a/b", digest_of(b"first second")).body == b"first second"
    pushed = [event.target.digest for event in sink.events if event.action == "push"]
    assert [digest_of(b"whole"), digest_of(b"first second")] == pushed


def test_a_tag_is_deleted_over_http(example: RegistryClient, sink: MemorySink) -> None:
    """As in registry 3.x: the tag goes, the manifest stays."""
    digest = example.push_manifest("a/b", "v1", b"{}", INDEX)
    assert example.request("DELETE", "/v2/a/b/manifests/v1").status == 202
    assert example.request("DELETE", "/v2/a/b/manifests/v1").status == 404
    assert example.pull_manifest("a/b", digest, INDEX).body == b"{}"
    [event] = [event for event in sink.events if event.action == "delete"]
    assert (event.target.tag, event.target.digest, event.target.repository) == ("v1", "", "a/b")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/v2/a/b/manifests/v1", b"no manifest", 400, "MANIFEST_INVALID"),
        ("PUT", f"/v2/a/b/manifests/{digest_of(b'other')}", b"{}", 400, "DIGEST_INVALID"),
        ("PUT", "/v2/a/b/manifests/.bad", b"{}", 400, "NAME_INVALID"),
        ("PUT", "/v2/a/b/manifests/v1", b" " * (4 * 1024 * 1024 + 1), 413, "SIZE_INVALID"),
        ("PUT", "/v2/A/manifests/v1", b"{}", 400, "NAME_INVALID"),
        ("GET", "/v2/a/b/manifests/v1", b"", 404, "MANIFEST_UNKNOWN"),
        ("GET", f"/v2/a/b/blobs/{digest_of(b'x')}", b"", 404, "BLOB_UNKNOWN"),
        ("PATCH", "/v2/a/b/blobs/uploads/none", b"", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("POST", f"/v2/a/b/blobs/uploads/?digest={digest_of(b'x')}", b"y", 400, "DIGEST_INVALID"),
        ("GET", "/v2/_catalog", b"", 404, "UNSUPPORTED"),
    ],
)
def test_what_fails_is_answered_and_not_told(  # noqa: PLR0917 - passed by name
    example: RegistryClient, sink: MemorySink, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    """The answer is the distribution API's error; no event is written."""
    reply = example.request(method, path, body, {"Content-Type": MANIFEST})
    assert (status, code) == (reply.status, json.loads(reply.body)["errors"][0]["code"])
    assert sink.events == []


def test_the_urls_lead_back_through_a_proxy(sink: MemorySink) -> None:
    """A registry mounted below a path, behind a proxy that speaks TLS, tells of itself as its clients know it."""
    proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "registry.example.com"}
    with ASGIServer(app(sink)) as server:
        digest = RegistryClient(server.address, proxied).push_blob("a/b", b"x")
    assert [f"https://registry.example.com/v2/a/b/blobs/{digest}"] == [event.target.url for event in sink.events]


def test_a_broken_sink_fails_no_push_but_a_tag_s_removal() -> None:
    """As in the registry: the loss is logged, but who deletes a tag learns that nobody was told."""
    with ASGIServer(app(BrokenSink())) as server:
        client = RegistryClient(server.address)
        client.push_manifest("a/b", "v1", b"{}", INDEX)
        reply = client.request("DELETE", "/v2/a/b/manifests/v1")
        assert (reply.status, json.loads(reply.body)["errors"][0]["code"]) == (503, "UNAVAILABLE")
        assert client.request("GET", "/v2/a/b/manifests/v1").status == 404


def test_the_sink_is_closed_at_shutdown(sink: MemorySink) -> None:
    """The application gives back its sink when the server stops."""
    with ASGIServer(app(sink)):
        pass
    closed: Sink = sink
    with pytest.raises(SinkClosed):
        closed.write(Event())
