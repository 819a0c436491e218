"""What each kind of registry sends: through the intake, Kafka and a worker to an endpoint, as processes.

The intake has several sources of each format, with its defaults and with `keep: all`. The worker delivers each event in
the registry's format, as a CloudEvent, and as the source sent it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, get_args

import pytest

from broker import LocalKafka
from producer.sources.formats import FORMATS
from runtime.config.source_settings import SourceFormat
from schemas.event import MEDIA_TYPE_V1, MEDIA_TYPE_V2
from tests.kit import Process, Receiver
from tests.kit.bridge import Installation, endpoint
from tests.kit.exchange import Captured, first_of_each
from tests.kit.foreign_samples import Sample, sample, samples
from tests.kit.notifications import Poster, Reply, envelope, event_json

pytestmark = pytest.mark.kafka

TOKEN = "Bearer only-for-tests-of-sources"
REGISTRY, CLOUDEVENTS, SOURCE = "/registry", "/cloudevents", "/source"
ALL, PLAIN, AGAIN = "all-of-", "plain-", "again-"
"""Before the format, in the name of a source: one that keeps everything, and two more with the defaults."""
GITLAB_TOKEN = "a-token-of-gitlab"


@dataclass(frozen=True, slots=True)
class Case:
    """A POST of a format, and its events as (action, repository, tag, whether there is a digest)."""

    sent: Sample
    events: list[tuple[str, str, str, bool]]


def of_gitlab() -> Sample:
    """An envelope of GitLab, with the token that its actor can have."""
    actor = {"name": "ann", "user_type": "gitlab_pat", "user": GITLAB_TOKEN}
    body = envelope({**event_json("shop/gitlab", 3), "actor": actor})
    return Sample("gitlab", "push", {"content-type": MEDIA_TYPE_V1}, body)


CASES: dict[SourceFormat, Case] = {
    "distribution": Case(
        Sample("distribution", "push", {"content-type": MEDIA_TYPE_V2}, envelope(event_json("shop/distribution", 3))),
        [("push", "shop/distribution", "3", True)],
    ),
    "gitlab": Case(of_gitlab(), [("push", "shop/gitlab", "3", True)]),
    "acr": Case(sample("acr", "push"), [("push", "shop/web", "v3", True)]),
    "harbor": Case(
        sample("harbor", "delete-two"), [("delete", "shop/web/api", "v3", True), ("delete", "shop/web/api", "v2", True)]
    ),
    "zot": Case(sample("zot", "updated"), [("push", "shop/web", "v3", True)]),
    "github": Case(sample("github", "published"), [("push", "acme/web", "v3", True)]),
    "docker-hub": Case(sample("docker-hub", "push"), [("push", "acme/web", "v3", False)]),
    "quay": Case(
        sample("quay", "push-two"), [("push", "acme/web", "v3", False), ("push", "acme/web", "stable", False)]
    ),
    "gitea": Case(sample("gitea", "created"), [("push", "acme/web", "v3", False)]),
    "ecr": Case(sample("ecr", "push"), [("push", "shop/web", "v3", True)]),
    "cloudevents": Case(
        sample("cloudevents", "batched"), [("push", "shop/web", "v3", True), ("push", "shop/web", "v4", True)]
    ),
}
FOREIGN = [name for name in CASES if name in FORMATS]


@dataclass(frozen=True, slots=True)
class Running:
    """The processes, and where the events arrive."""

    bridge: Process
    receiver: Receiver

    def post(self, source: str, sent: Sample) -> Reply:
        """What the intake answers to a POST to a source."""
        with Poster(f"http://{self.bridge.address}/events/{source}") as poster:
            headers = {name.title(): value for name, value in sent.headers.items()}
            return poster.insist(sent.body, {**headers, "Authorization": TOKEN})

    def arrived(self, path: str, label: str, count: int) -> list[Captured]:
        """The first request to an endpoint for each event of a label, in order, as soon as there are so many.

        A POST that was answered 503 may have been written all the same: then its events come twice.
        """

        def of_label(found: list[Captured]) -> list[Captured]:
            return first_of_each(answered(found, path, label), "webhook-id")

        return of_label(self.receiver.wait_until(lambda found: len(of_label(found)) >= count))


def answered(found: list[Captured], path: str, label: str) -> list[Captured]:
    """The requests to an endpoint for the events of a label."""
    return [one for one in found if one.path == path and one.header("registry-name") == label and one.answered]


@pytest.fixture(scope="module")
def running(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An intake, a worker and an endpoint."""
    sources: list[dict[str, Any]] = [{"name": name, "format": name} for name in CASES]
    sources += [{"name": f"{prefix}{name}", "format": name} for name in FOREIGN for prefix in (PLAIN, AGAIN)]
    sources += [{"name": f"{ALL}{name}", "format": name, "keep": "all"} for name in FOREIGN]
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        setup = Installation(
            kafka.bootstrap,
            "test-sources",
            tmp_path_factory.mktemp("sources"),
            endpoints=[
                endpoint("registry", receiver.url + REGISTRY, start="beginning"),
                endpoint("events", receiver.url + CLOUDEVENTS, start="beginning", format="cloudevents"),
                endpoint("source", receiver.url + SOURCE, start="beginning", format="source"),
            ],
            sections={"intake": {"authorization": TOKEN, "sources": sources}},
        )
        bridge = stack.enter_context(setup.bridge())
        worker = stack.enter_context(setup.worker())
        bridge.wait_ready()
        worker.wait_ready()
        yield Running(bridge, receiver)
        for process in (bridge, worker):
            assert "Traceback" not in process.stderr
            assert GITLAB_TOKEN not in process.stderr + process.stdout


