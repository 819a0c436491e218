"""One event of the log, by its id or by PARTITION:OFFSET: the newest record that has it."""

import re
from typing import Final

from consumer.log.decoding import event_of
from consumer.operations.explain import NotFoundError, is_named
from consumer.operations.log_view import LogView
from consumer.record import Record
from runtime.errors import BridgeError
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.event import Event

_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})", re.ASCII)


class UnreadableEventError(BridgeError):
    """The record cannot be decoded."""


def event_in(view: LogView, topic: str, text: str) -> tuple[Record, Event]:
    """The newest record of this event, and the event.

    Raises:
        NotFoundError: the log has none.
        UnreadableEventError: it cannot be decoded.
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    bounds = view.bounds(topic)
    if place := _PLACE.fullmatch(text):
        number, offset = int(place[1]), int(place[2])
        is_there = number in bounds.end and bounds.first[number] <= offset < bounds.end[number]
        found = list(view.read(topic, {number: range(offset, offset + 1)})) if is_there else []
    else:
        records = view.scan(topic, bounds.ranges, "searching the log")
        found = [record for record in records if is_named(record, text)]
    if not found:
        raise NotFoundError(f"topic {topic} has no event {text}")
    record = max(found, key=lambda one: (one.timestamp_ms, one.partition, one.offset))
    try:
        return record, event_of(record)
    except (UndecodableError, UnknownSchemaError) as error:
        raise UnreadableEventError(f"{record.place} cannot be sent: {error}") from error
