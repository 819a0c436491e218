"""Both commands and the sink with a schema registry: the real Apicurio where it answers, the stub where it must fail.

A real Kafka throughout.
"""

import asyncio
import http.client
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from broker import LocalKafka, free_port
from producer import KafkaSink, SinkClosed, SinkError
from runtime.config import Secret, TLSSettings
from runtime.config.settings import SchemaRegistrySettings
from runtime.kafka.writer import WRITE_LIMIT_S
from runtime.schema_registry import ANSWER_LIMIT_S
from schemas import Event, Target
from schemas.avro import decode, unframe
from schemas.catalog import CATALOG
from tests.kit import eventually
from tests.kit.apicurio import Apicurio
from tests.kit.authority import Authority, authority
from tests.kit.bridge import Finished, Installation
from tests.kit.eventually import LIMIT_S
from tests.kit.exchange import Answer, Captured
from tests.kit.notifications import Poster, envelope, event_json
from tests.kit.process import Process
from tests.kit.raw_server import soon
from tests.kit.schema_registry import SchemaRegistry as Stub
from tests.kit.schema_registry import basic
from tests.kit.topics import make_topic, read

pytestmark = pytest.mark.kafka

TOPIC = "test-schema-registry"
VERSIONS = [release.version for release in CATALOG.releases]
"""Of the subject, when all our schemas are there."""
CLASHING = json.dumps({"type": "record", "name": "Event", "fields": [{"name": "id", "type": "int"}]})
USER, PASSWORD = "bob", "s3cr:t/@$ö"
LATE = f"does not answer within {ANSWER_LIMIT_S:g} s"
"""Of a registry: a cold one takes long for its first answers, and a busy machine for any."""
KAFKA_LATE = "reaching Kafka at "
"""How a reason begins that Kafka has given no sign of life for a second, which a busy machine makes late."""
SHOWN_NOWHERE = ("s3cr", quote(PASSWORD, safe=""), basic(USER, PASSWORD).removeprefix("Basic "), "wr0ng")


@dataclass(frozen=True)
class Outsider:
    """A client of a schema registry that is none of our code."""

    url: str

    def ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON; it must be 200."""
        base = urlsplit(self.url)
        connection = http.client.HTTPConnection(base.netloc, timeout=LIMIT_S)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, base.path + path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found = answer.read()
            assert 200 == answer.status, found
            return json.loads(found)
        finally:
            connection.close()

    def id_of(self, topic: str) -> int:
        """The id of the newest schema of a topic."""
        return int(self.ask("GET", f"/subjects/{topic}-value/versions/latest")["id"])

    def register(self, topic: str, schema: str) -> None:
        """Put a schema there first."""
        self.ask("POST", f"/subjects/{topic}-value/versions", {"schema": schema})

    def set_level(self, topic: str, level: str) -> None:
        """Set the compatibility of a topic's subject."""
        self.ask("PUT", f"/config/{topic}-value", {"compatibility": level})


@dataclass(frozen=True)
class Setup:
    """Makes installations of one test that differ in their schema registry."""

    bootstrap: str
    topic: str
    folder: Path
    made: list[int] = field(default_factory=list)

    def at(self, url: str, **settings: Any) -> Installation:
        """One that registers at this URL."""
        self.made.append(1)
        sections = {"schema_registry": {"url": url, **settings}}
        return Installation(self.bootstrap, self.topic, self.folder / str(len(self.made)), sections=sections)


