"""Records framed with a schema registry's ids, as others leave them in the topic: read, waited for, given up."""

import json
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.dataset
import pytest

from broker import LocalKafka
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.envelope import read_envelope
from schemas.event import MEDIA_TYPE_V2
from schemas.headers import record_headers
from tests.kit import Answer, Process, Receiver, eventually
from tests.kit.apicurio import Apicurio
from tests.kit.bridge import WORKER, Finished, Installation, endpoint
from tests.kit.exchange import Captured
from tests.kit.notifications import (
    Poster,
    arrivals,
    assert_in_order,
    delivered,
    doubles,
    envelope,
    event_json,
    ids,
    wait_for_ids,
)
from tests.kit.schema_registry import SchemaRegistry
from tests.kit.topics import Found, make_topic, read, write

pytestmark = pytest.mark.kafka

LATEST = CATALOG.latest
REPOSITORIES = 5
OWN = "team/app4"
"""Only our own records are of this one."""
EACH = 12
NOBODYS = 9_999
LOST = "team/lost"


def without_docs(schema: Any) -> Any:
    """The same schema to a reader, another one to a registry."""
    if isinstance(schema, list):
        return [without_docs(one) for one in schema]
    if isinstance(schema, dict):
        return {name: without_docs(value) for name, value in schema.items() if name != "doc"}
    return schema


@dataclass(frozen=True, slots=True)
class Given:
    """The ids that a schema registry gave to the event's schema: as the bridge registers it, and without its docs."""

    bridge: int
    mirror: int


def registered(registry: SchemaRegistry) -> Given:
    """Both schemas, registered; always under the same ids."""
    bare = json.dumps(without_docs(json.loads(LATEST.text)))
    return Given(
        registry.register("registry.events-value", LATEST.text), registry.register("mirror.events-value", bare)
    )


def record(body: bytes, schema_id: int, *, partition: int, headers: bool) -> Found:
    """The event of an envelope as a record framed with this id."""
    (event,) = read_envelope(body, content_type=MEDIA_TYPE_V2)
    key = event.target.repository.encode()
    return Found(partition, 0, 0, key, frame(schema_id, encode(event)), tuple(record_headers(event)) if headers else ())


def mixed(given: Given, *, first: int = 0, each: int = EACH) -> tuple[list[bytes], list[Found]]:
    """Envelopes of `team/app0` to `team/app4`, each in a partition of its own; and records of all kinds in turns."""
    kinds = [(LATEST.id, True), (given.bridge, True), (given.bridge, False), (given.mirror, False), (LATEST.id, False)]
    bodies, records = [], []
    for number in range(first, first + each):
        for partition in range(REPOSITORIES):
            name = f"team/app{partition}"
            body = envelope(event_json(name, number))
            schema_id, headers = kinds[0] if name == OWN else kinds[(number + partition) % len(kinds)]
            bodies.append(body)
            records.append(record(body, schema_id, partition=partition, headers=headers))
    return bodies, records


def lost(partition: int = 0) -> Found:
    """An event framed with an id that no registry knows."""
    return record(envelope(event_json(LOST, 0)), NOBODYS, partition=partition, headers=False)


def installation(kafka: LocalKafka, topic: str, folder: Path, url: str, registry: str, **settings: Any) -> Installation:
    """One endpoint, `ci`, and a schema registry if its URL is given."""
    sections: dict[str, Mapping[str, Any]] = {"schema_registry": {"url": registry}} if registry else {}
    ends = [endpoint("ci", url, start="beginning", **settings)]
    return Installation(kafka.bootstrap, topic, folder, partitions=REPOSITORIES, endpoints=ends, sections=sections)


def buried(kafka: LocalKafka, setup: Installation) -> dict[tuple[str | None, ...], tuple[str | None, str | None]]:
    """Reason and error of the dead letters, by the event's place in the log, in order.

    A worker that Kafka has not answered in time buries an event once more.
    """
    found = read(kafka, setup.dead_letters)
    return {
        (one.header("dl-partition"), one.header("dl-offset")): (one.header("dl-reason"), one.header("dl-error"))
        for one in found
    }


