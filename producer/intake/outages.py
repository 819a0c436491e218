"""The log of Kafka's outages: one line when one begins, one when it ends."""

from typing import Final, Protocol

import structlog

_log: Final = structlog.get_logger(__name__)


class ReportingWriter(Protocol):
    """A writer to Kafka, which logs by itself that it cannot write."""

    @property
    def available(self) -> bool:
        """Whether a write may be tried."""


class Outages:
    """Logs what the pulse finds, unless the writer has found and logged it before."""

    def __init__(self, writer: ReportingWriter, *, has_spool: bool) -> None:
        """None was logged yet; with a spool, nobody waits for Kafka."""
        self._writer = writer
        self._consequence = "events are kept in the spool" if has_spool else "POSTs are answered 503"
        self._is_logged = False

    def changed(self, unreachable_because: str) -> None:
        """Kafka is away, and why; or back, if it is empty."""
        if unreachable_because and self._writer.available:
            self._is_logged = True
            _log.warning(
                "kafka.away", reason=unreachable_because, consequence=f"{self._consequence} until Kafka answers"
            )
        elif not unreachable_because and self._is_logged:
            self._is_logged = False
            _log.info("kafka.back")
