"""The care of a table: compaction and expiry, once, or every hour beside an export that goes on."""

from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from consumer.analytics.iceberg.compaction import compact
from consumer.analytics.iceberg.expiry import expire
from consumer.analytics.iceberg.table import ExportTable
from consumer.log.record_batch import DAY_MS
from runtime.clock import Clock
from runtime.counts import counted
from runtime.errors import BridgeError

_log: Final = structlog.get_logger(__name__)

_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Care:
    """What is asked for."""

    compacts: bool
    expire_s: float | None
    """The age of snapshots that go; None keeps all."""


class Notices(Protocol):
    """Takes lines for the user."""

    def say(self, line: str) -> None:
        """Show it."""
        ...


class Maintenance:
    """The care of one table."""

    def __init__(self, table: ExportTable, care: Care, clock: Clock, notices: Notices) -> None:
        """Nothing is done yet; what is done is told to `notices`."""
        self._table = table
        self._care = care
        self._clock = clock
        self._notices = notices
        self._last = clock.monotonic()

    def run(self) -> None:
        """Do what is asked for.

        Raises:
            UnfitTableError: the table forbids it.
            TableError: the catalog or the storage refused.
        """
        now_ms = int(self._clock.wall() * 1000)
        self._last = self._clock.monotonic()
        if self._care.compacts:
            done = compact(self._table, now_ms // DAY_MS)
            self._notices.say(
                f"compacted {counted(done.days, 'day')}: {counted(done.before, 'file')} became {done.after}"
            )
        if self._care.expire_s is not None:
            gone = expire(self._table, now_ms - int(self._care.expire_s * 1000))
            self._notices.say(
                f"expired {counted(gone.snapshots, 'snapshot')} and removed {counted(gone.files, 'file')}"
            )

    def run_if_due(self) -> None:
        """The same once an hour; a failure is logged and waits for the next hour."""
        if self._clock.monotonic() - self._last < _EVERY_S:
            return
        try:
            self.run()
        except BridgeError as error:
            _log.warning("export.maintenance_failed", table=self._table.name, reason=str(error))
