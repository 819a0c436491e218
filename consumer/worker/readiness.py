"""Readiness: whether an endpoint's consumer does its work, judged over what is seen of it now and then. Pure.

What is no fault: an endpoint that fails (its breaker is open), one that asked for patience, a worker for which its
group has no partition, a consumer that is none of its group's members for some seconds because it joins anew.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from runtime.counts import counted

PATIENCE_S: Final = 5.0
"""How long a consumer may take to join its group, at first or again."""
STALL_S: Final = 60.0
"""How long nothing may be finished though something waits and nothing is held back on purpose."""


class Kind(Enum):
    """What a reason is about; the text of one kind may change while the reason stays the same."""

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
    OBSTACLE = "obstacle"
    """A partition stands still until somebody acts."""
    STALL = "stall"
    """Nothing is finished, and nobody knows why."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a worker does not do its work."""

    kind: Kind
    text: str
    endpoint: str = ""
    """Empty if it is a reason for all."""

    def __str__(self) -> str:
        """A sentence."""
        return f"endpoint {self.endpoint}: {self.text}" if self.endpoint else self.text


@dataclass(frozen=True, slots=True)
class Seen:
    """One endpoint at one moment."""

    trouble: str = ""
    """Why its consumer reads nothing; empty if it is a member of its group."""
    obstacles: tuple[str, ...] = ()
    """What stops a partition until somebody acts: a newer schema, a schema registry that does not answer."""
    lag: int = 0
    """Records of its partitions that are not finished."""
    waits_on_purpose: bool = False
    """Whether waiting is what is meant: an open breaker, Retry-After, a rate, a retry's backoff, a slow answer."""
    finished: object = None
    """Changes whenever something is finished, and when partitions come or go."""


class Readiness:
    """The judgement over one endpoint."""

    def __init__(self, endpoint: str) -> None:
        """It was not seen yet."""
        self._endpoint = endpoint
        self._was_member = False
        self._trouble_since: float | None = None
        self._moved_at = 0.0
        self._finished: object = None

    def look(self, seen: Seen, now: float) -> list[Reason]:
        """Why it does not do its work; `now` monotonic."""
        found = [
            *self._trouble(seen, now),
            *((Kind.OBSTACLE, text) for text in seen.obstacles),
            *self._stall(seen, now),
        ]
        return [Reason(kind, text, self._endpoint) for kind, text in found]

    def _trouble(self, seen: Seen, now: float) -> list[tuple[Kind, str]]:
        if not seen.trouble:
            self._was_member, self._trouble_since = True, None
            return []
        if self._trouble_since is None:
            self._trouble_since = now
        if now - self._trouble_since >= PATIENCE_S:
            return [(Kind.CONSUMER, seen.trouble)]
        return [] if self._was_member else [(Kind.JOINING, seen.trouble)]

    def _stall(self, seen: Seen, now: float) -> list[tuple[Kind, str]]:
        waits = seen.lag > 0 and not (seen.waits_on_purpose or seen.trouble or seen.obstacles)
        if not waits or seen.finished != self._finished:
            self._moved_at = now
        self._finished = seen.finished
        if now - self._moved_at < STALL_S:
            return []
        return [(Kind.STALL, f"nothing was finished for {STALL_S:g} s, though {counted(seen.lag, 'event')} wait")]
