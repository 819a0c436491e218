"""Letters and closings as they lie in a dead-letter topic."""

from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import closings_of, letter_of, parse_record
from consumer.delivery.policy.attempts import Cause, Reason
from consumer.record import Record
from runtime.kafka.records import OutgoingRecord
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event, Target
from schemas.headers import record_headers

TOPIC = "events"
DEAD = "dead"


def record(offset: int, *, repository: str = "team/app", partition: int = 0, name: str | None = None) -> Record:
    """An event's record in the events topic."""
    event = Event(id=f"id-{offset}" if name is None else name, action="push", target=Target(repository=repository))
    return Record(
        topic=TOPIC,
        partition=partition,
        offset=offset,
        timestamp_ms=1_000,
        key=repository.encode() or None,
        value=frame(CATALOG.latest.id, encode(event)),
        headers=tuple(record_headers(event)),
    )


def buried(
    original: Record,
    at: int,
    *,
    partition: int = 0,
    endpoint: str = "ci",
    error: str = "status 422",
    answer: str = "",
) -> Record:
    """The letter of a record, as it lies in the dead-letter topic."""
    letter = letter_of(
        original,
        Cause(Reason.REJECTED, 422, error, answer),
        topic=DEAD,
        endpoint=endpoint,
        attempts=3,
        first_attempt=1.0,
        last_attempt=2.0,
    )
    return lying(letter, at, partition)


def lying(outgoing: OutgoingRecord, at: int, partition: int) -> Record:
    """A record as it would lie in the dead-letter topic at this offset."""
    return Record(DEAD, partition, at, 5_000 + at, outgoing.key, outgoing.value, tuple(outgoing.headers))


def letter_at(offset: int, at: int, *, partition: int = 0) -> Letter:
    """A letter of the event at `offset`, itself at `at`."""
    found = parse_record(buried(record(offset), at, partition=partition))
    assert isinstance(found, Letter)
    return found


def closed(letter: Letter, at: int, state: ClosingState = ClosingState.REDRIVEN) -> list[Record]:
    """The closings of a letter, each at this offset of its partition."""
    return [lying(one, at, one.partition or 0) for one in closings_of(letter, state, topic=DEAD)]
