"""Messages of one poll: records, ends of partitions, errors; and the offsets that reading passed over.

An offset that reading passes over holds no record for consumers: a transaction's marker, an aborted record, one that
compaction removed. Or retention was faster than reading, and the record is lost: the beginning of the log shows which.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message

from consumer.log.messages import is_end
from consumer.log.shared_records import SharedRecords
from consumer.record import Record


@dataclass(slots=True)
class Fetched:
    """Messages of the client, by kind."""

    records: list[Record] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    """By partition: everything below this offset was read, and the last of it may have been no record."""
    errors: list[KafkaError] = field(default_factory=list)


def fetched_from(messages: Iterable[Message], records: SharedRecords) -> Fetched:
    """Sort messages by kind, with `records` of their topic; the client reports ends of partitions as messages too."""
    fetched = Fetched()
    for message in messages:
        error = message.error()
        if error is None:
            fetched.records.append(records.of(message))
            continue
        number, offset = message.partition(), message.offset()
        if is_end(error) and number is not None and offset is not None:
            fetched.ends[number] = offset
        else:
            fetched.errors.append(error)
    return fetched


class ReadPositions:
    """The next offset to read, by partition."""

    def __init__(self) -> None:
        """Of no partition yet."""
        self._next: dict[int, int] = {}

    def begin(self, starts: Mapping[int, int]) -> None:
        """Reading begins there."""
        self._next.update(starts)

    def advance(self, fetched: Fetched) -> dict[int, list[range]]:
        """Move on; the offsets that were passed over without a record, by partition."""
        passed: dict[int, list[range]] = {}
        expected = self._next
        for record in fetched.records:
            number, offset = record.partition, record.offset
            if offset != expected.get(number):
                self._come_to(number, offset, passed)
            expected[number] = offset + 1
        for number, end in fetched.ends.items():
            if end > self._next.get(number, -1):  # else more was written and read since it was met
                self._come_to(number, end, passed)
                self._next[number] = end
        return passed

    def _come_to(self, number: int, offset: int, passed: dict[int, list[range]]) -> None:
        expected = self._next.get(number, offset)
        if offset > expected:
            passed.setdefault(number, []).append(range(expected, offset))


def lost_of(passed: Iterable[range], begins: int) -> list[range]:
    """The passed offsets that lie before the beginning of the log: retention took them."""
    return [range(span.start, min(span.stop, begins)) for span in passed if span.start < begins]
