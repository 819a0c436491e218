"""The admin client of one cluster, and another one in its place when it has got no answer for long.

A client that was told of no broker at all, as a cluster says for a moment when its only broker was frozen or its
brokers restart, forgets all that it knew and never asks again (librdkafka 2.13 to 2.16 at least: its issue 5301).
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka.admin import AdminClient

from runtime.clock import Clock
from runtime.kafka.connection_faults import ConnectionFaults
from runtime.kafka.opening import another
from runtime.news import News
from runtime.side_threads import SideThreads

_log: Final = structlog.get_logger(__name__)

RENEW_AFTER_S: Final = 30.0
"""Without an answer, longer than the restart of a broker."""
_KEPT: Final = 2
"""Clients that have been replaced: questions may be under way, and the client does not end well with some of them."""


class AdminClients:
    """One admin client after the other. Thread-safe."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        clock: Clock,
        faults: ConnectionFaults,
        *,
        open_client: Callable[[dict[str, Any]], AdminClient],
    ) -> None:
        """Does not reach out yet.

        Args:
            settings: librdkafka's.
            clock: for how long there was no answer.
            faults: of the connection.
            open_client: how a client comes about.
        """
        self._settings: Final = dict(settings)
        self._clock: Final = clock
        self._faults: Final = faults
        self._open: Final = open_client
        self._news: Final = News()
        self._lock: Final = threading.Lock()
        self._replaced: Final[deque[AdminClient]] = deque()
        self._silent_since: float | None = None
        self.current = open_client(self._settings)

    def answered(self) -> None:
        """The client got an answer, if only that it may not have one."""
        self._silent_since = None

    def unanswered(self) -> None:
        """The client got none; after `RENEW_AFTER_S` seconds of that another one replaces it, if it can be opened."""
        now = self._clock.monotonic()
        with self._lock:
            if self._silent_since is None:
                self._silent_since = now
            if now - self._silent_since < RENEW_AFTER_S:
                return
            if (opened := another(lambda: self._open(self._settings), self._faults, self._news)) is None:
                return
            self._silent_since = now
            self._replaced.append(self.current)
            self.current = opened
            gone = [self._replaced.popleft()] if len(self._replaced) > _KEPT else []
        _log.debug("kafka.admin_renewed", unanswered_s=RENEW_AFTER_S)
        if gone:
            SideThreads(1, "kafka-admin-end").submit(gone.clear)
