"""A keeper whose events topic becomes another one between two reads."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from consumer.log.fetched import Fetched
from consumer.materialize.keeper import TagKeeper
from consumer.materialize.kept_partition import KeptPartition
from consumer.materialize.metrics import TagMetrics
from tests.kit.listed_topics import ListedTopics, pushed


@dataclass
class Reader:
    """Gets the only partition, reads what is there, and then stops the keeper."""

    owner: TagKeeper
    log: ListedTopics
    stop: threading.Event
    is_member: bool = True
    ends: Mapping[int, int] = field(default_factory=dict)
    has_read: bool = False

    def read(self, most: int, wait_s: float) -> Fetched:
        """All from where the owner begins."""
        if self.has_read:
            self.stop.set()
            return Fetched()
        self.has_read = True
        begin = self.owner.taken(0)
        return Fetched([record for record in self.log.records if record.offset >= begin])

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Nobody looks at the group."""

    def pause(self, partition: int) -> None:
        """There is nothing more to read."""

    def close(self) -> None:
        """There is nothing to leave."""


@dataclass
class Parts:
    """Opens readers and partitions of a topic that is `id_when_opened` first, and `id_now` for whoever asks later."""

    log: ListedTopics
    stop: threading.Event
    id_when_opened: str | None
    id_now: str

    def open_reader(self, owner: TagKeeper) -> Reader:
        """A member of the group."""
        return Reader(owner, self.log, self.stop)

    def open_partition(self, number: int) -> KeptPartition:
        """The partition as it stands."""
        kept = self.log.opened(self.id_when_opened)
        self.id_when_opened = self.id_now
        return kept

    def events_id(self) -> str | None:
        """The id of the topic that is there now."""
        return self.id_now

    def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize("id_when_opened", ["first", None])
def test_records_of_another_topic_are_not_taken_for_those_of_the_first(id_when_opened: str | None) -> None:
    """It has more records than were read of the one before: all of them count, from its beginning."""
    log, stop = ListedTopics(records=[pushed(0), pushed(1)]), threading.Event()
    log.take(log.opened("first"), 0, 1)
    log.records = [pushed(offset) for offset in range(4)]
    keeper = TagKeeper(Parts(log, stop, id_when_opened, "second"), TagMetrics(CollectorRegistry()), stop)
    keeper.run()
    position, tags = log.found()
    assert (position.topic_id, position.offset, tags) == ("second", 3, {"v0", "v1", "v2", "v3"})
    assert position.whole_since_us == log.now_us
