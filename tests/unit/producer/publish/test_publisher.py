"""The publisher: what is written again, and what it says of that."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

import pytest

from producer.publish.event_files import FilePosition, FoundEvents
from producer.publish.publisher import IncompleteError, Publisher
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter
from schemas.event import Event
from tests.kit.still_clock import StillClock


class Writer:
    """Does not answer in time for so many writes."""

    def __init__(self, late: int) -> None:
        self.late = late
        self.written: list[OutgoingRecord] = []

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Takes them, perhaps too late."""
        self.written += records
        if self.late:
            self.late -= 1
            raise KafkaUnavailableError("no answer")


class Signals:
    """None come."""

    def deferred(self) -> AbstractContextManager[None]:
        """Nothing to defer."""
        return nullcontext()


def _publisher(writer: Writer) -> Publisher:
    return Publisher(cast("AcknowledgedWriter", writer), topic="t", schema_id=1, clock=StillClock(), signals=Signals())


def _found(count: int) -> Iterable[FoundEvents]:
    for number in range(count):
        yield FoundEvents(FilePosition("f", number + 1), [Event(id=str(number))])


def test_what_is_written_again_is_counted() -> None:
    """Kafka may have had it the first time: 500 of 600 events, twice."""
    writer = Writer(late=2)
    publisher = _publisher(writer)
    assert 600 == publisher.publish(_found(600))
    assert (1000, 1600) == (publisher.repeated, len(writer.written))


def test_nothing_is_said_to_be_repeated_that_was_acknowledged_at_once() -> None:
    """The usual case."""
    publisher = _publisher(Writer(late=0))
    assert (600, 0) == (publisher.publish(_found(600)), publisher.repeated)


def test_it_gives_up_after_a_minute() -> None:
    """And says from where on it is not known whether events are in the log."""
    with pytest.raises(IncompleteError, match=r"0 events acknowledged, from f:1 on it is unknown"):
        _publisher(Writer(late=10**6)).publish(_found(5))