@pytest.fixture(scope="module")
def apicurio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    """The real one; it has a schema already, so that our ids are not the first."""
    with Apicurio(tmp_path_factory.mktemp("apicurio")) as up:
        outsider = Outsider(up.url)
        outsider.register("somebody-else", '{"type": "record", "name": "Other", "fields": []}')
        yield outsider


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority."""
    return authority(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, known: Authority) -> Iterator[str]:
    """The URL of the real one with TLS, and one user."""
    with Apicurio(tmp_path_factory.mktemp("guarded"), authority=known, users={USER: PASSWORD}) as up:
        yield up.url


@pytest.fixture
def stub() -> Iterator[Stub]:
    """The stub, up."""
    with Stub() as up:
        yield up


@pytest.fixture
def setup(kafka: LocalKafka, topic: str, tmp_path: Path) -> Setup:
    """Installations of the test."""
    return Setup(kafka.bootstrap, topic, tmp_path)


@pytest.fixture(scope="module")
def serving(
    kafka: LocalKafka, apicurio: Outsider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Process]]:
    """An intake that has registered at the real one."""
    installation = Setup(kafka.bootstrap, TOPIC, tmp_path_factory.mktemp("serving")).at(apicurio.url)
    with installation.bridge() as running:
        running.wait_ready()
        yield installation, running
        assert "Traceback" not in running.stderr


@pytest.fixture
def poster(serving: tuple[Installation, Process]) -> Iterator[Poster]:
    """A client of it."""
    with Poster(f"http://{serving[1].address}/events") as made:
        yield made


def body(name: str) -> bytes:
    """An envelope with one event."""
    return envelope(event_json(f"schema/{name}", 0))


def assert_written(kafka: LocalKafka, topic: str, schema_id: int, *names: str) -> None:
    """These events stand there once each, framed with the id, and our readers find their schema by the header."""
    found = {record.key: record for record in read(kafka, topic)}
    for name in names:
        record = found[f"schema/{name}".encode()]
        assert record.value is not None
        assert schema_id == unframe(record.value)[0]
        assert CATALOG.latest.fingerprint == record.header("schema-fingerprint")
        assert f"schema-{name}-0" == decode(record.value, record.header("schema-fingerprint")).id


def said(done: Finished) -> str:
    """The one line of a command that has failed, exit 1."""
    assert 1 == done.code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("registry-bridge: ")]
    assert 1 == len(lines), done.stderr
    assert [] == [secret for secret in SHOWN_NOWHERE if secret in done.stdout + done.stderr]
    return lines[0].removeprefix("registry-bridge: ")


def ran(installation: Installation, *arguments: str, stdin: bytes = b"") -> Finished:
    """What a command says; it is run again while it says that the registry was late."""

    def once() -> Finished | None:
        done = installation.run_bridge(*arguments, stdin=stdin)
        return None if LATE in done.stdout + done.stderr else done

    return eventually(once)


def published(installation: Installation, name: str) -> Finished:
    """What `publish` says of one event."""
    return ran(installation, "publish", "-", stdin=body(name).replace(b"\n", b" ") + b"\n")


# On the real one.


def test_records_carry_the_id_that_the_registry_gave(
    serving: tuple[Installation, Process], poster: Poster, kafka: LocalKafka, apicurio: Outsider
) -> None:
    """And the fingerprint beside it; the registry gives the very schema back by that id, and guards the subject."""
    assert 200 == poster.insist(body("serve")).status
    schema_id = apicurio.id_of(TOPIC)
    assert 1 < schema_id < CATALOG.latest.id
    assert_written(kafka, TOPIC, schema_id, "serve")
    assert CATALOG.latest.text == apicurio.ask("GET", f"/schemas/ids/{schema_id}")["schema"]
    assert "FULL_TRANSITIVE" == apicurio.ask("GET", f"/config/{TOPIC}-value")["compatibilityLevel"]
    logged = serving[1].wait_for_log("schema.registered")
    assert (apicurio.url, f"{TOPIC}-value") == (logged["registry"], logged["subject"])
    assert (len(VERSIONS), schema_id) == (len(logged["ids"]), logged["ids"][-1])


def test_the_bridges_own_routes_know_both_ids(poster: Poster, apicurio: Outsider) -> None:
    """Readers that ask the bridge find the schema of new records, and of those written before with the pinned id."""
    schema_id = apicurio.id_of(TOPIC)
    for one in (schema_id, CATALOG.latest.id):
        reply = poster.request("GET", f"/schemas/ids/{one}")
        assert (200, CATALOG.latest.text) == (reply.status, reply.json["schema"])
    assert schema_id == poster.request("GET", f"/subjects/{TOPIC}-value/versions/latest").json["id"]
    assert schema_id == poster.request("GET", f"/subjects/{TOPIC}-value/versions/{CATALOG.latest.version}").json["id"]
    assert 404 == poster.request("GET", f"/schemas/ids/{schema_id + 1}").status


def test_a_second_start_finds_the_same_id(
    serving: tuple[Installation, Process], apicurio: Outsider, kafka: LocalKafka
) -> None:
    """Nothing is registered twice, by another bridge, by `init` or by `publish`."""
    installation, _ = serving
    schema_id = apicurio.id_of(TOPIC)
    with installation.bridge(name="second") as second, Poster(f"{second.wait_ready()}/events") as poster:
        assert 200 == poster.insist(body("second")).status
    assert 0 == ran(installation, "init").code
    assert 0 == published(installation, "published").code
    assert_written(kafka, TOPIC, schema_id, "second", "published")
    assert VERSIONS == apicurio.ask("GET", f"/subjects/{TOPIC}-value/versions")


@pytest.mark.parametrize("command", ["init", "publish"])
def test_init_and_publish_register_too(setup: Setup, kafka: LocalKafka, apicurio: Outsider, command: str) -> None:
    """Whichever comes first; `init` is one line all the same."""
    installation = setup.at(apicurio.url)
    if command == "init":
        done = ran(installation, "init")
        assert (0, 1) == (done.code, len(done.stdout.splitlines())), done.stderr
    else:
        assert 0 == published(installation, "first").code
        assert_written(kafka, setup.topic, apicurio.id_of(setup.topic), "first")
    assert CATALOG.latest.text == apicurio.ask("GET", f"/subjects/{setup.topic}-value/versions/latest")["schema"]
    assert "FULL_TRANSITIVE" == apicurio.ask("GET", f"/config/{setup.topic}-value")["compatibilityLevel"]


@pytest.mark.parametrize("command", ["serve", "init", "publish"])
def test_an_incompatible_schema_ends_the_command(
    setup: Setup, kafka: LocalKafka, apicurio: Outsider, command: str
) -> None:
    """Somebody else's schema in the subject: exit 1, one line that names both, nothing is written."""
    apicurio.register(setup.topic, CLASHING)
    installation = setup.at(apicurio.url)
    done = published(installation, "never") if command == "publish" else ran(installation, command)
    told = f"schema registry {apicurio.url} refuses the schema for subject {setup.topic}-value: "
    assert said(done).startswith(told)
    assert len(said(done)) < len(told) + 400
    assert [] == read(kafka, setup.topic)
    assert [1] == apicurio.ask("GET", f"/subjects/{setup.topic}-value/versions")


