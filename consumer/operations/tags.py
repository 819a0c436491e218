"""Reading the topic of tags whole: what is there now, and how far the events were read."""

from collections import defaultdict

from consumer.operations.log_view import LogView
from consumer.record import Record
from consumer.tags.listing import ReadPartition
from consumer.tags.record import UnreadableRowError, rows_in
from runtime.config import Settings
from runtime.counts import counted
from runtime.errors import BridgeError


class TagsMissingError(BridgeError):
    """There are no tags to read."""


def read_tags(view: LogView, settings: Settings, topic: str) -> dict[int, ReadPartition]:
    """The partitions of the topic of tags as they are now, by number.

    Raises:
        TagsMissingError: there is no such topic, or it holds what this version cannot read.
        TopicMissingError: there is no events topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    if not view.log.has_topic(topic):
        raise TagsMissingError(f"there is no topic {topic}: `registry-worker materialize` creates and fills it")
    events = settings.topics.events
    events_id = view.log.topic_id(events)
    bounds = view.bounds(topic)
    records: defaultdict[int, list[Record]] = defaultdict(list)
    for record in view.scan(topic, bounds.ranges, "reading tags"):
        records[record.partition].append(record)
    spans, now_us = view.bounds(events).ranges, int(view.clock.wall() * 1_000_000)
    if len(spans) != len(bounds.end):
        raise TagsMissingError(
            f"topic {topic} has {counted(len(bounds.end), 'partition')}, {events} has {len(spans)}: "
            "what is in the others is not known (docs/tags.md)"
        )
    ends = view.log.written(events, spans)
    try:
        rows = {number: list(rows_in(records[number]).values()) for number in bounds.end}
    except UnreadableRowError as error:
        raise TagsMissingError(f"topic {topic}: {error}") from error
    return {
        number: ReadPartition(found, events_id, range(spans[number].start, ends[number]), now_us)
        for number, found in rows.items()
    }
