"""An event as the record that is to stand in the events topic. Pure."""

from runtime.kafka.records import OutgoingRecord
from runtime.units import format_size, rounded_size
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event
from schemas.headers import record_headers
from schemas.limits import LONGEST_NAME
from schemas.trace_context import NO_TRACE, TraceContext


def record_of(
    event: Event, *, topic: str, accepted_ms: int, trace: TraceContext = NO_TRACE, schema_id: int = CATALOG.latest.id
) -> OutgoingRecord:
    """The record: keyed by repository, so that a repository's events keep their order; without one, unkeyed.

    The beginning of a name is enough for that, so a key is never long.

    Args:
        event: what happened.
        topic: the events topic.
        accepted_ms: when the bridge accepted it, in milliseconds since the epoch: the record's timestamp.
        trace: the place in a trace that the POST belongs to.
        schema_id: of the latest release, where a schema registry gave it one.
    """
    return OutgoingRecord(
        topic=topic,
        key=event.target.repository[:LONGEST_NAME].encode() or None,
        value=frame(schema_id, encode(event)),
        headers=record_headers(event, trace),
        timestamp_ms=accepted_ms,
    )


def excess_of_record(record: OutgoingRecord, most: int) -> str:
    """Why Kafka would not take it, if `most` bytes are all that a record of an event may have; empty if it would."""
    if record.size <= most:
        return ""
    return (
        f"the record of an event may have {format_size(most)} (see intake.max_body); "
        f"this one has {rounded_size(record.size)}"
    )
