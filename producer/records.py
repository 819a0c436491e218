"""An event as the record that is to stand in the events topic. Pure."""

from runtime.kafka.records import OutgoingRecord
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from schemas.headers import record_headers


def record_of(event: Event, *, topic: str, accepted_ms: int, traceparent: str = "") -> OutgoingRecord:
    """The record: keyed by repository, so that a repository's events keep their order; without one, unkeyed.

    Args:
        event: what happened.
        topic: the events topic.
        accepted_ms: when the bridge accepted it, in milliseconds since the epoch: the record's timestamp.
        traceparent: that of the POST, already found valid, or empty.
    """
    return OutgoingRecord(
        topic=topic,
        key=event.target.repository.encode() or None,
        value=frame(CATALOG.latest.id, encode(event)),
        headers=record_headers(event, traceparent=traceparent),
        timestamp_ms=accepted_ms,
    )
