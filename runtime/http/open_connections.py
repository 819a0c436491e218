"""The open connections of one server: who has waited too long, and who makes room when there are too many."""

from enum import IntEnum
from typing import Final, Protocol

import structlog

from runtime.http.limits import MAX_CONNECTIONS
from runtime.repeated_lines import RepeatedLines

_log: Final = structlog.get_logger(__name__)


class Precedence(IntEnum):
    """Who makes room first: the lowest."""

    STRANGER = 0
    """No request was ever complete; or the client does not read, or is to be closed anyway."""
    IDLE = 1
    """Waits for its next request."""
    SENDING = 2
    """Is in the middle of a body."""
    ANSWERING = 3
    """Gets its answer, which takes no longer than Kafka may, or is one of a few open pages; it never makes room."""


class GuardedPeer(Protocol):
    """An open connection."""

    @property
    def precedence(self) -> Precedence:
        """Who makes room first."""

    @property
    def since(self) -> float:
        """Since when that holds, by the loop's clock."""

    @property
    def sender(self) -> str:
        """The peer's address."""

    def check(self, now: float) -> None:
        """End what has waited too long."""

    def drop(self, reason: str) -> None:
        """Close at once, without an answer."""


class ClosedObserver(Protocol):
    """Learns of connections that were closed before there was a request, or because the client does not read."""

    def closed(self, reason: str) -> None:
        """One was: `silent`, `slow` (a head, answered 408), `handshake`, `crowded` or `unread` (its answer)."""


class OpenConnections:
    """Keeps at most `MAX_CONNECTIONS`, and logs those that it closes: one line every 10 s for each reason."""

    def __init__(self, observer: ClosedObserver | None = None) -> None:
        self._open: dict[GuardedPeer, None] = {}
        self._observer = observer
        self._closed: RepeatedLines[str] = RepeatedLines()
        """With the sender."""
        self._handshakes: RepeatedLines[str] = RepeatedLines()
        """By what OpenSSL said."""

    def __len__(self) -> int:
        return len(self._open)

    def opened(self, peer: GuardedPeer) -> None:
        """A connection is there; it, or another, is dropped if there are too many."""
        if len(self._open) >= MAX_CONNECTIONS:
            first = min(self._open, key=lambda one: (one.precedence, one.since))
            if first.precedence is Precedence.ANSWERING:
                peer.drop("crowded")
                return
            del self._open[first]  # at once: its end is reported later, and others may come before
            first.drop("crowded")
        self._open[peer] = None

    def gone(self, peer: GuardedPeer) -> None:
        """A connection is closed."""
        self._open.pop(peer, None)

    def note(self, peer: GuardedPeer, reason: str) -> None:
        """A connection is closed for this reason: see `ClosedObserver`."""
        self._closed.note(reason, peer.sender)
        if self._observer is not None:
            self._observer.closed(reason)

    def handshake_failed(self, peer: GuardedPeer, error: str) -> None:
        """A handshake of TLS failed for this reason, and the connection is closed."""
        self._handshakes.note(error, peer.sender)
        if self._observer is not None:
            self._observer.closed("handshake")

    def sweep(self, now: float) -> None:
        """Check every connection, and log what was closed."""
        for peer in tuple(self._open):
            peer.check(now)
        for reason, count, sender in self._closed.due(now):
            _log.warning("http.closed", reason=reason, connections=count, last_sender=sender)
        for error, count, sender in self._handshakes.due(now):
            _log.warning("tls.handshake_failed", error=error, connections=count, last_sender=sender)