# Away.


def not_ready(poster: Poster) -> str:
    """Why it is not ready; empty if it is."""
    reply = poster.request("GET", "/readyz")
    return "" if reply.status == 200 else reply.body.decode()


def test_a_registry_that_is_away_at_the_start(setup: Setup, kafka: LocalKafka, stub: Stub) -> None:
    """POSTs are answered 503 and /readyz says why; when the registry comes the bridge goes on by itself.

    Once it has registered, the registry is not missed.
    """
    stub.stop()
    with setup.at(stub.url).bridge() as bridge, Poster(f"http://{bridge.address}/events") as poster:
        told = f"schema registry {stub.url} cannot be reached: Connection refused"
        eventually(lambda: told in not_ready(poster))
        eventually(lambda: told in refusal(poster, "early"))
        assert 200 == poster.request("GET", "/livez").status
        stub.start()
        eventually(lambda: not not_ready(poster))
        assert 200 == poster.insist(body("early")).status
        stub.stop()
        assert 200 == poster.insist(body("late")).status
        eventually(lambda: not not_ready(poster))
        assert 200 == poster.request("GET", "/schemas/ids/1").status
        reasons = [line["reason"] for line in bridge.log() if line.get("event") == "bridge.not_prepared"]
        assert [True] == [told in one for one in reasons if not one.startswith(KAFKA_LATE) and LATE not in one]
    assert "Traceback" not in bridge.stderr
    assert_written(kafka, setup.topic, VERSIONS[-1], "early", "late")
    assert 2 <= len(read(kafka, setup.topic)) <= 2 + poster.again


def refusal(poster: Poster, name: str) -> str:
    """Why a POST is answered 503."""
    reply = poster.post(body(name))
    if reply.status != 503:
        pytest.fail(f"answered {reply.status}")
    return str(reply.json["error"])


