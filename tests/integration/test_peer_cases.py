"""The registry's own tests of its notification sinks, re-made from their description.

Each stands under its id (H1 to H8, Q1, Q2, BR, R). Where this project does otherwise on purpose, the docstring says
what and why. There the queue is a list in memory, so its cases run here on a real Kafka: writer, log and endpoints.
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from broker import LocalKafka
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Fault, NoAnswer, Outcome, Result, outcome_of
from consumer.delivery.webhook.rustls_client import WebhookClient
from consumer.delivery.webhook.sender import Sender
from consumer.delivery.webhook.signing import Signer
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.metrics import EndpointMetrics, WorkerMetrics
from consumer.lanes.delivery import Delivery, Lane
from consumer.record import Record
from consumer.worker.assembly import backlogs_of, endpoint_of, preparation_of
from consumer.worker.parts import parts_of
from consumer.worker.served import Served
from producer import KafkaSink, SinkClosed
from runtime.clock import SystemClock
from runtime.config import (
    Beginning,
    EndpointSettings,
    KafkaSettings,
    Settings,
    TLSSettings,
    TopicSettings,
    WorkerSettings,
)
from runtime.config.endpoint_settings import DEFAULT_REJECT_STATUSES
from runtime.deadline import Deadline
from runtime.kafka.admin import Admin
from runtime.kafka.topics import ensure_topics
from runtime.news import News
from schemas import Event, Target
from schemas.envelope import read_envelope
from schemas.wire import media_type
from tests.kit import Answer, Captured, Receiver
from tests.kit.authority import authority
from tests.kit.events import V1, V2
from tests.kit.raw_server import soon

MANIFEST = Event(
    id="asdf-asdf-asdf-asdf-0",
    timestamp="2006-01-02T15:04:05Z",
    action="push",
    target=Target(media_type="application/vnd.docker.distribution.manifest.v2+json", repository="library/test"),
)
LAYER = replace(MANIFEST, target=Target(media_type="application/octet-stream", repository="library/test"))


@dataclass(frozen=True)
class Posted:
    """What one POST came to, and the endpoint's counters after it."""

    result: Result
    outcome: Outcome
    counters: dict[str, float]


class Sink:
    """The part of a worker that corresponds to the registry's HTTP sink: it sends, judges and counts."""

    def __init__(self, url: str, **keys: Any) -> None:
        """Make one for an endpoint with these settings."""
        self.registry = CollectorRegistry()
        self._metrics = EndpointMetrics(WorkerMetrics(self.registry), "test")
        client = WebhookClient(EndpointSettings(name="test", url=url, **{"timeout_s": 120.0, **keys}))
        self.sending = Sender(client, Signer(), SystemClock())

    async def post(self, *events: Event) -> Posted:
        """Send these in one POST."""
        lane = Lane((0, b"library/test"))
        pairs = [(Record("t", 0, offset, 0, None, b""), event) for offset, event in enumerate(events)]
        deliveries = [Delivery(record, event, lane, 0.0, None) for record, event in pairs]
        result = await self.sending.send(deliveries)
        outcome = outcome_of(result, DEFAULT_REJECT_STATUSES)
        self._metrics.attempted(Attempt(deliveries, result, outcome, 0.0, 1), 0.0)
        return Posted(result, outcome, self.counters())

    def counters(self) -> dict[str, float]:
        """The registry's counters that are not 0: Successes, Failures, Errors, and each status."""
        found = {}
        for family in self.registry.collect():
            for sample in family.samples:
                if sample.name in {"registry_notifications_events_total", "registry_notifications_status_total"}:
                    found[sample.labels.get("type") or sample.labels["code"]] = sample.value
        return {name: value for name, value in found.items() if value}


def posted(url: str, *events: Event, **keys: Any) -> Posted:
    """Send these in one POST with a sink of their own, and close it."""

    async def scenario() -> Posted:
        sink = Sink(url, **keys)
        result = await sink.post(*(events or (MANIFEST,)))
        await sink.sending.close()
        return result

    return asyncio.run(scenario())


def test_h1_a_self_signed_server_is_refused(tmp_path: Path) -> None:
    """H1: over TLS to a server that nobody vouches for the POST fails for its certificate, and closing works."""
    with Receiver(tls=authority(tmp_path).server()) as receiver:
        found = posted(receiver.url)

    assert isinstance(found.result, NoAnswer)
    assert found.result.fault is Fault.TLS
    assert "certificate" in found.result.error
    assert found.counters == {"Errors": 1}


def test_h2_verification_can_be_left_out(tmp_path: Path) -> None:
    """H2: the same server with `tls.verify: false` takes it (there only a test could ask for that)."""
    with Receiver(tls=authority(tmp_path).server()) as receiver:
        assert posted(receiver.url, tls=TLSSettings(verify=False)).outcome is Outcome.DELIVERED


