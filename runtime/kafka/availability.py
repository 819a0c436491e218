"""Whether Kafka takes writes: up, away, or on trial. Thread-safe; no I/O.

up --a write timed out--> away --a probe answered--> trial --its one write acknowledged--> up
                           ^                           |
                           +---------- it failed ------+
"""

import threading
from enum import Enum
from typing import Final

import structlog

from runtime.clock import Clock
from runtime.kafka.errors import KafkaUnavailableError

_log: Final = structlog.get_logger(__name__)

PROBE_EVERY_S: Final = 0.5


class _Phase(Enum):
    UP = "up"
    AWAY = "away"
    TRIAL = "trial"
    """Kafka answers; the next write shows whether it also takes records."""
    TRYING = "trying"
    """That write is under way; all others are refused meanwhile."""


class Availability:
    """The state of one writer, moved by what its writes and probes find."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._state = _Phase.UP
        self._next_probe = 0.0

    @property
    def available(self) -> bool:
        """Whether a write may be tried."""
        return self._state in (_Phase.UP, _Phase.TRIAL)

    def admit(self) -> bool:
        """Whether this write may be tried; on trial, only the first one may."""
        with self._lock:
            if self._state is _Phase.TRIAL:
                self._state = _Phase.TRYING
                return True
            return self._state is _Phase.UP

    def settle(self, error: Exception | None) -> None:
        """A write ended: with success, because Kafka was away, or because Kafka refused it (which is an answer)."""
        away = isinstance(error, KafkaUnavailableError)
        with self._lock:
            if away and self._state is not _Phase.AWAY:
                self._next_probe = self._clock.monotonic()
                if self._state is _Phase.UP:
                    _log.warning(
                        "kafka.unavailable",
                        reason=str(error),
                        consequence="writes are refused until Kafka acknowledges one",
                    )
                self._state = _Phase.AWAY
            elif not away and self._state is _Phase.TRYING:
                self._state = _Phase.UP
                _log.info("kafka.available")

    def probe_due(self) -> bool:
        """Whether it is time to ask again; the next time is `PROBE_EVERY_S` seconds on."""
        with self._lock:
            if self._state is not _Phase.AWAY or self._clock.monotonic() < self._next_probe:
                return False
            self._next_probe = self._clock.monotonic() + PROBE_EVERY_S
            return True

    def reachable(self) -> None:
        """A probe was answered."""
        with self._lock:
            if self._state is _Phase.AWAY:
                self._state = _Phase.TRIAL
