"""The state of an endpoint in a word, worst first: the words, their order and their weight are here alone. Pure."""

from enum import Enum
from typing import Final

from consumer.endpoint.reasons import Facts
from consumer.log.listener import NOT_YET

LATE_S: Final = 60.0
"""Age of the oldest event that waits, from which an endpoint that gets its events is behind."""


class Tone(Enum):
    """How much a state asks of an operator; a class of the page's style."""

    BAD = "bad"
    """Events wait until something is mended."""
    WARN = "warn"
    """Some events wait for another try, or all for a moment."""
    UNKNOWN = "unknown"
    """Nobody knows."""
    GOOD = "good"
    """All is as it should be."""
    CALM = "calm"
    """Nothing happens here, and nothing has to."""


class EndpointState(Enum):
    """The state of an endpoint in this worker; the value is the word for it."""

    FAILING = "failing"
    """The breaker is open: it gets one probe at a time, and all else waits."""
    NOT_READING = "not reading"
    """Its consumer is no member of its group, or was given up."""
    BLOCKED = "blocked"
    """A partition stands still until somebody acts: a newer schema, a schema registry, dead letters."""
    UNSERVED = "partly unserved"
    """No worker has some of its partitions."""
    UNKNOWN = "unknown"
    """Kafka does not answer, or not all processes do."""
    REFUSING = "refusing some"
    """The repositories that it refused wait; all others are delivered."""
    HELD = "asked to wait"
    """It answered Retry-After."""
    RETRYING = "retrying"
    """Some repositories wait for their next try."""
    BEHIND = "behind"
    """It gets its events, and the oldest that waits is older than `LATE_S` and the endpoint's `delay` together."""
    PAUSED = "paused"
    """An operator holds it."""
    STARTING = "starting"
    """Its consumer has not joined its group yet."""
    DELIVERING = "delivering"
    """It gets its events as they come."""
    CAUGHT_UP = "caught up"
    """It has all events."""
    STANDBY = "standby"
    """It has no partition here; other workers have them."""

    @property
    def tone(self) -> Tone:
        """How much it asks of an operator."""
        return _TONES[self]

    @property
    def rank(self) -> int:
        """Its place, worst first."""
        return _RANKS[self]


_RANKS: Final = {state: rank for rank, state in enumerate(EndpointState)}
_TONES: Final = {
    EndpointState.FAILING: Tone.BAD,
    EndpointState.NOT_READING: Tone.BAD,
    EndpointState.BLOCKED: Tone.BAD,
    EndpointState.UNSERVED: Tone.BAD,
    EndpointState.UNKNOWN: Tone.UNKNOWN,
    EndpointState.REFUSING: Tone.WARN,
    EndpointState.HELD: Tone.WARN,
    EndpointState.RETRYING: Tone.WARN,
    EndpointState.BEHIND: Tone.WARN,
    EndpointState.PAUSED: Tone.CALM,
    EndpointState.STARTING: Tone.CALM,
    EndpointState.DELIVERING: Tone.GOOD,
    EndpointState.CAUGHT_UP: Tone.GOOD,
    EndpointState.STANDBY: Tone.CALM,
}


def state_of(facts: Facts, *, unreachable: bool, unserved: bool, partitions: int, age_s: float | None) -> EndpointState:
    """The first that fits.

    Args:
        facts: of the endpoint, from which its reasons to wait follow too.
        unreachable: whether Kafka does not answer.
        unserved: whether nobody has some of its partitions.
        partitions: how many this worker has.
        age_s: of the oldest event that waits, in seconds; None if nothing waits, or it is not known.
    """
    if unreachable:
        return EndpointState.UNKNOWN
    stopped = _stopped(facts)
    if stopped is not None:
        return stopped
    if unserved:
        return EndpointState.UNSERVED
    return _pace(facts) or _calm(facts, partitions=partitions, age_s=age_s)


def _stopped(facts: Facts) -> EndpointState | None:
    """What stops it, or a partition of it, until something is done."""
    if facts.paused:
        return EndpointState.PAUSED
    if facts.fault:
        return EndpointState.STARTING if facts.fault == NOT_YET else EndpointState.NOT_READING
    if facts.breaker and not facts.only_refused:
        return EndpointState.FAILING
    return EndpointState.BLOCKED if _is_blocked(facts) else None


def _is_blocked(facts: Facts) -> bool:
    unreadable = any(block.upgrade_needed or block.schema_id is not None for block in facts.blocked)
    return unreadable or bool(facts.schema_troubles) or bool(facts.unwritten_because and facts.burying)


def _pace(facts: Facts) -> EndpointState | None:
    """What keeps some of its events waiting, if something does."""
    if facts.breaker:
        return EndpointState.REFUSING
    if facts.held > 0:
        return EndpointState.HELD
    return EndpointState.RETRYING if facts.retrying or facts.blocked else None


def _calm(facts: Facts, *, partitions: int, age_s: float | None) -> EndpointState:
    if not partitions:
        return EndpointState.STANDBY
    if facts.lag > 0 and age_s is not None and age_s >= LATE_S + facts.delay:
        return EndpointState.BEHIND
    return EndpointState.DELIVERING if facts.lag > 0 or facts.in_flight else EndpointState.CAUGHT_UP
