"""A release of the schema on a real Kafka: intakes and workers of both sides of it, in every order, as processes."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Literal

import pytest

from broker import LocalKafka
from schemas.avro import unframe
from schemas.catalog import CATALOG
from tests.kit import Receiver, eventually
from tests.kit.apicurio import Apicurio
from tests.kit.bridge import NONE, Installation, endpoint
from tests.kit.notifications import (
    Poster,
    assert_in_order,
    assert_one_at_a_time,
    delivered,
    envelope,
    event_json,
    wait_for_ids,
)
from tests.kit.paths import ROOT
from tests.kit.previous_version import make_previous_version
from tests.kit.process import Process
from tests.kit.shared_kafka import STEADY
from tests.kit.topics import Found, committed, read

pytestmark = pytest.mark.kafka

Version = Literal["old", "new"]
Change = tuple[Literal["intake", "worker"], Version]

NUMBERS = count()
HARBOR = ROOT / "tests" / "fixtures" / "sources" / "harbor" / "push.json"
PARTITIONS = 3
REPOSITORIES = 6
ROUNDS = 3
NEWEST = CATALOG.latest
EARLIER = CATALOG.releases[-2]
SWIFT = {**STEADY, "group.consumer.heartbeat.interval.ms": "300", "group.consumer.min.heartbeat.interval.ms": "300"}
ORDERS: dict[str, tuple[Version, Change, Change]] = {
    "up, workers first": ("old", ("worker", "new"), ("intake", "new")),
    "up, intakes first": ("old", ("intake", "new"), ("worker", "new")),
    "down, intakes first": ("new", ("intake", "old"), ("worker", "old")),
    "down, workers first": ("new", ("worker", "old"), ("intake", "old")),
}
"""Which version all have at first, and what is exchanged then."""
WAITS = {"up, intakes first", "down, workers first"}
"""Orders that docs/upgrading.md advises against: new events come while an old worker runs."""


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that moves partitions fast."""
    with LocalKafka(tmp_path_factory.mktemp("swift"), settings=SWIFT) as running:
        yield running


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a process that does not know the newest release."""
    return make_previous_version(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real schema registry."""
    with Apicurio(tmp_path_factory.mktemp("apicurio")) as up:
        yield up.url


@pytest.fixture
def fleet(
    swift: LocalKafka,
    old: Mapping[str, str],
    receiver: Receiver,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    *,
    registered: bool,
) -> Iterator["Fleet"]:
    """One whose records have pinned ids, or those of a schema registry."""
    sections: dict[str, dict[str, object]] = {}
    if registered:
        sections["schema_registry"] = {"url": request.getfixturevalue("apicurio")}
    sections["intake"] = {"sources": [{"name": "harbor-eu", "format": "harbor"}]}
    ends = [endpoint("ci", receiver.url)]
    topic = f"upgrade-{next(NUMBERS)}"
    setup = Installation(swift.bootstrap, topic, tmp_path, partitions=PARTITIONS, endpoints=ends, sections=sections)
    with ExitStack() as stack:
        yield Fleet(setup, old, stack)


@dataclass
class Fleet:
    """Intakes and workers of both versions on one installation, and what was sent to them.

    Args:
        setup: the installation.
        old: the environment of the old version.
        stack: ends what still runs.
    """

    setup: Installation
    old: Mapping[str, str]
    stack: ExitStack
    running: dict[str, list[Process]] = field(default_factory=lambda: {"intake": [], "worker": []})
    sent: set[str] = field(default_factory=set)
    rounds: int = 0
    _numbers: Iterator[int] = field(default_factory=count)
    workers: list[Process] = field(default_factory=list)
    """All that were ever started."""

    @property
    def worker(self) -> Process:
        """The worker that was started last."""
        return self.running["worker"][-1]

    def start(self, kind: str, version: Version) -> None:
        """Start one more; an intake is ready then, a worker has partitions."""
        make = self.setup.bridge if kind == "intake" else self.setup.worker
        environment = self.old if version == "old" else NONE
        process = self.stack.enter_context(make(name=f"{kind}{next(self._numbers)}", environment=environment))
        self.running[kind].append(process)
        if kind == "intake":
            process.wait_ready()
        else:
            self.workers.append(process)
            eventually(lambda: shared(self.running["worker"]))

    def stop(self, kind: str) -> None:
        """Stop the one that was started first, gracefully; the others have its partitions then."""
        assert 0 == self.running[kind].pop(0).terminate()
        if kind == "worker" and self.running[kind]:
            eventually(lambda: shared(self.running["worker"]))

    def exchange(self, kind: str, version: Version) -> None:
        """Exchange the one that runs for one of this version; both get events, and share them, for a while."""
        self.start(kind, version)
        self.send()
        self.stop(kind)

    def send(self) -> None:
        """Send events of all repositories, which follow on those before, to each of the intakes in turns."""
        for _ in range(ROUNDS):
            for intake in self.running["intake"]:
                with Poster(f"http://{intake.address}/events") as poster:
                    for number in range(REPOSITORIES):
                        event = event_json(f"team/app{number}", self.rounds)
                        assert 200 == poster.insist(envelope(event)).status
                        self.sent.add(event["id"])
                self.rounds += 1


