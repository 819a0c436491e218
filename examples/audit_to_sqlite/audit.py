"""An audit log in SQLite: a sink in Python that keeps each event once, however often it is delivered.

`bridge.yaml` beside it is its configuration; docs/python-sinks.md explains both.
"""

import sqlite3
from datetime import UTC, datetime

from consumer import Record, SinkUnavailableError
from schemas import Event

TABLE = """
CREATE TABLE IF NOT EXISTS events (
    topic TEXT, partition INTEGER, "offset" INTEGER, accepted_at TEXT,
    event_id TEXT, action TEXT, registry TEXT, repository TEXT, tag TEXT, digest TEXT, actor TEXT, client TEXT,
    PRIMARY KEY (topic, partition, "offset", accepted_at)
)
"""
UPSERT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteAudit:
    """Writes each event as the row of its place in the log."""

    def __init__(self, path: str) -> None:
        """Opens the database, and makes it if it is not there; the worker calls this when the first event comes."""
        self._database = sqlite3.connect(path, timeout=1.0)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")  # a row that was written survives a loss of power
        self._database.execute(TABLE)

    def write(self, event: Event, record: Record) -> None:
        """Return when the row is on disk."""
        try:
            with self._database:  # one transaction, which is committed at the end
                self._database.execute(UPSERT, row_of(event, record))
        except sqlite3.OperationalError as error:  # locked by somebody else, no space left, moved away
            raise SinkUnavailableError(str(error), retry_after=5) from error

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def row_of(event: Event, record: Record) -> tuple[object, ...]:
    """The columns of an event."""
    target = event.target
    accepted = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
    place = record.topic, record.partition, record.offset, accepted
    what = event.id, event.action, event.registry, target.repository, target.tag, target.digest
    return *place, *what, event.actor.name, event.request.addr
