"""Reading the topic of tags whole: what is there now, and how far the events were read."""

from collections.abc import Mapping

from consumer.operations.log_view import LogView
from consumer.tags.listing import ReadPartition
from consumer.tags.partition_counts import require_made_with, require_same
from consumer.tags.record import LastRecords, UnreadableRowError
from consumer.tags.rows import KeptRow
from runtime.config import Settings
from runtime.errors import BridgeError


class TagsMissingError(BridgeError):
    """There are no tags to read."""


def read_tags(view: LogView, settings: Settings, topic: str) -> dict[int, ReadPartition]:
    """The partitions of the topic of tags as they are now, by number.

    Raises:
        TagsMissingError: there is no such topic, or it holds what this version cannot read.
        PartitionCountError: it is not kept by the partitions of the events topic.
        TopicMissingError: there is no events topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    if not view.log.has_topic(topic):
        raise TagsMissingError(f"there is no topic {topic}: `registry-worker materialize` creates and fills it")
    events = settings.topics.events
    bounds, log = view.bounds(topic), view.bounds(events)
    require_same(topic, len(bounds.end), events, len(log.end))
    last = {number: LastRecords() for number in bounds.end}
    for record in view.scan(topic, bounds.ranges, "reading tags"):
        last[record.partition].take(record)
    try:
        rows = {number: list(records.rows().values()) for number, records in last.items()}
    except UnreadableRowError as error:
        raise TagsMissingError(f"topic {topic}: {error}") from error
    for found in rows.values():
        require_made_with(topic, found, len(log.end))
    return _partitions(view, events, rows)


def _partitions(view: LogView, events: str, rows: Mapping[int, list[KeptRow]]) -> dict[int, ReadPartition]:
    """These rows beside the log of events as it is now: whatever came after they were read is unread."""
    events_id, now_us = view.log.topic_id(events), int(view.clock.wall() * 1_000_000)
    log, written = view.bounds(events), view.log.written(events, rows)
    return {
        number: ReadPartition(found, events_id, range(log.first[number], written[number]), log.end[number], now_us)
        for number, found in rows.items()
    }
