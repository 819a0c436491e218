"""Files of attempts: Parquet, a row for each record of their topic; a record that holds no attempt is a row with `raw`.

Needs the extra `analytics`.
"""

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from consumer.analytics.row_groups import RowGroups
from consumer.attempts.record import UnreadableAttemptError, attempt_in
from consumer.log.record_batch import RecordBatch, micros_of
from consumer.record import Record

_TIME: Final = pa.timestamp("us", tz="UTC")
_SCHEMA: Final = pa.schema(
    [
        pa.field("kafka_topic", pa.string(), nullable=False),
        pa.field("kafka_partition", pa.int32(), nullable=False),
        pa.field("kafka_offset", pa.int64(), nullable=False),
        pa.field("written_at", _TIME, nullable=False),
        pa.field("endpoint", pa.string()),
        pa.field("began_at", _TIME),
        pa.field("event_id", pa.string()),
        pa.field("event_topic", pa.string()),
        pa.field("event_partition", pa.int32()),
        pa.field("event_offset", pa.int64()),
        pa.field("repository", pa.string()),
        pa.field("action", pa.string()),
        pa.field("try", pa.int32()),
        pa.field("outcome", pa.string()),
        pa.field("status", pa.int32()),
        pa.field("error", pa.string()),
        pa.field("seconds", pa.float64()),
        pa.field("next_try_seconds", pa.float64()),
        pa.field("answer", pa.string()),
        pa.field("raw", pa.binary()),
    ]
)


class AttemptRows:
    """One file of attempts."""

    def __init__(self, path: Path, open_files: int) -> None:
        """Begin it; `open_files` share the memory."""
        self._groups = RowGroups(path.open("wb"), _SCHEMA, open_files)

    @property
    def size(self) -> int:
        """Bytes on the disk so far; the row group that is being gathered does not count."""
        return self._groups.size

    def write(self, batch: RecordBatch) -> None:
        """Take these records, in order."""
        rows = [_row(batch, index) for index in range(len(batch))]
        self._groups.write(pa.Table.from_pylist(rows, schema=_SCHEMA))

    def close(self) -> None:
        """Write what is left, and close."""
        self._groups.close()


def _row(batch: RecordBatch, index: int) -> dict[str, Any]:
    offset, written_ms, value = batch.offsets[index], batch.timestamps_ms[index], batch.values[index]
    place = {
        "kafka_topic": batch.topic,
        "kafka_partition": batch.partition,
        "kafka_offset": offset,
        "written_at": micros_of(written_ms),
    }
    record = Record(batch.topic, batch.partition, offset, written_ms, None, value, batch.headers(index))
    try:
        attempt = attempt_in(record)
    except UnreadableAttemptError:
        return {**place, "raw": value}
    return {
        **place,
        "endpoint": attempt.endpoint,
        "began_at": attempt.time,
        "event_id": attempt.event_id,
        "event_topic": attempt.topic,
        "event_partition": attempt.partition,
        "event_offset": attempt.offset,
        "repository": attempt.repository,
        "action": attempt.action,
        "try": attempt.number,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "error": attempt.error,
        "seconds": attempt.seconds,
        "next_try_seconds": attempt.next_try_s,
        "answer": attempt.answer,
    }
