"""What waits in partitions that others have: told if nothing is finished there; a transaction's marker is no event."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from structlog.testing import capture_logs

from consumer.endpoint.endpoint import Endpoint
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from consumer.worker.backlogs import Backlogs
from consumer.worker.served import Served
from consumer.worker.standstills import PATIENCE_S
from runtime.config import EndpointSettings
from runtime.config.load import settings_from
from runtime.kafka.cluster_state import Committed, Topic
from runtime.kafka.pulse import Pulse
from tests.kit.still_clock import StillClock


class Cluster:
    """One topic of two partitions that end at 9; partition 1 has nothing behind its commit but a marker."""

    def topic(self, name: str) -> Topic:
        """It is there."""
        return Topic(name, 2, 1, {})

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Nothing was removed."""
        return dict.fromkeys(partitions, 0)

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """Of both."""
        return dict.fromkeys(partitions, 9)

    written = end

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """Not asked for."""
        raise NotImplementedError

    def committed(self, group: str, topic: str, partitions: Iterable[int]) -> dict[int, Committed]:
        """Both groups stand where they stood."""
        return {0: Committed(5), 1: Committed(8)}

    @contextmanager
    def open_ranges(self) -> Iterator["Cluster"]:
        """It reads ranges, too."""
        yield self

    def read(self, topic: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterable[Record]:
        """The first record of partition 0."""
        return [Record(topic, 0, 5, 1000, b"a", b"")] if ranges.get(0) else []


def test_a_standstill_elsewhere_is_told_once() -> None:
    """Only of the partition in which an event waits."""
    cluster, clock = Cluster(), StillClock()
    pulse = cast("Pulse", None)
    served = Served(settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9"}}), [])
    backlogs = Backlogs(
        "t", {"e": "g"}, served, log=cluster, offsets=cluster, sources=cluster, pulse=pulse, clock=clock
    )
    with capture_logs() as lines:
        for _ in range(3):
            backlogs._look()
            clock.now += PATIENCE_S
    (line,) = lines
    assert ("endpoint.stands_still_elsewhere", "e", [0], 4) == (
        line["event"],
        line["endpoint"],
        line["partitions"],
        line["events"],
    )


@dataclass
class Unread:
    """An endpoint that has both partitions and has read nothing of them: four records wait in partition 0."""

    settings: EndpointSettings
    partitions: Mapping[int, Partition] = field(
        default_factory=lambda: {0: Partition(0, 1, Ledger(5, end=9)), 1: Partition(1, 1, Ledger(9, end=9))}
    )
    ends: Mapping[int, int] = field(default_factory=lambda: {0: 9, 1: 9})

    @property
    def assignment(self) -> "Unread":
        """It knows the ends."""
        return self


@dataclass
class Up:
    """Kafka answers."""

    is_up = True


def test_the_age_of_what_is_here_and_not_read_is_seen_from_outside() -> None:
    """Since somebody asks for it; that it stands still is told by the endpoint itself."""
    cluster, clock = Cluster(), StillClock()
    here = cast("Endpoint", Unread(EndpointSettings(name="e", url="http://h/")))
    served = Served(settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9"}}), [here])
    pulse = cast("Pulse", Up())
    backlogs = Backlogs(
        "t", {"e": "g"}, served, log=cluster, offsets=cluster, sources=cluster, pulse=pulse, clock=clock
    )
    with capture_logs() as lines:
        backlogs._look()
        assert (4, None) == (backlogs.lag("e"), backlogs.oldest_age_s("e"))
        for _ in range(3):
            backlogs._look()
            assert (4, clock.wall() - 1.0) == (backlogs.lag("e"), backlogs.oldest_age_s("e"))
            clock.now += PATIENCE_S
    assert [] == lines