def test_a_registry_that_does_not_answer(setup: Setup, stub: Stub) -> None:
    """While it is waited for, probes and POSTs are answered, and the stop is clean."""
    stub.fail(Answer(delay=600))
    with setup.at(stub.url).bridge() as bridge, Poster(f"http://{bridge.address}/events") as poster:
        eventually(lambda: stub.requests)
        why = refusal(poster, "never")
        assert why == "topics and schema are not prepared yet" or why.startswith(KAFKA_LATE) or why.endswith(LATE)
        assert 200 == poster.request("GET", "/livez").status
        bridge.signal(signal.SIGTERM)
        stub.stop()
        assert 0 == bridge.wait()
    assert "Traceback" not in bridge.stderr


@pytest.mark.parametrize("command", ["init", "publish"])
def test_init_and_publish_without_the_registry(setup: Setup, kafka: LocalKafka, command: str) -> None:
    """Exit 1 with one line that says where they looked, and no record is written."""
    url = f"http://127.0.0.1:{free_port()}"
    installation = setup.at(url)
    done = published(installation, "never") if command == "publish" else installation.run_bridge(command)
    assert said(done).startswith(f"schema registry {url} cannot be reached: Connection refused")
    assert [] == read(kafka, setup.topic)


# Who we are, and whom we trust.


def with_user(url: str, password: str = PASSWORD) -> str:
    """The URL with the user in it."""
    return url.replace("//", f"//{USER}:{quote(password, safe='')}@")


def test_a_user_over_tls(setup: Setup, kafka: LocalKafka, known: Authority, guarded: str) -> None:
    """`authorization` from the environment, or a user in the URL; with `tls.ca`: registered, and shown to nobody."""
    authorization = {"SCHEMA_REGISTRY_AUTHORIZATION": basic(USER, PASSWORD)}
    by_header = setup.at(guarded, authorization="${SCHEMA_REGISTRY_AUTHORIZATION}", tls={"ca": str(known.file)})
    with (
        by_header.bridge("--log-level", "debug", environment=authorization) as bridge,
        Poster(f"{bridge.wait_ready()}/events") as poster,
    ):
        assert 200 == poster.insist(body("guarded")).status
        schema_id = int(poster.request("GET", f"/subjects/{setup.topic}-value/versions/latest").json["id"])
    by_url = setup.at(with_user(guarded), tls={"ca": str(known.file)})
    assert 0 == published(by_url, "user").code
    assert_written(kafka, setup.topic, schema_id, "guarded", "user")
    checked = ran(by_url, "check")
    assert f"schema registry {guarded.replace('//', '//***@')}: release" in checked.stdout
    shown = bridge.stderr + bridge.stdout + checked.stdout + checked.stderr
    assert [] == [secret for secret in SHOWN_NOWHERE if secret in shown]


def test_a_wrong_password(setup: Setup, known: Authority, guarded: str) -> None:
    """`serve` is not ready and says what to set, `init` and `check` end with exit 1; nobody shows the password."""
    tls = {"ca": str(known.file)}
    told = "answers 401: set schema_registry.authorization"
    installation = setup.at(with_user(guarded, "wr0ng"), tls=tls)
    with (
        installation.bridge("--log-level", "debug") as bridge,
        Poster(f"http://{bridge.address}/events") as poster,
    ):
        eventually(lambda: told in not_ready(poster))
        eventually(lambda: told in refusal(poster, "never"))
        shown = not_ready(poster) + refusal(poster, "never")
    assert told in said(ran(installation, "init"))
    other = ran(setup.at(guarded, authorization="Bearer wr0ng", tls=tls), "check")
    assert (1, True) == (other.code, told in "".join(findings(other, "wrong")))
    shown += bridge.stderr + bridge.stdout + other.stdout + other.stderr
    assert [] == [secret for secret in SHOWN_NOWHERE if secret in shown]


def test_an_authority_that_nobody_knows(setup: Setup, guarded: str) -> None:
    """Without `tls.ca` the registry is not trusted; with `verify: false` it is."""
    assert "signed by an unknown authority" in said(ran(setup.at(with_user(guarded)), "init"))
    assert 0 == ran(setup.at(with_user(guarded), tls={"verify": False}), "init").code


# check


def findings(done: Finished, verdict: str) -> list[str]:
    """The texts of the findings of this verdict that speak of the schema registry or its subject."""
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    return [line[1] for line in lines if line[0] == verdict and line[1].startswith(("schema registry ", "subject "))]