def shared(workers: list[Process]) -> bool:
    """Whether the workers have all partitions among them, each some."""
    told = [
        [line["partitions"] for line in worker.log() if line.get("event") == "endpoint.assigned"] for worker in workers
    ]
    held = [lines[-1] if lines else [] for lines in told]
    assert list(range(PARTITIONS)) == sorted(number for share in held for number in share), held
    assert all(held), held
    return True


def release_of(record: Found) -> str | None:
    """The fingerprint of the release that a record is written with."""
    return record.header("schema-fingerprint")


def places(records: list[Found], arrived: set[str]) -> dict[int, int]:
    """The offset in each partition of the first record of the newest release that has not arrived."""
    waiting = [record for record in records if release_of(record) == NEWEST.fingerprint]
    waiting = [record for record in waiting if record.header("ce_id") not in arrived]
    return {record.partition: record.offset for record in reversed(waiting)}


def assert_waits(fleet: Fleet, kafka: LocalKafka, receiver: Receiver) -> None:
    """The old worker stands before the first new record of each partition, unready, and says why."""
    why = f"this version knows releases up to {EARLIER.version}"

    def stands() -> bool:
        found = places(read(kafka, fleet.setup.topic), {arrival.id for arrival in delivered(receiver)})
        assert list(range(PARTITIONS)) == sorted(found)
        assert found == committed(kafka, fleet.setup.group("ci"), fleet.setup.topic)
        with Poster(f"http://{fleet.worker.address}/") as asked:
            reply = asked.request("GET", "/readyz")
        assert 503 == reply.status
        told = [reason.endswith(f"fingerprint {NEWEST.fingerprint}: {why}") for reason in reply.json["reasons"]]
        assert [True] * PARTITIONS == told, reply.json["reasons"]
        return True

    eventually(stands)
    assert fleet.worker.wait_for_log("endpoint.upgrade_needed")["reason"].endswith(why)


def assert_whole(fleet: Fleet, kafka: LocalKafka, receiver: Receiver) -> None:
    """All that was sent has arrived, each record once, in order; both releases were written; nothing is a dead letter.

    An event that was sent again after a 503 can have two records.
    """
    wait_for_ids(receiver, fleet.sent)
    records = read(kafka, fleet.setup.topic)
    assert fleet.sent == {record.header("ce_id") for record in records}
    receiver.wait_for(len(records))
    places = sorted(f"{fleet.setup.topic}/{record.partition}/{record.offset}" for record in records)
    assert places == sorted(str(request.header("registry-event")) for request in receiver.requests)
    assert_in_order(receiver.requests)
    assert_one_at_a_time(receiver.requests)
    assert {NEWEST.fingerprint, EARLIER.fingerprint} == {release_of(record) for record in records}
    assert [] == read(kafka, fleet.setup.dead_letters)


@pytest.mark.parametrize("registered", [False, True], ids=["pinned ids", "schema registry"])
@pytest.mark.parametrize("order", ORDERS)
def test_every_order(swift: LocalKafka, fleet: Fleet, receiver: Receiver, order: str, *, registered: bool) -> None:
    """An old worker waits at the first new record and says so; the new one goes on there: nothing lost or twice."""
    first, *changes = ORDERS[order]
    fleet.start("intake", first)
    fleet.start("worker", first)
    fleet.send()
    wait_for_ids(receiver, fleet.sent)
    version = first
    for kind, to in changes:
        fleet.exchange(kind, to)
        fleet.send()
        version = to if kind == "worker" else version
        if version == "old" and order in WAITS:
            assert_waits(fleet, swift, receiver)
        else:
            wait_for_ids(receiver, fleet.sent)
    if version == "old":
        fleet.exchange("worker", "new")
    assert_whole(fleet, swift, receiver)
    assert 0 == fleet.worker.terminate()
    told = ["endpoint.upgrade_needed" in worker.stderr + worker.stdout for worker in fleet.workers]
    assert (order in WAITS) == any(told)
    ids = {unframe(record.value)[0] for record in read(swift, fleet.setup.topic) if record.value is not None}
    assert 2 == len(ids)
    assert registered == ids.isdisjoint({NEWEST.id, EARLIER.id})


@pytest.mark.parametrize("registered", [False], ids=["pinned ids"])
def test_what_a_source_sent(fleet: Fleet, receiver: Receiver) -> None:
    """What only the newest release can carry waits for the new worker too, and arrives as the source sent it."""
    fleet.setup.endpoints = [endpoint("ci", receiver.url, format="source")]
    fleet.start("intake", "new")
    fleet.start("worker", "old")
    sent = HARBOR.read_bytes()
    with Poster(f"http://{fleet.running['intake'][0].address}/events/harbor-eu") as poster:
        assert 200 == poster.insist(sent, {"Content-Type": "application/json"}).status
    fleet.worker.wait_for_log("endpoint.upgrade_needed")
    assert [] == receiver.requests
    fleet.start("worker", "new")
    fleet.stop("worker")
    arrived = receiver.wait_for(1)  # more than one if it was sent again after a 503
    assert {(sent, "application/json", "harbor-eu")} == {
        (one.body, one.header("content-type"), one.header("registry-name")) for one in arrived
    }
