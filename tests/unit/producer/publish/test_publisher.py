"""The publisher: what is written again, and what it says of that."""

import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from typing import cast

import pytest

from producer.publish.event_files import FilePosition, FoundEvents, RefusedText
from producer.publish.publisher import IncompleteError, Publisher, StoppedError
from runtime.kafka.errors import KafkaRefusedError, KafkaUnavailableError
from runtime.kafka.records import OutgoingRecord
from runtime.kafka.writer import AcknowledgedWriter
from schemas.event import Event
from tests.kit.still_clock import StillClock

MOST = 64 * 1024


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


class Refusals:
    """Keeps them."""

    def __init__(self) -> None:
        self.kept: list[RefusedText] = []

    def add(self, refused: RefusedText) -> None:
        """One more."""
        self.kept.append(refused)


def _publisher(writer: Writer, signals: Signals | None = None, refusals: Refusals | None = None) -> Publisher:
    return Publisher(
        cast("AcknowledgedWriter", writer),
        topic="t",
        schema_id=1,
        max_record_bytes=MOST,
        refusals=refusals or Refusals(),
        clock=StillClock(),
        signals=signals or Signals(),
    )


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


def test_an_event_that_is_too_large_is_refused_by_its_line() -> None:
    """Kafka would refuse all that is written with it, without saying which one it was."""
    small, large = Event(id="1"), Event(id="2", original='{"a":"' + MOST * "x" + '"}')
    refusals = Refusals()
    writer = Writer(late=0)
    found = [FoundEvents(FilePosition("f", 1), [small, large]), FoundEvents(FilePosition("f", 3), [Event(id="3")])]
    assert 2 == _publisher(writer, refusals=refusals).publish(found)
    [one] = refusals.kept
    assert ("f:1", 2) == (str(one.position), len(writer.written))
    most = r"the record of an event may have 64 KiB \(see intake.max_body\)"
    assert re.fullmatch(rf"event '2': {most}; this one has 64\.\d+ KiB", one.reason)


class RefusingWriter(Writer):
    """Takes one write and then none."""

    def write(self, records: Sequence[OutgoingRecord]) -> None:
        """Refuses all but the first ones."""
        if self.written:
            raise KafkaRefusedError("too large")
        super().write(records)


def test_a_refusal_says_what_is_in_the_log() -> None:
    """What Kafka took before, and from where on it is not known."""
    with pytest.raises(IncompleteError) as error:
        _publisher(RefusingWriter(late=0)).publish(_found(600))
    assert "too large; 500 events acknowledged, from f:501 on it is unknown" == str(error.value)


class StopSignals(Signals):
    """One comes in the first write, and is heard behind it."""

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """As it says."""
        yield
        raise KeyboardInterrupt


@pytest.mark.parametrize("in_one", [False, True])
def test_a_stop_behind_a_write_says_where(*, in_one: bool) -> None:
    """The place that was read last, which may hold events that were not written."""
    found = [FoundEvents(FilePosition("f", 1), [Event(id="e")] * 600)] if in_one else _found(600)
    with pytest.raises(StoppedError) as error:
        _publisher(Writer(late=0), StopSignals()).publish(found)
    place = "f:1" if in_one else "f:500"
    assert f"stopped at {place}: 500 events acknowledged; the rest was not published" == str(error.value)


def _broken_off(fault: Exception) -> Iterable[FoundEvents]:
    yield from _found(3)
    raise fault


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError(errno.ENOENT, "No such file or directory", "g"), "g: No such file or directory"),
        (KeyError("x"), "internal error: KeyError: 'x' (use --log-level debug for details)"),
    ],
)
def test_what_was_read_before_a_fault_is_written(fault: Exception, says: str) -> None:
    """Whatever ends the reading, and where it ended is said."""
    writer = Writer(late=0)
    with pytest.raises(StoppedError) as error:
        _publisher(writer).publish(_broken_off(fault))
    assert f"broke off behind f:3: {says}; 3 events acknowledged, the rest was not read" == str(error.value)
    assert 3 == len(writer.written)


def test_an_event_that_no_record_can_hold_is_named() -> None:
    """Its place is where it broke off, and all before it is written."""
    odd = FoundEvents(FilePosition("f", 4), [Event(id="d"), Event(id="\ud800")])
    writer = Writer(late=0)
    with pytest.raises(StoppedError, match=r"^broke off at f:4: internal error: UnicodeEncodeError: .+; 4 events ack"):
        _publisher(writer).publish(chain(_found(3), [odd], _found(1)))
    assert 4 == len(writer.written)