@pytest.mark.parametrize("content_type", [V1, V2])
def test_h3_the_request_is_the_registrys(receiver: Receiver, content_type: str) -> None:
    """H3: a POST, its Content-Type the media type of events, its body an envelope."""
    posted(receiver.url, replace(MANIFEST, content_type=content_type))

    (request,) = receiver.wait_for(1)
    assert request.method == "POST"
    assert content_type == media_type(request.header("content-type") or "")
    (event,) = read_envelope(request.body, content_type=content_type)
    assert (event.id, event.target) == (MANIFEST.id, MANIFEST.target)


def test_h4_deliveries_are_counted(receiver: Receiver) -> None:
    """H4: four events one by one, answered 200; Successes and the status go up by one each time.

    H4' (2.8): a POST of one event, then one of three; Successes count events. Otherwise than in 2.8 a status counts
    answers, as in 3.x: three events that arrive together have one answer.
    """

    async def scenario() -> None:
        sink = Sink(f"{receiver.url}/?status=200")
        for number, event in enumerate([MANIFEST, MANIFEST, LAYER, LAYER], 1):
            found = await sink.post(event)
            assert found.outcome is Outcome.DELIVERED
            assert found.counters == {"Successes": number, "200 OK": number}
        assert (await sink.post(MANIFEST, LAYER, LAYER)).counters == {"Successes": 7, "200 OK": 5}
        await sink.sending.close()

    asyncio.run(scenario())
    assert [len(read_envelope(request.body, content_type=V2)) for request in receiver.requests] == [1, 1, 1, 1, 3]


def test_h5_a_307_is_no_success(receiver: Receiver) -> None:
    """H5: a 307 without Location. There it is a success, so the event is gone; here a 3xx is a failure.

    Nobody said that he took the event, so it waits and is tried again. The status is counted as there.
    """
    receiver.answer(307)

    found = posted(receiver.url)

    assert found.outcome is Outcome.UNAVAILABLE
    assert found.counters == {"Failures": 1, "307 Temporary Redirect": 1}


def test_h6_a_400_is_a_failure(receiver: Receiver) -> None:
    """H6: a 400 counts as Failure. There it is tried for ever and blocks all behind it; here it rejects the event."""
    receiver.answer(400)

    found = posted(receiver.url)

    assert found.outcome is Outcome.REJECTED
    assert found.counters == {"Failures": 1, "400 Bad Request": 1}


def test_h7_a_closed_connection_is_an_error(receiver: Receiver) -> None:
    """H7: a listener that closes each connection; Errors goes up by one, no status and nothing else moves."""
    receiver.answer_by(Answer(raw=b""))

    found = posted(receiver.url)

    assert isinstance(found.result, NoAnswer)
    assert found.result.fault is Fault.RESET
    assert found.outcome is Outcome.UNAVAILABLE
    assert found.counters == {"Errors": 1}


def test_h8_closing_twice_is_quiet(receiver: Receiver) -> None:
    """H8: there the second Close is an error; here it is quiet, so that whoever stops need not know who stopped before.

    As there nothing is sent after it.
    """

    async def scenario() -> Result:
        sink = Sink(receiver.url)
        await sink.sending.close()
        await sink.sending.close()
        return (await sink.post(MANIFEST)).result

    assert isinstance(asyncio.run(scenario()), NoAnswer)
    assert receiver.requests == []


# The queue: a topic, and a cursor for each endpoint.


def settings_of(kafka: LocalKafka, topic: str, endpoints: Sequence[EndpointSettings]) -> Settings:
    """A configuration with topics and groups of its own; the topics are made."""
    settings = Settings(
        kafka=KafkaSettings(bootstrap_servers=kafka.bootstrap),
        topics=TopicSettings(events=topic, dead_letters=f"{topic}.letters", partitions=4),
        worker=WorkerSettings(group_prefix=topic),
        endpoints=tuple(endpoints),
    )
    ensure_topics(Admin(settings.kafka.revealed(), client_id="peer-cases"), settings, News())
    return settings


def endpoint_to(receiver: Receiver, name: str = "test", **keys: Any) -> EndpointSettings:
    """An endpoint that delivers all that the log has."""
    return EndpointSettings(name=name, url=receiver.url, start=Beginning(), **{"timeout_s": 120.0, **keys})


@dataclass(frozen=True)
class Worker:
    """Endpoints that are served, and their metrics."""

    endpoints: list[Endpoint]
    registry: CollectorRegistry

    def counter(self, kind: str, endpoint: str) -> float | None:
        """The registry's counter of this endpoint."""
        labels = {"type": kind, "endpoint": endpoint}
        return self.registry.get_sample_value("registry_notifications_events_total", labels)

    def pending(self, endpoint: str) -> float | None:
        """The registry's gauge of this endpoint."""
        return self.registry.get_sample_value("registry_notifications_pending_total", {"endpoint": endpoint})

    async def until_delivered(self, count: int) -> None:
        """Wait until each endpoint has delivered so many events and nothing is pending."""
        await soon(lambda: all(self._is_done(endpoint, count) for endpoint in self.endpoints), "not all arrived")

    def _is_done(self, endpoint: Endpoint, count: int) -> bool:
        return endpoint.settlement.deliveries >= count and self.pending(endpoint.settings.name) == 0


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Worker]:
    """Serve all endpoints of a configuration as `registry-worker deliver` does; close them at the end."""
    parts = parts_of(settings)
    await preparation_of(parts, settings, settings.endpoints).run()
    served = Served(settings, [endpoint_of(parts, endpoint) for endpoint in settings.endpoints])
    backlogs = backlogs_of(parts, served)
    parts.pulse.start()
    backlogs.start()
    for endpoint in served:
        endpoint.start()
    try:
        yield Worker(list(served), parts.metrics.registry)
    finally:
        backlogs.stop()
        parts.pulse.stop()
        deadline = Deadline.after(60.0, parts.clock)
        await asyncio.gather(*(endpoint.close(deadline) for endpoint in served))
        await asyncio.to_thread(parts.writer.close)


