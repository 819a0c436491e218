"""Attempts that are read from their topic."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.attempts.record import record_of
from consumer.operations.topic_attempts import FollowedTopicAttempts, TopicAttempts
from consumer.places import Bounds, Place
from consumer.record import Record
from runtime.config import At
from runtime.kafka.errors import KafkaUnavailableError
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED


class Topic:
    """A topic of one partition."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_away = False

    def write(self, attempt: EventAttempt) -> None:
        """Add its record."""
        made, offset = record_of(attempt, "attempts"), len(self.records)
        value, headers = made.value, tuple(made.headers)
        self.records.append(Record("attempts", 0, offset, made.timestamp_ms or 0, made.key, value, headers))

    def bounds(self, _: str) -> Bounds:
        """All that is there."""
        if self.is_away:
            raise KafkaUnavailableError("Kafka does not answer")
        return Bounds({0: 0}, {0: len(self.records)})

    def offsets_at(self, _: str, place: Place, bounds: Bounds) -> dict[int, int]:
        """The first record not earlier."""
        assert isinstance(place, At)
        later = (one.offset for one in self.records if one.timestamp_ms >= place.epoch_s * 1000)
        return {0: next(later, bounds.end[0])}

    def read(self, _: str, ranges: Mapping[int, range], *, limit: int | None = None) -> Iterator[Record]:
        """These records."""
        return iter([self.records[offset] for offset in ranges.get(0, ())][:limit])


def at(offset: int, seconds: float = 0.0, **changes: object) -> EventAttempt:
    """One that began so many seconds after the first."""
    return replace(EXPECTED, offset=offset, time=EXPECTED.time + timedelta(seconds=seconds), **changes)


def offsets(found: FoundAttempts) -> list[int]:
    """Of the events."""
    assert found.unknown_because == []
    return [one.offset for one in found.attempts]


def filled() -> Topic:
    """Attempts at the events 0 to 9, a second each; of event 4 a failed one."""
    topic = Topic()
    for offset in range(10):
        topic.write(at(offset, offset, event_id=f"evt-{offset}", outcome="failed" if offset == 4 else "delivered"))
    return topic


def test_the_last_ones() -> None:
    """The newest first; also those that lie far back."""
    attempts = TopicAttempts(filled(), "attempts")
    assert offsets(attempts.found(AttemptQuestion(limit=3))) == [9, 8, 7]
    assert offsets(attempts.found(AttemptQuestion(failed=True))) == [4]
    assert offsets(attempts.found(AttemptQuestion(id="evt-2"))) == [2]
    assert offsets(attempts.found(AttemptQuestion(id="3:5"))) == [5]
    assert offsets(attempts.found(AttemptQuestion(id="nobody"))) == []


def test_from_a_time_on() -> None:
    """Each question for itself; the newest of them, if there are too many."""
    attempts = TopicAttempts(filled(), "attempts")
    for _ in range(2):
        assert offsets(attempts.found(AttemptQuestion(after=EXPECTED.ended + 6.5))) == [9, 8, 7]
    assert offsets(attempts.found(AttemptQuestion(after=EXPECTED.ended, limit=2))) == [9, 8]


def test_following() -> None:
    """First the last ones, then what comes in."""
    topic = filled()
    attempts = FollowedTopicAttempts(topic, "attempts")
    assert offsets(attempts.found(AttemptQuestion(limit=2))) == [9, 8]
    topic.write(at(10, 10))
    assert offsets(attempts.found(AttemptQuestion(after=EXPECTED.ended))) == [10]
    assert offsets(attempts.found(AttemptQuestion(after=EXPECTED.ended))) == []


def test_kafka_away() -> None:
    """Is said, and the next question is answered."""
    topic = filled()
    topic.is_away = True
    for attempts in (TopicAttempts(topic, "attempts"), FollowedTopicAttempts(topic, "attempts")):
        topic.is_away = True
        assert attempts.found(AttemptQuestion()) == FoundAttempts(unknown_because=["Kafka does not answer"])
        topic.is_away = False
        assert len(attempts.found(AttemptQuestion()).attempts) == 10


def test_what_cannot_be_read_is_said_once() -> None:
    """A record that holds no attempt, or one of a newer release."""
    topic = filled()
    topic.records += [replace(topic.records[0], offset=10 + n, value=b"odd") for n in range(2)]
    found = TopicAttempts(topic, "attempts").found(AttemptQuestion(limit=1))
    assert [one.offset for one in found.attempts] == [9]
    assert found.unknown_because == ["3 bytes are too few for a framed value"]
