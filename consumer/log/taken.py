"""What one look at the client brings: records, the ends that were met, and offsets that were passed over.

An offset that reading passes over holds no record that a consumer gets: a transaction's marker, an aborted record,
one that compaction removed. Or retention was faster than reading, and then it is lost: only where the log begins now
can tell.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message

from consumer.log.messages import is_end, record_of
from consumer.record import Record


@dataclass(slots=True)
class Taken:
    """Messages of the client, sorted by what they are."""

    records: list[Record] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    """By partition: everything below this offset was read, and the last of it may have been no record."""
    errors: list[KafkaError] = field(default_factory=list)


def taken_from(messages: Iterable[Message], topic: str) -> Taken:
    """Sort what came; the client is asked for the ends of partitions too."""
    taken = Taken()
    for message in messages:
        error, number, offset = message.error(), message.partition(), message.offset()
        if error is None:
            taken.records.append(record_of(message, topic))
        elif is_end(error) and number is not None and offset is not None:
            taken.ends[number] = offset
        else:
            taken.errors.append(error)
    return taken


class ReadPositions:
    """The offset of each partition that is to be read next."""

    def __init__(self) -> None:
        """Of no partition yet."""
        self._next: dict[int, int] = {}

    def begin(self, starts: Mapping[int, int]) -> None:
        """Reading begins there."""
        self._next.update(starts)

    def advance(self, taken: Taken) -> dict[int, list[range]]:
        """Move on; the offsets that were passed over without a record, by partition."""
        passed: dict[int, list[range]] = {}
        for record in taken.records:
            self._come_to(record.partition, record.offset, passed)
            self._next[record.partition] = record.next_offset
        for number, end in taken.ends.items():
            if end > self._next.get(number, -1):  # else more was written and read since it was met
                self._come_to(number, end, passed)
                self._next[number] = end
        return passed

    def _come_to(self, number: int, offset: int, passed: dict[int, list[range]]) -> None:
        expected = self._next.get(number, offset)
        if offset > expected:
            passed.setdefault(number, []).append(range(expected, offset))


def lost_of(passed: Iterable[range], begins: int) -> list[range]:
    """What of the offsets that were passed over lies before the beginning of the log: retention took it."""
    return [range(span.start, min(span.stop, begins)) for span in passed if span.start < begins]