def test_check_of_the_schema(setup: Setup, apicurio: Outsider) -> None:
    """Missing and another level are warnings, exit 0; registered is ok, with the id."""
    installation = setup.at(apicurio.url)
    releases = [f"schema registry {apicurio.url}: release {version} of the schema" for version in VERSIONS]
    missing = ran(installation, "check")
    assert (0, []) == (missing.code, findings(missing, "ok") + findings(missing, "wrong"))
    told = "is missing; `init`, `serve` and `publish` register it"
    assert [f"{release} {told}" for release in releases] == findings(missing, "warning")
    assert 0 == ran(installation, "init").code
    there = ran(installation, "check")
    assert (0, []) == (there.code, findings(there, "warning") + findings(there, "wrong"))
    assert f"{releases[-1]} has the id {apicurio.id_of(setup.topic)}" == findings(there, "ok")[-1]
    assert len(releases) == len(findings(there, "ok"))
    apicurio.set_level(setup.topic, "BACKWARD")
    other = ran(installation, "check")
    told = f"subject {setup.topic}-value has compatibility BACKWARD instead of FULL_TRANSITIVE"
    assert [f"{told}; `init`, `serve` and `publish` set it"] == findings(other, "warning")
    assert (0, findings(there, "ok")) == (other.code, findings(other, "ok"))
    assert "BACKWARD" == apicurio.ask("GET", f"/config/{setup.topic}-value")["compatibilityLevel"]


def test_check_of_a_subject_without_a_level_of_its_own(setup: Setup, stub: Stub) -> None:
    """Confluent's registry then goes by the level of all, which is not ours to know: a warning."""
    for release in CATALOG.releases:
        assert release.version == stub.register(f"{setup.topic}-value", release.text)
    done = ran(setup.at(stub.url), "check")
    told = f"subject {setup.topic}-value has no compatibility of its own instead of FULL_TRANSITIVE"
    assert (0, [f"{told}; `init`, `serve` and `publish` set it"]) == (done.code, findings(done, "warning"))


def test_check_of_a_registry_that_is_away(setup: Setup) -> None:
    """It is wrong: exit 1, once; what can be known of Kafka is said all the same."""
    url = f"http://127.0.0.1:{free_port()}"
    done = setup.at(url).run_bridge("check")
    [told] = findings(done, "wrong")
    assert told.startswith(f"schema registry {url} cannot be reached: ")
    assert (1, True) == (done.code, "Kafka answers" in done.stdout)


# The sink.


def event(name: str) -> Event:
    """An event."""
    return Event(id=f"schema-{name}-0", action="push", target=Target(repository=f"schema/{name}"))


@pytest.fixture
def sink_at(kafka: LocalKafka, topic: str) -> Iterator[Callable[..., KafkaSink]]:
    """Makes sinks that register at a URL, patient with a busy machine unless told otherwise."""
    make_topic(kafka, topic, 1)
    made: list[KafkaSink] = []

    def make(url: str, timeout: float = 60.0) -> KafkaSink:
        settings = {"bootstrap.servers": kafka.bootstrap}
        made.append(KafkaSink(settings, topic, schema_registry=SchemaRegistrySettings(url=url), timeout=timeout))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def write_first(sink: KafkaSink, one: Event) -> None:
    """Write what needs the registry's answer, again while that was late."""

    def is_written() -> bool:
        try:
            sink.write(one)
        except SinkError as error:
            if LATE not in str(error):
                raise
            return False
        return True

    eventually(is_written)


def test_the_sink_registers_with_its_first_write(
    sink_at: Callable[[str], KafkaSink], topic: str, kafka: LocalKafka, apicurio: Outsider
) -> None:
    """Making one asks nobody; then its records carry the registry's id."""
    sink = sink_at(apicurio.url)
    assert f"{topic}-value" not in apicurio.ask("GET", "/subjects")
    for name in ("first", "next"):
        write_first(sink, event(name))
    schema_id = apicurio.id_of(topic)
    assert "FULL_TRANSITIVE" == apicurio.ask("GET", f"/config/{topic}-value")["compatibilityLevel"]
    assert_written(kafka, topic, schema_id, "first", "next")


