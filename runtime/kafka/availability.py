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
STUCK_AFTER_S: Final = 30.0
"""How long trials may fail one after the other, longer than the restart of a broker: then the producer is at fault."""


class _Phase(Enum):
    UP = "up"
    AWAY = "away"
    TRIAL = "trial"
    """Kafka answers; the next write shows whether it also takes records."""
    TRYING = "trying"
    """That write is under way; all others are refused meanwhile."""


class Availability:
    """The state of one writer, moved by what its writes and probes find."""

    def __init__(self, clock: Clock, *, meanwhile: str) -> None:
        """Kafka is up; `meanwhile` is what a log line says of the time in which it is away, a clause."""
        self._clock = clock
        self._consequence = f"{meanwhile} until Kafka acknowledges a write"
        self._lock = threading.Lock()
        self._state = _Phase.UP
        self._next_probe = 0.0
        self._failing_since: float | None = None
        """When the first trial failed since a write was answered."""
        self._unanswered_since: float | None = None
        """When the first probe was due that was not answered, since one was."""

    @property
    def available(self) -> bool:
        """Whether a write may be tried."""
        return self._state in (_Phase.UP, _Phase.TRIAL)

    @property
    def is_tried(self) -> bool:
        """Whether the one write of a trial is under way."""
        return self._state is _Phase.TRYING

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
            if not away:
                self._failing_since = None
            elif self._state is _Phase.TRYING and self._failing_since is None:
                self._failing_since = self._clock.monotonic()
            if away and self._state is not _Phase.AWAY:
                self._next_probe = self._clock.monotonic()
                if self._state is _Phase.UP:
                    _log.warning("kafka.unavailable", reason=str(error), consequence=self._consequence)
                self._state = _Phase.AWAY
            elif not away and self._state is _Phase.TRYING:
                self._state = _Phase.UP
                _log.info("kafka.available")

    def probe_due(self) -> bool:
        """Whether it is time to ask again; the next time is `PROBE_EVERY_S` seconds on."""
        with self._lock:
            if self._state is not _Phase.AWAY or self._clock.monotonic() < self._next_probe:
                return False
            now = self._clock.monotonic()
            self._next_probe = now + PROBE_EVERY_S
            self._unanswered_since = now if self._unanswered_since is None else self._unanswered_since
            return True

    @property
    def is_stuck(self) -> bool:
        """Whether no trial has succeeded for `STUCK_AFTER_S` seconds, although probes were answered."""
        with self._lock:
            since = self._failing_since
        return since is not None and self._clock.monotonic() - since >= STUCK_AFTER_S

    @property
    def is_unanswered(self) -> bool:
        """Whether no probe was answered for `STUCK_AFTER_S` seconds."""
        with self._lock:
            since = self._unanswered_since
        return since is not None and self._clock.monotonic() - since >= STUCK_AFTER_S

    def renewed(self) -> None:
        """The writer has another producer, which is to be judged by its own trials and probes."""
        with self._lock:
            self._failing_since = self._unanswered_since = None

    def reachable(self) -> None:
        """A probe was answered."""
        with self._lock:
            self._unanswered_since = None
            if self._state is _Phase.AWAY:
                self._state = _Phase.TRIAL
