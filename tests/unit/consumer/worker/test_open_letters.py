"""The open dead letters for the page: read once, read on, and unknown where that would cost too much or cannot be."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from consumer.record import Record
from consumer.worker.open_letters import EVERY_S, MOST, LetterCounts, OpenLetterWatch
from runtime.kafka.cluster_state import Topic
from runtime.kafka.errors import KafkaRefusedError
from tests.kit.letters import DEAD, buried, closed, letter_at, record
from tests.kit.virtual_time import VirtualClock, simulated


class Cluster:
    """A dead-letter topic of one partition."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.begins = 0
        self.is_there = True
        self.refuses = ""
        self.read_so_far: list[range] = []

    def topic_id(self, name: str) -> str | None:
        """Brokers that give no ids."""
        assert name == DEAD
        return None

    def topic(self, name: str) -> Topic | None:
        """If it is there."""
        assert name == DEAD
        return Topic(name, 1, 1, {}) if self.is_there else None

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Where it begins."""
        return dict.fromkeys(partitions, self.begins)

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Behind its last record."""
        return dict.fromkeys(partitions, self.begins + len(self.records))

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Not asked for."""
        raise NotImplementedError

    @contextmanager
    def open_letters(self) -> Iterator["Cluster"]:
        """It reads ranges, too."""
        if self.refuses:
            raise KafkaRefusedError(self.refuses)
        yield self

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """The records there."""
        self.read_so_far.append(ranges[0])
        return iter(self.records[ranges[0].start - self.begins : ranges[0].stop - self.begins])


async def looked(watch: OpenLetterWatch) -> LetterCounts | None:
    """What is known after the next look."""
    await asyncio.sleep(EVERY_S)
    watch.counts()
    await asyncio.sleep(1)
    return watch.counts()


def watched(scenario: Callable[[Cluster, OpenLetterWatch], Any], *records: Record) -> None:
    """Run a scenario on a topic with these records."""

    @simulated
    async def run() -> None:
        cluster = Cluster(*records)
        await scenario(cluster, OpenLetterWatch(DEAD, cluster, cluster, VirtualClock()))

    run()


def test_it_is_read_on_from_where_it_was() -> None:
    """By reason; a closing closes, and nobody reads what has not grown."""

    async def scenario(cluster: Cluster, watch: OpenLetterWatch) -> None:
        assert watch.counts() is None, "nothing is known before the first look"
        assert {"ci": {"rejected": 2}, "audit": {"rejected": 1}} == await looked(watch)
        await looked(watch)
        cluster.records += closed(letter_at(1, 0), 3)
        assert {"ci": {"rejected": 1}, "audit": {"rejected": 1}} == await looked(watch)
        assert [range(3), range(3, 4)] == cluster.read_so_far

    watched(scenario, buried(record(1), 0), buried(record(2), 1), buried(record(1), 2, endpoint="audit"))


def test_only_whoever_asks_has_it_read() -> None:
    """And not more often than is worth it."""

    async def scenario(cluster: Cluster, watch: OpenLetterWatch) -> None:
        await asyncio.sleep(600)
        assert [] == cluster.read_so_far
        for _ in range(10):
            watch.counts()
            cluster.records.append(buried(record(len(cluster.records)), len(cluster.records)))
            await asyncio.sleep(EVERY_S / 10)
        assert 1 == len(cluster.read_so_far)

    watched(scenario, buried(record(0), 0))


def test_a_topic_that_is_not_there() -> None:
    """Has no letters; one that is made anew begins anew."""

    async def scenario(cluster: Cluster, watch: OpenLetterWatch) -> None:
        cluster.is_there = False
        assert {} == await looked(watch)
        cluster.is_there = True
        assert {"ci": {"rejected": 2}} == await looked(watch)
        cluster.begins, cluster.records = 1, cluster.records[1:]
        assert {"ci": {"rejected": 1}} == await looked(watch), "the first was deleted"
        cluster.begins, cluster.records = 0, [buried(record(7), 0)]
        assert {"ci": {"rejected": 1}} == await looked(watch)

    watched(scenario, buried(record(1), 0), buried(record(2), 1))


def test_what_cannot_be_read_is_unknown() -> None:
    """Also what is too much to be read for a page."""

    async def scenario(cluster: Cluster, watch: OpenLetterWatch) -> None:
        cluster.refuses = "not authorized"
        assert await looked(watch) is None
        cluster.refuses = ""
        assert {"ci": {"rejected": 1}} == await looked(watch)
        cluster.records *= MOST + 1
        assert await looked(watch) is None
        cluster.begins, cluster.records = MOST, cluster.records[:1]
        assert {"ci": {"rejected": 1}} == await looked(watch), "what was too much was deleted"

    watched(scenario, buried(record(1), 0))