def test_the_sink_registers_with_awaited_writes(
    sink_at: Callable[[str], KafkaSink], topic: str, kafka: LocalKafka, stub: Stub
) -> None:
    """However many are awaited at once, the registry is asked once, and the loop is free meanwhile."""
    sink = sink_at(stub.url)
    names = [f"soon{number}" for number in range(20)]
    may_answer = threading.Event()

    def held(_: Captured) -> bool:
        may_answer.wait(LIMIT_S)
        return False

    stub.fail(Answer(500), hits=held)  # none is answered so: each is only held

    async def write_all() -> None:
        writes = asyncio.gather(*(sink.write_soon(event(name)) for name in names))
        await soon(lambda: bool(stub.requests), "the registry was not asked")
        for _ in range(20):  # a loop that waits for the answer has no turn before the sink gives up
            await asyncio.sleep(0)
        assert not writes.done()
        may_answer.set()
        await writes

    try:
        asyncio.run(write_all())
    finally:
        may_answer.set()
    assert ["GET", "PUT", *["POST"] * 2 * len(VERSIONS)] == [request.method for request in stub.requests]
    assert_written(kafka, topic, VERSIONS[-1], *names)
    assert len(names) == len(read(kafka, topic))


def test_the_sink_says_that_the_registry_is_away_and_recovers(
    sink_at: Callable[[str], KafkaSink], topic: str, kafka: LocalKafka, stub: Stub
) -> None:
    """SinkError with the registry named; nothing is written; writes go on when it comes."""
    stub.stop()
    sink = sink_at(stub.url)
    with pytest.raises(SinkError, match=f"^schema registry {stub.url} cannot be reached: ") as raised:
        sink.write(event("away"))
    assert not isinstance(raised.value, SinkClosed)
    with pytest.raises(SinkError, match=f"^schema registry {stub.url} cannot be reached: "):
        asyncio.run(sink.write_soon(event("away")))
    assert [] == read(kafka, topic)
    stub.start()
    eventually(lambda: _written(sink, event("back")))
    stub.stop()
    sink.write(event("after"))
    assert_written(kafka, topic, VERSIONS[-1], "back", "after")


def _written(sink: KafkaSink, one: Event) -> bool:
    try:
        sink.write(one)
    except SinkError:
        return False
    return True


def test_the_sink_waits_for_the_registry_no_longer_than_for_kafka(
    sink_at: Callable[..., KafkaSink], stub: Stub
) -> None:
    """Many threads meet a registry that does not answer: each is told within the time of one write."""
    stub.fail(Answer(delay=600))
    sink = sink_at(stub.url, WRITE_LIMIT_S)
    begun = time.monotonic()
    threads = 32
    with ThreadPoolExecutor(threads) as pool:
        assert not any(pool.map(lambda number: _written(sink, event(f"hung{number}")), range(threads)))
    assert time.monotonic() - begun < threads, "one after the other they would take twice as long"
    assert 1 == len(stub.requests)


def test_the_sink_says_that_its_schema_is_refused(
    sink_at: Callable[[str], KafkaSink], topic: str, kafka: LocalKafka, stub: Stub
) -> None:
    """An incompatible schema in the subject is a SinkError too: the registry's process must live on."""
    stub.register(f"{topic}-value", CLASHING)
    sink = sink_at(stub.url)
    with pytest.raises(SinkError, match=f"refuses the schema for subject {topic}-value: "):
        sink.write(event("refused"))
    assert [] == read(kafka, topic)


def test_a_closed_sink_asks_no_registry(sink_at: Callable[[str], KafkaSink], stub: Stub) -> None:
    """It says that it is closed, whatever the registry would say."""
    stub.stop()
    sink = sink_at(stub.url)
    sink.close()
    with pytest.raises(SinkClosed):
        sink.write(event("closed"))
    with pytest.raises(SinkClosed):
        asyncio.run(sink.write_soon(event("closed")))
    assert [] == stub.requests


def test_the_sink_with_a_user_over_tls(kafka: LocalKafka, topic: str, known: Authority, guarded: str) -> None:
    """Its settings are those of the configuration."""
    make_topic(kafka, topic, 1)
    authorization, tls = Secret(basic(USER, PASSWORD)), TLSSettings(ca=known.file)
    settings = SchemaRegistrySettings(url=guarded, authorization=authorization, tls=tls)
    sink = KafkaSink({"bootstrap.servers": f" {kafka.bootstrap}\n"}, topic, schema_registry=settings, timeout=60.0)
    try:
        write_first(sink, event("guarded"))
    finally:
        sink.close()
    assert_written(kafka, topic, VERSIONS[-1], "guarded")