def bodies_of(receiver: Receiver) -> Counter[bytes]:
    """What was delivered, byte for byte."""
    return Counter(arrival.request.body for arrival in delivered(receiver))


def reasons(address: str) -> list[str]:
    """Why the worker is not ready."""
    with Poster(f"http://{address}/") as asked:
        answer = asked.request("GET", "/readyz")
        return [] if answer.status == 200 else list(answer.json["reasons"])


def lag_and_breaker(setup: Installation) -> tuple[int, str]:
    """What `status` says of the one endpoint."""
    (told,) = json.loads(setup.run_worker("status", "--json").stdout)
    return told["lag"], told["breaker"]


def test_the_worker_waits_for_the_registry_and_goes_on(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """All kinds are delivered in order, byte for byte; a new id waits, and is told of, while the registry is away."""
    make_topic(kafka, topic, REPOSITORIES)
    with SchemaRegistry() as registry:
        given = registered(registry)
        bodies, records = mixed(Given(given.bridge, given.bridge))
        write(kafka, topic, [*records, lost()])
        setup = installation(kafka, topic, tmp_path, receiver.url, registry.url)
        with setup.worker() as worker:
            wait_for_ids(receiver, ids(bodies))
            why = f"the schema registry has no schema of an event with the id {NOBODYS}"
            assert [("undecodable", why)] == list(eventually(lambda: buried(kafka, setup)).values())
            asked = [request.path for request in registry.requests if request.status is not None]
            assert {f"/schemas/ids/{given.bridge}": 1, f"/schemas/ids/{NOBODYS}": 1} == Counter(asked)

            registry.stop()
            late = [envelope(event_json("team/app0", number)) for number in range(EACH, EACH + 6)]
            ids_of_late = [LATEST.id, given.mirror, given.bridge, LATEST.id, given.mirror, LATEST.id]
            others, records = mixed(Given(given.bridge, given.bridge), first=EACH)
            others = [body for body, at in zip(others, records, strict=True) if at.partition != 0]
            waiting = [
                record(body, schema_id, partition=0, headers=False)
                for body, schema_id in zip(late, ids_of_late, strict=True)
            ]
            write(kafka, topic, [*waiting, *(at for at in records if at.partition != 0)])
            wait_for_ids(receiver, ids([*bodies, *others, late[0]]))
            why = f"endpoint ci: schema id {given.mirror}: schema registry {registry.url} cannot be"
            eventually(lambda: [True] == [one.startswith(why) for one in reasons(worker.address)])
            assert ids([*bodies, *others, late[0]]) == {arrival.id for arrival in arrivals(receiver.requests)}
            setup.sections = {**setup.sections, "worker": {"listen": worker.address}}
            status = eventually(lambda: None if (done := setup.run_worker("status")).stderr else done)
            assert 0 == status.code
            assert f"partition 0 waits for the schema registry, asked for id {given.mirror}" in status.stdout
            assert f"schema registry {registry.url} cannot be reached" in status.stdout
            eventually(lambda: (5, "closed") == lag_and_breaker(setup))
            troubles = [line["error"] for line in worker.log() if line["event"] == "schema_registry.waiting"]
            assert troubles
            assert all(before != after for before, after in pairwise(troubles)), "told once, not at every try"

            registry.start()
            wait_for_ids(receiver, ids(late))
            eventually(lambda: reasons(worker.address) == [])
            assert Counter([*bodies, *others, *late]) == bodies_of(receiver)
            assert_in_order(receiver.requests)
            assert {} == doubles(delivered(receiver))
            assert 0 == worker.terminate()


def test_without_a_registry_foreign_ids_are_given_up(
    kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver
) -> None:
    """What a header or a pinned id tells is delivered; the rest are dead letters that say what to configure."""
    make_topic(kafka, topic, REPOSITORIES)
    bodies, records = mixed(Given(1, 2), each=5)
    write(kafka, topic, records)
    setup = installation(kafka, topic, tmp_path, receiver.url, "")
    done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
    assert 0 == done.code, done.stderr
    pinned = CATALOG.latest.id.to_bytes(4)
    told = [body for body, at in zip(bodies, records, strict=True) if at.headers or (at.value or b"")[1:5] == pinned]
    assert Counter(told) == bodies_of(receiver)
    letters = buried(kafka, setup)
    assert len(bodies) - len(told) == len(letters) == 8
    why = "schema id {} is not one of the bridge's own, and schema_registry.url is not set"
    assert {("undecodable", why.format(1)), ("undecodable", why.format(2))} == set(letters.values())


@dataclass(frozen=True, slots=True)
class Sample:
    """A topic of all kinds of records, delivered once: `team/app3` was rejected, one event is nobody's."""

    kafka: LocalKafka
    topic: str
    registry: SchemaRegistry
    bodies: list[bytes]
    records: list[Found]

    def setup(self, folder: Path, url: str, registry: str) -> Installation:
        """An installation on it."""
        return installation(self.kafka, self.topic, folder, url, registry)


@pytest.fixture(scope="module")
def sample(kafka: LocalKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """One for all commands, which change nothing of it but close a letter."""
    topic = "test-schema-ids-commands"
    make_topic(kafka, topic, REPOSITORIES)

    def script(request: Captured) -> Answer:
        return Answer(422 if b'"team/app3"' in request.body else 200)

    with SchemaRegistry() as registry, Receiver(script) as receiver:
        bodies, records = mixed(registered(registry))
        write(kafka, topic, [*records, lost()])
        made = Sample(kafka, topic, registry, bodies, records)
        folder = tmp_path_factory.mktemp("sample")
        setup = installation(kafka, topic, folder, receiver.url, registry.url, attempts=1, threshold=1_000)
        done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
        assert 0 == done.code, done.stderr
        assert EACH + 1 == len(buried(kafka, setup))
        yield made


def lines(done: Finished) -> list[str]:
    """What a command printed that succeeded in silence."""
    assert (0, "") == (done.code, done.stderr)
    return done.stdout.splitlines()


def rows(output: Path, format_: str) -> list[dict[str, Any]]:
    """Every record of an export in the names of the columns, in no order, of the event but its id and repository."""
    if format_ == "parquet":
        table = pyarrow.dataset.dataset(output, format="parquet", partitioning="hive").to_table()
        wanted = ("kafka_partition", "kafka_offset", "schema_id", "event_id", "repository", "raw")
        return list(table.select(wanted).to_pylist())
    found: list[dict[str, Any]] = []
    for file in sorted(output.rglob(f"*.{format_}")):
        for one in lines_of(file) if format_ == "ndjson" else records_of(file):
            event = one["event"] or {"target": {}}
            found.append(
                {name: one[name] for name in ("kafka_partition", "kafka_offset", "schema_id", "raw")}
                | {"event_id": event.get("id"), "repository": event["target"].get("repository")}
            )
    return found


def lines_of(file: Path) -> list[dict[str, Any]]:
    """The objects of an ndjson file."""
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def records_of(file: Path) -> list[dict[str, Any]]:
    """The records of an Avro file."""
    names = {"partition": "kafka_partition", "offset": "kafka_offset", "schemaId": "schema_id"}
    with file.open("rb") as opened:
        return [{names.get(name, name): value for name, value in one.items()} for one in fastavro.reader(opened)]  # type: ignore[union-attr]


def assert_exported(sample: Sample, found: Sequence[Mapping[str, Any]]) -> None:
    """Each record once, its columns filled, with the id that it came with; only the one of nobody is raw."""
    events = {next(iter(ids([body]))): at for body, at in zip(sample.bodies, sample.records, strict=True)}
    wanted = {name: (at.partition, int.from_bytes((at.value or b"")[1:5], "big")) for name, at in events.items()}
    seen = [one for one in found if one["event_id"] is not None]
    assert wanted == {one["event_id"]: (one["kafka_partition"], one["schema_id"]) for one in seen}
    assert len(wanted) == len(seen)
    assert {f"team/app{number}" for number in range(REPOSITORIES)} == {one["repository"] for one in seen}
    (nobodys,) = [one for one in found if one["event_id"] is None]
    assert (0, NOBODYS) == (nobodys["kafka_partition"], nobodys["schema_id"])
    assert nobodys["raw"]


def test_commands_see_the_events(sample: Sample, tmp_path: Path, receiver: Receiver) -> None:
    """tail, explain, replay, dead-letters and report treat them as any other; the one of nobody is told as such."""
    setup = sample.setup(tmp_path, receiver.url, sample.registry.url)
    total = len(sample.bodies)
    tailed = [json.loads(line) for line in lines(setup.run_worker("tail", "--json", "--from", "beginning"))]
    assert ids(sample.bodies) == {one["event"]["id"] for one in tailed if one["event"]}
    assert total + 1 == len(tailed)

    explained = "\n".join(lines(setup.run_worker("explain", "team-app1-2")))
    assert f"{sample.topic}/1/2" in explained
    assert " finished " in explained
    explained = "\n".join(lines(setup.run_worker("explain", f"0:{EACH}")))
    assert f"no event    schema id {NOBODYS} is not one of the bridge's" in explained

    told = lines(setup.run_worker("replay", "--endpoint", "ci", "--from", "beginning", "--dry-run"))
    assert f"ci: {total} events would be delivered, 0 filtered; 1 cannot be read" == told[0]
    replayed = setup.run_worker("replay", "--endpoint", "ci", "--from", "beginning", "--repository", "team/app1")
    assert 0 == replayed.code, replayed.stdout + replayed.stderr
    assert [f"team-app1-{number}" for number in range(EACH)] == [one.id for one in delivered(receiver)]

    letters = [json.loads(line) for line in lines(setup.run_worker("dead-letters", "list", "--json"))]
    assert {"rejected": EACH, "undecodable": 1} == Counter(letter["reason"] for letter in letters)
    assert {f"team-app3-{number}" for number in range(EACH)} == {one["event_id"] for one in letters if one["event_id"]}
    shown = "\n".join(lines(setup.run_worker("dead-letters", "show", "--id", "team-app3-4")))
    assert '"tag": "4"' in shown
    receiver.clear()
    done = setup.run_worker("dead-letters", "redrive", "--id", "team-app3-2")
    assert 0 == done.code, done.stderr
    assert [sample.bodies[2 * REPOSITORIES + 3]] == receiver.bodies()

    report = json.loads("".join(lines(setup.run_worker("report", "--json"))))["answers"]
    assert total == sum(day["pushes"] for day in report["activity_by_day"])
    assert 1 == sum(one["records"] for one in report["undecodable"])


@pytest.mark.parametrize("format_", ["parquet", "avro", "ndjson"])
def test_an_export_has_their_columns(sample: Sample, tmp_path: Path, format_: str) -> None:
    """Each record once with its foreign id; while the registry is away nothing wrong, and the rest afterwards."""
    with SchemaRegistry() as registry:
        registered(registry)
        setup = sample.setup(tmp_path, "http://127.0.0.1:9/", registry.url)
        output = tmp_path / "out"
        arguments = ("export", "--output", str(output), "--format", format_)
        registry.stop()
        assert_says_it_is_away(setup.run_worker(*arguments), registry)
        before = rows(output, format_) if list(output.rglob(f"*.{format_}")) else []
        assert {None} >= {one["raw"] for one in before}
        assert [] == list(output.rglob(".*.part"))
        registry.start()
        done = setup.run_worker(*arguments)
        assert 0 == done.code, done.stderr
        assert_exported(sample, rows(output, format_))


def assert_says_it_is_away(done: Finished, registry: SchemaRegistry) -> None:
    """Exit 1 and one line on stderr."""
    assert 1 == done.code, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert f"schema registry {registry.url} cannot be reached: " in line


def test_commands_say_that_the_registry_is_away(sample: Sample, tmp_path: Path, receiver: Receiver) -> None:
    """Exit 1 and one line; a replay can be resumed, and a tail that follows waits and says so once."""
    registry = SchemaRegistry()
    setup = sample.setup(tmp_path, receiver.url, registry.url)
    following = Process(
        WORKER, "tail", "--follow", "--from", "beginning", folder=tmp_path / "tail", config=setup.config()
    )
    replaying = Process(
        WORKER, "replay", "--endpoint", "ci", "--from", "beginning", folder=tmp_path / "replay", config=setup.config()
    )
    with following, replaying:
        for command in (
            ("tail",),
            ("explain", "team-app1-7"),
            ("replay", "--endpoint", "ci", "--from", "beginning", "--dry-run"),
            ("dead-letters", "list"),
            ("dead-letters", "show", "--id", "team-app3-4"),
            ("dead-letters", "redrive"),
            ("report",),
        ):
            done = setup.run_worker(*command)
            assert_says_it_is_away(done, registry)
            assert "" == done.stdout, command
        assert 1 == replaying.wait()
        summary, left, how = replaying.stdout.splitlines()
        assert summary.startswith("ci: ")
        assert " left: schema id " in left
        assert f": schema registry {registry.url} cannot be reached" in left
        assert {one.repository for one in delivered(receiver)} >= {OWN}
        before = {one.id for one in delivered(receiver)}
        eventually(lambda: following.stderr.count("; waiting\n") == 1)
        assert "" == following.stdout
        with registry:
            registered(registry)
            eventually(lambda: len(following.stdout.splitlines()) == len(sample.bodies) + 1)
            assert f"registry-worker: schema registry {registry.url} cannot be" in following.stderr
            assert 1 == len(following.stderr.splitlines())
            following.signal(signal.SIGINT)
            assert 0 == following.wait()
            run = how.partition("--resume ")[2].split()[0]
            resumed = setup.run_worker("replay", "--resume", run)
            assert f"{len(sample.bodies) - len(before)} delivered, 0 filtered, 1 failed" in resumed.stdout
            assert_in_order(receiver.requests)
            assert ({}, Counter(sample.bodies)) == (doubles(delivered(receiver)), bodies_of(receiver))


def test_with_a_real_registry(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """The bridge registers with Apicurio, others use its ids without a header, and the worker delivers both."""
    with Apicurio(tmp_path / "apicurio") as registry:
        setup = installation(kafka, topic, tmp_path, receiver.url, registry.url)
        with setup.bridge() as bridge:
            posted = [envelope(event_json("team/app0", number)) for number in range(3)]
            with Poster(f"{bridge.wait_ready()}/events") as poster:
                assert [200] * 3 == [poster.insist(body).status for body in posted]
        records = read(kafka, topic)
        (schema_id,) = {int.from_bytes((one.value or b"")[1:5], "big") for one in records}
        assert schema_id < LATEST.id
        partition = records[0].partition
        foreign = [envelope(event_json("team/app0", number)) for number in range(3, 6)]
        made = [record(body, schema_id, partition=partition, headers=False) for body in foreign]
        unknown = [
            record(foreign[0], schema_id, partition=partition, headers=False)
            for schema_id in (77_777, 2**31 - 1, 2**31)
        ]
        write(kafka, topic, [*unknown, *made])
        done = setup.run_worker("deliver", "--until-caught-up", "--timeout", "120s")
        assert 0 == done.code, done.stderr
        came = [one.request.body for one in delivered(receiver)]
        assert [*posted, *foreign] == list(dict.fromkeys(came))
        assert len(came) <= len(posted) + len(foreign) + poster.again
        assert [
            "the schema registry has no schema of an event with the id 77777",
            "the schema registry has no schema of an event with the id 2147483647",
            "0x80000000 is no schema id: the largest is 0x7fffffff",
        ] == [error for _, error in buried(kafka, setup).values()]
