"""Where groups stand, on a real Kafka: a busy log makes nobody late, a transaction is owed when it is committed."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer, TopicPartition

from broker import LocalKafka
from consumer.log.positions import positions_of
from consumer.places import TopicMissingError
from runtime.kafka.admin import Admin
from runtime.kafka.cluster_state import Committed, Topic
from runtime.kafka.groups import Groups
from tests.kit.eventually import LIMIT_S, eventually
from tests.kit.topics import Found, commit, make_topic, outsider, write

pytestmark = pytest.mark.kafka

GROUPS = [f"busy-{number}" for number in range(6)]


class Busy:
    """A topic of one partition that is written all the time, and groups that finish each record at once."""

    def __init__(self, kafka: LocalKafka, topic: str, groups: list[str]) -> None:
        self._groups = groups
        self._kafka = kafka
        self._topic = topic
        self._over = threading.Event()
        self.written = 0
        """Records in the log; each is finished by every group before the next is written."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Writes and commits meanwhile."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        outsiders = [outsider(self._kafka, group) for group in self._groups]
        producer = Producer({"bootstrap.servers": self._kafka.bootstrap, "acks": "all", "linger.ms": 0})
        while not self._over.is_set():
            self.written += 1  # before it is, so that it is never less than what is there
            producer.produce(self._topic, b"v", partition=0)
            assert producer.flush(LIMIT_S) == 0
            for consumer in outsiders:
                consumer.commit(offsets=[TopicPartition(self._topic, 0, self.written)], asynchronous=False)
        for consumer in outsiders:
            consumer.close()


class Counting:
    """Admin and groups, and how much was written between the start of a group's first and the end of its last read."""

    def __init__(self, kafka: LocalKafka, busy: Busy) -> None:
        self._admin = Admin({"bootstrap.servers": kafka.bootstrap}, client_id="test-positions")
        self._groups = Groups({"bootstrap.servers": kafka.bootstrap}, client_id="test-positions")
        self._busy = busy
        self._asking: dict[int, str] = {}
        self._before: dict[str, int] = {}
        self.between: dict[str, int] = {}

    def topic(self, name: str) -> Topic | None:
        """Passed on."""
        return self._admin.topic(name)

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Passed on."""
        return self._admin.beginning(topic, partitions)

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Passed on."""
        return self._admin.at(topic, partitions, timestamp_ms)

    def written(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Passed on."""
        return self._admin.written(topic, partitions)

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Passed on; the second of a group's two reads ends here."""
        found = self._admin.end(topic, partitions)
        group = self._asking[threading.get_ident()]
        self.between[group] = self._busy.written - self._before[group]
        return found

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Passed on; the first of a group's two reads begins here."""
        self._asking[threading.get_ident()] = group
        self._before[group] = self._busy.written
        return self._groups.committed(group, topic, partitions)


def test_a_busy_log_makes_nobody_late(kafka: LocalKafka, topic: str) -> None:
    """Groups that are never more than one record behind: a lag is that one, and what came between the two reads."""
    make_topic(kafka, topic, partitions=1)
    groups = [f"{topic}.{name}" for name in GROUPS]
    for group in groups:
        commit(kafka, group, topic, {0: (0, "")})
    busy = Busy(kafka, topic, groups)
    with busy.running():
        while busy.written < 60:
            counting = Counting(kafka, busy)
            found = positions_of(counting, counting, topic, groups)
            assert list(found) == groups
            late = {name: at.lag for name, at in found.items() if at.lag > 1 + counting.between[name]}
            assert not late, f"{late} of which {counting.between} came meanwhile"
            assert all(at.cursors[0].lost == 0 for at in found.values())
    admin, offsets = _clients(kafka)
    assert {0} == {at.lag for at in positions_of(admin, offsets, topic, groups).values()}, "a quiet log is exact"


def _clients(kafka: LocalKafka) -> tuple[Admin, Groups]:
    settings = {"bootstrap.servers": kafka.bootstrap}
    return Admin(settings, client_id="test-positions"), Groups(settings, client_id="test-positions")


def test_what_a_transaction_holds_is_owed_when_it_is_committed(kafka: LocalKafka, topic: str) -> None:
    """Ends are those of committed records; a commit that other tools made at the end of everything is no lost log."""
    make_topic(kafka, topic, partitions=1)
    write(kafka, topic, [Found(0, -1, 0, None, b"v", ()) for _ in range(5)])
    writer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    writer.init_transactions(LIMIT_S)
    writer.begin_transaction()
    for _ in range(3):
        writer.produce(topic, b"v", partition=0)
    assert writer.flush(LIMIT_S) == 0
    commit(kafka, "open-5", topic, {0: (5, "")})
    commit(kafka, "open-8", topic, {0: (8, "")})
    admin, offsets = _clients(kafka)
    assert ({0: 5}, {0: 8}) == (admin.end(topic, [0]), admin.written(topic, [0]))
    found = positions_of(admin, offsets, topic, ["open-5", "open-8"])
    assert (0, 0, 8) == (found["open-5"].lag, found["open-8"].lag, found["open-8"].cursors[0].start)
    writer.commit_transaction(LIMIT_S)
    eventually(lambda: admin.end(topic, [0]) == {0: 9})
    found = positions_of(admin, offsets, topic, ["open-5", "open-8"])
    assert (4, 1) == (found["open-5"].lag, found["open-8"].lag), "three records and the marker behind them"


def test_of_nothing(kafka: LocalKafka, topic: str) -> None:
    """A group without a commit has no cursors; without a topic nobody stands anywhere."""
    admin, offsets = _clients(kafka)
    with pytest.raises(TopicMissingError):
        positions_of(admin, offsets, topic, ["nobody"])
    make_topic(kafka, topic, partitions=2)
    assert {} == positions_of(admin, offsets, topic, [])
    found = positions_of(admin, offsets, topic, ["nobody"])["nobody"]
    assert ({}, {0: 0, 1: 0}) == (found.cursors, found.bounds.end)
