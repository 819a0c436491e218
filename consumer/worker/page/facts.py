"""The facts that the page is made of, as the processes of a worker tell each other in JSON. Pure.

Moments are in milliseconds since the epoch, so that a fact that stays the same is equal to what it was. None is what
nobody knows.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from consumer.attempts.event_attempt import EventAttempt
from consumer.worker.page.history import Rates
from consumer.worker.page.states import EndpointState


class BreakerFacts(Struct, frozen=True):
    """The breaker of one endpoint in one process."""

    state: str
    """`closed`, `refused` or `open`."""
    reason: str = ""
    """Why it is not closed."""
    next_probe_ms: int | None = None
    """When the next probe goes out; None while it is closed, and while one is under way."""


class MemberFacts(Struct, frozen=True):
    """A member of an endpoint's group."""

    id: str
    host: str
    partitions: tuple[int, ...]
    is_here: bool
    """Whether it is of this worker."""


class GroupFacts(Struct, frozen=True):
    """An endpoint's group, as far as this worker knows it."""

    name: str
    here: tuple[int, ...] = ()
    """The partitions that this worker has."""
    every: tuple[int, ...] | None = None
    """All partitions of the topic."""
    members: tuple[MemberFacts, ...] | None = None
    """Asked for only while some partitions are not here."""
    unserved: tuple[int, ...] | None = None
    """Partitions that no member has."""
    obstacle: str = ""
    """Why members and what is unserved are not known."""


class EndpointCard(Struct, frozen=True, kw_only=True):
    """One endpoint."""

    endpoint: str
    url: str
    state: EndpointState
    reasons: tuple[str, ...] = ()
    lag: int | None = None
    """Records that are not finished, in all partitions of its group."""
    lag_here: int | None = None
    """Of those, the ones in this worker's partitions."""
    oldest_ms: int | None = None
    """When the oldest of them was accepted."""
    rates: Rates = field(default_factory=list)
    """Events delivered per second, see `CountHistory.rates`."""
    rate: float | None = None
    """The same now."""
    answers: tuple[tuple[int, ...], ...] = ()
    """The histogram of the seconds to an answer, for each of `WINDOWS_MINUTES`."""
    in_flight: int | None = None
    limit: int | None = None
    breaker: BreakerFacts | None = None
    failure: EventAttempt | None = None
    """The last attempt that was not delivered, since the worker began."""
    letters: Mapping[str, int] | None = None
    """Dead letters that were written since the worker began, by reason; None if that, and the failure, is not known."""
    open_letters: Mapping[str, int] | None = None
    """Dead letters that are open, whoever wrote them, by reason; None if they are not known."""
    group: GroupFacts


class WorkerFacts(Struct, frozen=True, kw_only=True):
    """A worker, or one process of it."""

    cards: Sequence[EndpointCard]
    """In the order of the configuration."""
    not_ready: Sequence[str] = ()
    """Why it does not do its work, a sentence each."""
    accepted: Rates = field(default_factory=list)
    """Events that came into the log per second, by the minute."""
    accepted_now: float | None = None
    log_end: int | None = None
    """The sum of the log's ends: 0 before the first event."""
    not_served: Sequence[str] = ()
    """Endpoints of the configuration that this worker does not serve: disabled ones, and those of other workers."""