async def write_all(settings: Settings, count: int, *, repositories: int = 20) -> None:
    """Write so many events at once, and wait until all are acknowledged."""
    sink = KafkaSink(settings.kafka.revealed(), settings.topics.events, timeout=120.0)
    events = [
        replace(MANIFEST, id=f"e{number}", target=Target(repository=f"library/test{number % repositories}"))
        for number in range(count)
    ]
    await asyncio.gather(*(sink.write_soon(event) for event in events))
    sink.close()


def ids_taken(receiver: Receiver) -> Counter[str]:
    """How often each event was answered 200."""
    taken = [request for request in receiver.requests if request.status == 200]
    return Counter(event.id for request in taken for event in read_envelope(request.body, content_type=V2))


def once_each(count: int) -> Counter[str]:
    """Each event once."""
    return Counter(f"e{number}" for number in range(count))


@pytest.mark.kafka
def test_q1_a_thousand_concurrent_writes(kafka: LocalKafka, topic: str, receiver: Receiver) -> None:
    """Q1: 1000 concurrent writes, 1 ms for each delivery: all arrive, Events is 1000, Pending 0.

    There the queue is in memory and closing waits until it is empty, for ever if need be; here what was written is in
    Kafka, so closing need not wait. The worker begins after all is written, which loses nothing either.
    """
    receiver.answer(200, delay=0.001)
    settings = settings_of(kafka, topic, [endpoint_to(receiver)])

    async def scenario() -> tuple[float | None, float | None, float | None]:
        await write_all(settings, 1000)
        async with working(settings) as worker:
            await worker.until_delivered(1000)
            return worker.counter("Events", "test"), worker.counter("Successes", "test"), worker.pending("test")

    assert asyncio.run(scenario()) == (1000, 1000, 0)
    assert once_each(1000) == ids_taken(receiver)


@pytest.mark.kafka
def test_q2_close_close_write(kafka: LocalKafka, topic: str) -> None:
    """Q2: close, close, write. There nil, an error, ErrSinkClosed; here the second close is quiet, the rest alike."""
    settings = settings_of(kafka, topic, [])
    sink = KafkaSink(settings.kafka.revealed(), topic, timeout=120.0)
    sink.write(MANIFEST)

    sink.close()
    sink.close()

    with pytest.raises(SinkClosed):
        sink.write(MANIFEST)


@pytest.mark.kafka
def test_br_every_endpoint_gets_everything(kafka: LocalKafka, topic: str) -> None:
    """BR: ten sinks, 1000 events: each sink has all of them. Here a sink is an endpoint with a group of its own."""
    with ExitStack() as stack:
        receivers = [stack.enter_context(Receiver()) for _ in range(10)]
        endpoints = [endpoint_to(receiver, f"sink{number}") for number, receiver in enumerate(receivers)]
        settings = settings_of(kafka, topic, endpoints)

        async def scenario() -> None:
            async with working(settings) as worker:
                await write_all(settings, 1000)
                await worker.until_delivered(1000)

        asyncio.run(scenario())
        assert [once_each(1000)] * 10 == [ids_taken(receiver) for receiver in receivers]


class Flaky:
    """Fails every request; from the 50th on nine of ten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(3)
        self._seen = 0

    def __call__(self, _: Captured) -> Answer:
        """Answer one request."""
        with self._lock:
            self._seen += 1
            fails = self._seen < 50 or self._random.random() < 0.9
        return Answer(status=500 if fails else 200)


@pytest.mark.kafka
def test_r_nothing_is_lost_by_retrying(kafka: LocalKafka, topic: str, receiver: Receiver) -> None:
    """R: a sink that fails always, then nine times of ten; threshold 3; 100 events: each arrives once.

    There retries have no end; here `attempts` would make dead letters of these, so it is set to as good as none. The
    backoff is 2 ms and doubles once, there it is 10 ms always.
    """
    receiver.answer_by(Flaky())
    keys: dict[str, Any] = {"threshold": 3, "backoff_s": 0.002, "max_backoff_s": 0.004, "attempts": 1_000_000}
    settings = settings_of(kafka, topic, [endpoint_to(receiver, **keys)])

    async def scenario() -> float | None:
        async with working(settings) as worker:
            await write_all(settings, 100)
            await worker.until_delivered(100)
            return worker.counter("Failures", "test")

    failures = asyncio.run(scenario())
    assert failures is not None
    assert failures >= 49
    assert once_each(100) == ids_taken(receiver)
