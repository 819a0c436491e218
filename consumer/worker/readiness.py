"""Readiness: whether an endpoint's consumer does its work, by snapshots of it, one after the other. Pure.

What is no fault: an endpoint that fails (its breaker is open), one that asked for patience, a worker for which its
group has no partition, a consumer that is none of its group's members for some seconds because it joins anew.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from runtime.counts import counted, noun

PATIENCE_S: Final = 5.0
"""How long a consumer may take to join its group, at first or again."""
STALL_S: Final = 60.0
"""How long nothing may be finished though something waits and nothing is held back on purpose."""


class NotReadyKind(Enum):
    """The kind of a reason; its text may change while the reason stays the same."""

    PREPARING = "preparing"
    """Kafka, the topics or the endpoints' cursors are not prepared yet."""
    KAFKA = "kafka"
    """Kafka does not answer."""
    TOPIC = "topic"
    """The events topic is gone."""
    JOINING = "joining"
    """A consumer has just begun to join its group."""
    CONSUMER = "consumer"
    """A consumer has died, was not admitted to its group, or lost its place there."""
    OWNERLESS = "ownerless"
    """A partition of its group has no owner."""
    OBSTACLE = "obstacle"
    """A partition stands still until somebody acts."""
    STALL = "stall"
    """Nothing is finished, and nobody knows why."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """A reason why a worker does not do its work."""

    kind: NotReadyKind
    text: str
    endpoint: str = ""
    """Empty if it is a reason for all."""

    def __str__(self) -> str:
        """A sentence."""
        return f"endpoint {self.endpoint}: {self.text}" if self.endpoint else self.text


@dataclass(frozen=True, slots=True)
class EndpointSnapshot:
    """One endpoint at one moment."""

    consumer_fault: str = ""
    """Why its consumer reads nothing; empty if it is a member of its group."""
    blocked_because: tuple[str, ...] = ()
    """Why a partition stands still until somebody acts: a newer schema, a schema registry that does not answer."""
    lag: int = 0
    """Records of its partitions that are not finished."""
    waits_on_purpose: bool = False
    """Whether waiting is what is meant: an open breaker, Retry-After, a rate, a retry's backoff, a slow answer."""
    finished: object = None
    """Changes whenever something is finished, and when partitions come or go."""


class Readiness:
    """The readiness of one endpoint."""

    def __init__(self, endpoint: str, *, joins_late: bool = False) -> None:
        """No snapshot yet; `joins_late` says whether the worker was ready before this endpoint was begun."""
        self._endpoint = endpoint
        self._is_patient = joins_late
        """Whether a fault is none before it has lasted: it was a member, or joins while others are served."""
        self._fault_since: float | None = None
        self._moved_at = 0.0
        self._finished: object = None

    def look(self, snapshot: EndpointSnapshot, now: float) -> list[NotReady]:
        """Why it does not do its work; `now` monotonic."""
        found = [
            *self._consumer(snapshot, now),
            *((NotReadyKind.OBSTACLE, text) for text in snapshot.blocked_because),
            *self._stall(snapshot, now),
        ]
        return [NotReady(kind, text, self._endpoint) for kind, text in found]

    def _consumer(self, snapshot: EndpointSnapshot, now: float) -> list[tuple[NotReadyKind, str]]:
        if not snapshot.consumer_fault:
            self._is_patient, self._fault_since = True, None
            return []
        if self._fault_since is None:
            self._fault_since = now
        if now - self._fault_since >= PATIENCE_S:
            return [(NotReadyKind.CONSUMER, snapshot.consumer_fault)]
        return [] if self._is_patient else [(NotReadyKind.JOINING, snapshot.consumer_fault)]

    def _stall(self, snapshot: EndpointSnapshot, now: float) -> list[tuple[NotReadyKind, str]]:
        waits = snapshot.lag > 0 and not (
            snapshot.waits_on_purpose or snapshot.consumer_fault or snapshot.blocked_because
        )
        if not waits or snapshot.finished != self._finished:
            self._moved_at = now
        self._finished = snapshot.finished
        if now - self._moved_at < STALL_S:
            return []
        waiting = f"{counted(snapshot.lag, 'event')} {noun(snapshot.lag, 'waits', 'wait')}"
        return [(NotReadyKind.STALL, f"no event was finished for {STALL_S:g} s, although {waiting}")]