def event_of(request: Captured) -> Any:
    """The one event of an envelope."""
    [event] = json.loads(request.body)["events"]
    return event


def facts(event: Any) -> tuple[str, str, str, bool]:
    """What a case says of an event."""
    target = event["target"]
    return event["action"], target["repository"], target.get("tag", ""), bool(target.get("digest"))


def test_all_formats_are_here() -> None:
    """Each format that a source can have is tried here."""
    assert set(get_args(SourceFormat)) == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_arrives_in_the_format_of_a_registry(running: Running, name: SourceFormat) -> None:
    """An endpoint in the registry's format gets each event as an envelope, with the source's name as label."""
    case = CASES[name]
    reply = running.post(name, case.sent)
    assert (200, {"accepted": len(case.events)}) == (reply.status, reply.json)
    found = running.arrived(REGISTRY, name, len(case.events))
    assert case.events == [facts(event_of(request)) for request in found]
    assert all(event_of(request)["id"] == request.header("webhook-id") for request in found)
    assert {MEDIA_TYPE_V1 if name == "gitlab" else MEDIA_TYPE_V2} == {one.header("content-type") for one in found}
    assert GITLAB_TOKEN not in b"".join(request.body for request in found).decode()


@pytest.mark.parametrize("name", FOREIGN)
def test_arrives_as_the_source_sent_it(running: Running, name: SourceFormat) -> None:
    """An endpoint in format `source` gets the body as it came, with its Content-Type and the headers of its format.

    Of a batch of CloudEvents it gets one after another.
    """
    case = CASES[name]
    label, sent = f"{PLAIN}{name}", case.sent
    assert {"accepted": len(case.events)} == running.post(label, sent).json
    found = running.arrived(SOURCE, label, len(case.events))
    if name == "cloudevents":
        assert sent.value[: len(found)] == [json.loads(one.body) for one in found]
    else:
        assert {(sent.body, sent.headers["content-type"])} == {(one.body, one.header("content-type")) for one in found}
    wanted = FORMATS[name].kept_headers
    kept = {header for header in sent.headers if any(fnmatch(header, pattern) for pattern in wanted)}
    came = {header: found[0].header(header) for header in sent.headers if header not in {"content-type", "user-agent"}}
    assert {header: sent.headers[header] if header in kept else None for header in came} == came


@pytest.mark.parametrize("name", FOREIGN)
def test_every_sample(running: Running, name: SourceFormat) -> None:
    """All that a format can send is taken, and with `keep: all` delivered, what is no image under its kind."""
    label = f"{ALL}{name}"
    wanted: list[tuple[str, str]] = []
    for one in samples(name):
        reading = FORMATS[name].read(one.post)
        events = reading.events + reading.others
        assert (200, {"accepted": len(events)}) == ((reply := running.post(label, one)).status, reply.json), one.name
        wanted += [(event.action, event.target.repository) for event in events]
    found = [json.loads(one.body)["data"] for one in running.arrived(CLOUDEVENTS, label, len(wanted))]
    assert sorted(wanted) == sorted((event["action"], event["target"].get("repository", "")) for event in found)


@pytest.mark.parametrize("name", FOREIGN)
def test_a_repeat_has_the_same_ids(running: Running, name: SourceFormat) -> None:
    """A body that a source sends again has the ids that it had, whether they are its own or derived."""
    case, label = CASES[name], f"{AGAIN}{name}"
    for _ in range(2):
        assert running.post(label, case.sent).status == 200

    def records(found: list[Captured]) -> Counter[tuple[str | None, tuple[str, str, str, bool]]]:
        requests = first_of_each(answered(found, REGISTRY, label), "registry-event")
        return Counter((one.header("webhook-id"), facts(event_of(one))) for one in requests)

    def came_again(found: list[Captured]) -> bool:
        counts = records(found)
        return len(counts) >= len(case.events) and (len(counts) > len(case.events) or min(counts.values()) >= 2)

    found = records(running.receiver.wait_until(came_again))
    assert len(case.events) == len(found) == len({name for name, _ in found})


@pytest.mark.parametrize("name", FOREIGN)
def test_a_body_of_another_format_is_refused(running: Running, name: SourceFormat) -> None:
    """A distribution envelope that is sent to it is answered 400, with the source's name and format."""
    sent = Sample(name, "envelope", {"content-type": "application/json"}, CASES["distribution"].sent.body)
    reply = running.post(name, sent)
    assert (400, True) == (reply.status, reply.json["error"].startswith(f"source {name} takes format {name}: "))


def test_what_is_no_image_is_counted(running: Running) -> None:
    """Without `keep: all` a scan is answered 200 with no event, and counted as a scan of its source."""
    reply = running.post("harbor", sample("harbor", "scan"))
    assert (200, {"accepted": 0}) == (reply.status, reply.json)
    with Poster(f"http://{running.bridge.address}/") as poster:
        text = poster.request("GET", "/metrics").body.decode()
    assert 'registry_bridge_source_events_total{kind="scan",source="harbor"} 1.0' in text
