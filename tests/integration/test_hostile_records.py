"""What somebody who can write to the events topic can do to a running worker with five endpoints, and to the commands.

Before there were limits such records cost 45 s without any answer, and 1.4 GiB.
"""

import http.client
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Message, Producer

from broker import LocalKafka
from schemas import Descriptor, Event, Platform, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.compiled_writer import varint
from schemas.limits import MAX_REFERENCES, MAX_VALUES
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.cpu import worked_until
from tests.kit.eventually import LIMIT_S
from tests.kit.process import Process
from tests.kit.topics import Found, once, read

pytestmark = pytest.mark.kafka

ENDPOINTS = 5
ORDINARY = 30
MIB = 2**20
MEMORY_LIMIT_MIB = 512
"""A third more than five consumers took at most in many runs, on a busy machine: how far they are apart is luck."""


def value(event: Event) -> bytes:
    """Of a record."""
    return frame(CATALOG.latest.id, encode(event))


def bomb() -> bytes:
    """20 million empty urls in one block."""
    return frame(CATALOG.latest.id, b"\x00" * 7 + varint(20_000_000) + b"\x00" * 20_000_000)


def worst() -> bytes:
    """As many values as an event may have, in the dearest shape."""
    reference = Descriptor(platform=Platform(os_features=[""] * (MAX_VALUES // MAX_REFERENCES - 1)))
    return value(Event(id="worst", target=Target(references=[reference] * MAX_REFERENCES)))


def largest() -> bytes:
    """A text of its own that fills the record."""
    return value(Event(id="largest", original='{"id":"largest","x":"' + "y" * (23 * MIB) + '"}'))


INJECTION = '{"id":"x"}\n   ],"evil":[1'


@dataclass
class Attacker:
    """Writes what it likes."""

    kafka: LocalKafka
    topic: str
    faults: list[KafkaError] = field(default_factory=list)

    def write(self, *values: bytes, key: bytes | None = None, timestamp: int | None = None) -> None:
        """Records into partition 0, compressed: a topic's limit counts compressed bytes."""
        settings = {"message.max.bytes": 200 * MIB, "compression.type": "zstd", "linger.ms": 0}
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap, **settings})
        for one in values:
            if timestamp is None:
                producer.produce(self.topic, one, key=key, partition=0, on_delivery=self._report)
            else:
                producer.produce(self.topic, one, partition=0, timestamp=timestamp, on_delivery=self._report)
        assert producer.flush(LIMIT_S) == 0
        assert not self.faults

    def write_with_header(self, name: bytes, text: bytes) -> None:
        """A record whose header has a name of these bytes: no client of Python or Java writes such."""
        command = [b"kcat", b"-b", self.kafka.bootstrap.encode(), b"-P", b"-p", b"0", b"-t", self.topic.encode()]
        subprocess.run([*command, b"-H", name + b"=v"], input=text, check=True)

    def _report(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self.faults.append(error)


def ordinary() -> list[bytes]:
    """Events of as many repositories."""
    return [value(Event(id=f"o{at}", action="push", target=Target(repository=f"ok/{at}"))) for at in range(ORDINARY)]


def ordinary_in(receiver: Receiver) -> int:
    """How many of them arrived."""
    return sum(b'"id": "o' in body[:200] for body in receiver.bodies())


class Livez:
    """Asks a worker whether it is alive, all the time: how long it computed at most until it said so, in seconds."""

    def __init__(self, worker: Process) -> None:
        self._worker = worker
        self._stopped = threading.Event()
        self.slowest_s = 0.0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Meanwhile."""
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _ask(self) -> None:
        while not self._stopped.wait(0.05):
            status, worked_s = worked_until(self._worker.pid, self._answer)
            assert status == 200
            self.slowest_s = max(self.slowest_s, worked_s)

    def _answer(self) -> int:
        with closing(http.client.HTTPConnection(self._worker.address, timeout=LIMIT_S)) as connection:
            connection.request("GET", "/livez")
            return connection.getresponse().status


def peak_mib(pid: int) -> int:
    """The most that a process has had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


def reasons(letters: list[Found]) -> dict[str, int]:
    """How many letters say what, records by their offset."""
    found: dict[str, int] = {}
    for letter in letters:
        said = f"{letter.header('dl-offset')} {letter.header('dl-reason')}: {letter.header('dl-error')}"
        found[said] = found.get(said, 0) + 1
    return found


def test_no_record_stops_the_endpoints_of_a_worker(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Each record that a worker cannot take is a letter; those that it can take arrive, and all others beside them."""
    attacker = Attacker(kafka, topic)
    with ExitStack() as stack:
        receivers = [stack.enter_context(Receiver()) for _ in range(ENDPOINTS)]
        ends = [endpoint(f"e{at}", receiver.url) for at, receiver in enumerate(receivers)]
        setup = Installation(kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=ends)
        assert setup.run_bridge("init").code == 0
        worker = stack.enter_context(setup.worker())
        worker.wait_ready()
        livez = Livez(worker)
        with livez.asking():
            attacker.write(bomb())
            eventually(lambda: len(once(read(kafka, setup.dead_letters))) == ENDPOINTS, 3 * LIMIT_S, every=0.5)
            for count, record in enumerate((worst(), largest()), 1):
                attacker.write(record)
                eventually(lambda: all(len(one.requests) >= count for one in receivers), 3 * LIMIT_S)  # noqa: B023 - asked at once
            assert peak_mib(worker.pid) < MEMORY_LIMIT_MIB
            attacker.write(bytes(26 * MIB), key=b"beyond")
            attacker.write(value(Event(id="x", original=INJECTION)), value(Event(id="y", original='{"id":"z"}')))
            attacker.write_with_header(b"\xff", b"no event")
            attacker.write(*ordinary())
            eventually(lambda: all(ordinary_in(receiver) == ORDINARY for receiver in receivers), 3 * LIMIT_S)
            eventually(lambda: len(once(read(kafka, setup.dead_letters))) == 5 * ENDPOINTS, 3 * LIMIT_S, every=0.5)
            assert [ORDINARY + 2] * ENDPOINTS == [len(receiver.requests) for receiver in receivers]
            assert livez.slowest_s < 1.0
        assert worker.terminate() == 0
    letters = read(kafka, setup.dead_letters)
    was_late = any(line["event"] == "dead_letter.not_written" for line in worker.log())
    assert len(once(letters)) == len(letters) or was_late
    found = reasons(once(letters))
    assert set(found.values()) == {ENDPOINTS}
    told = [said.partition(" ")[2] for said in sorted(found)]
    assert told[0] == f"undecodable: it has more than {MAX_VALUES:,} values, the limit of one event"
    assert told[1].endswith("its value and headers, 26 MiB, are left out: a letter takes 24 MiB")
    assert told[2].startswith("undecodable: its original is not the JSON of an event: line 2 column 4")
    assert told[3] == "undecodable: its original has another id than the record"
    assert told[4].startswith("undecodable: framing byte is 0x6e")


def test_commands_show_what_a_hostile_topic_holds(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """No crash, JSON stays JSON, text does nothing on a terminal, and what comes behind is shown too."""
    attacker = Attacker(kafka, topic)
    setup = Installation(
        kafka.bootstrap, topic, tmp_path, partitions=1, endpoints=[endpoint("ci", "http://127.0.0.1:9/")]
    )
    assert setup.run_bridge("init").code == 0
    attacker.write(bomb(), value(Event(id="x", original=INJECTION)), key=b"\xff")
    attacker.write(value(Event(id="past", action="\x1b[31mpush\u202e")), timestamp=-(10**15))
    attacker.write(value(Event(id="never")), timestamp=-1)
    attacker.write_with_header(b"\xff", b"no event")
    attacker.write(value(Event(id="last")))
    tail = setup.run_worker("tail", "--from", "beginning")
    assert tail.code == 0, tail.stderr
    assert [True] * 6 == [line.isprintable() for line in tail.stdout.splitlines()]
    assert 2 == tail.stdout.count("no valid time  ")
    shown = [json.loads(line) for line in setup.run_worker("tail", "--from", "0:0", "--json").stdout.splitlines()]
    assert {"past", "never", "last"} == {one["event"]["id"] for one in shown if one["event"]}
    assert 3 == sum("undecodable" in one.get("error", "") for one in shown)
    for command in (("explain", "0:2"), ("explain", "last"), ("status",), ("status", "--json")):
        done = setup.run_worker(*command)
        assert done.code == 0, done.stderr
        assert "".join(done.stdout.split("\n")).isprintable()
    output = tmp_path / "export"
    assert setup.run_worker("export", "--output", str(output), "--format", "ndjson").code == 0
    lines = [json.loads(line) for file in output.rglob("*.ndjson") for line in file.read_text("utf-8").splitlines()]
    assert 6 == len(lines)
    assert 3 == sum(line["raw"] is not None for line in lines)
