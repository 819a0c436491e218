"""An event as the record that is to stand in the events topic. Pure."""

from runtime.kafka.records import OutgoingRecord
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from schemas.headers import record_headers


def record_of(
    event: Event, *, topic: str, accepted_ms: int, traceparent: str = "", schema_id: int = CATALOG.latest.id
) -> OutgoingRecord:
    """The record: keyed by repository, so that a repository's events keep their order; without one, unkeyed.

    Args:
        event: what happened.
        topic: the events topic.
        accepted_ms: when the bridge accepted it, in milliseconds since the epoch: the record's timestamp.
        traceparent: that of the POST, already found valid, or empty.
        schema_id: of the latest release, where a schema registry gave it one.
    """
    return OutgoingRecord(
        topic=topic,
        key=event.target.repository.encode() or None,
        value=frame(schema_id, encode(event)),
        headers=record_headers(event, traceparent=traceparent),
        timestamp_ms=accepted_ms,
    )
