"""The log of Kafka's outages: one line when one begins, one when it ends."""

from typing import Final, Protocol

import structlog

_log: Final = structlog.get_logger(__name__)


def meanwhile(*, has_spool: bool) -> str:
    """What becomes of events while Kafka takes none, a clause: with a spool, nobody waits for Kafka."""
    return "events are kept in the spool" if has_spool else "POSTs are answered 503"


class ReportingLog(Protocol):
    """The log as events are written to it, which says by itself why that cannot be done."""

    @property
    def obstacle(self) -> object | None:
        """Why events cannot be written, as far as is known without asking; None if it can be tried."""


class Outages:
    """Logs what the pulse finds, unless another has found and logged it before: who prepares, or who writes."""

    def __init__(self, log: ReportingLog, *, meanwhile: str) -> None:
        """None was logged yet; `meanwhile` is what becomes of events: see `meanwhile`."""
        self._events = log
        self._meanwhile = meanwhile
        self._is_logged = False

    def changed(self, unreachable_because: str) -> None:
        """Kafka is away, and why; or back, if it is empty."""
        if unreachable_because and self._events.obstacle is None:
            self._is_logged = True
            _log.warning("kafka.away", reason=unreachable_because, consequence=f"{self._meanwhile} until Kafka answers")
        elif not unreachable_because and self._is_logged:
            self._is_logged = False
            _log.info("kafka.back")
