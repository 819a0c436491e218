"""Why events of an endpoint wait: from facts to words, at least one wherever something waits. Pure.

First what stops the endpoint as a whole or a partition of it; then, for what is not stopped, what sets the pace.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.counts import counted, noun
from runtime.units import format_duration


@dataclass(frozen=True, slots=True)
class Blocked:
    """A partition of which nothing more can be admitted now."""

    partition: int
    upgrade_needed: str = ""
    """Why this version cannot read on, if that is it."""
    schema_id: int | None = None
    """The id that the schema registry is being asked for, if that is it."""
    base: int = 0
    """Else its window is full: the offset that keeps it from moving on."""
    repository: str = ""
    """Of the event there, if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One endpoint in one worker, at one moment; times in seconds."""

    lag: int
    """Records that are not finished."""
    unread: int = 0
    """Those of them that were not read yet."""
    fault: str = ""
    """Why its consumer reads nothing, if so: Kafka, or its group."""
    schema_troubles: tuple[str, ...] = ()
    """Why the schema registry does not answer, by schema id."""
    paused: str = ""
    """That an operator holds it, since when and why; empty if none does."""
    breaker: str = ""
    """Why the breaker is open; empty while it is closed."""
    only_refused: bool = False
    """Whether it holds back the repositories that the endpoint refused and no others."""
    next_probe: float | None = None
    """Until then nothing is tried, by Retry-After either; None: a probe is under way."""
    held: float = 0.0
    """How long the endpoint asked to be left alone, by Retry-After."""
    is_sink: bool = False
    """Whether it is a sink in Python, which knows no headers."""
    blocked: tuple[Blocked, ...] = ()
    delay: float = 0.0
    """How old an event must be before it is sent."""
    held_back: float | None = None
    """How long the next event is still held back by that; None if none is that was read."""
    burying: int = 0
    """Dead letters that are being written; what comes behind them in their repositories waits for that."""
    unwritten_because: str = ""
    """Why they cannot be written now, if so."""
    rate_limit: float | None = None
    """Requests a second that may start, where this is what new requests wait for."""
    without_room: int = 0
    """Repositories whose first event, a large one or of a large batch, waits until there is memory for its request."""
    in_flight: int = 0
    limit: int = 1
    """Requests that may be under way at once now."""
    answers_take: float | None = None
    """Recently, on average; None: there was no answer yet."""
    waits_for_commit: bool = False
    """Whether so much is finished and not committed that nothing more may be tried."""
    lanes: int = 0
    """Repositories with events in memory (with `ordering: none` events)."""
    retrying: int = 0
    """Those of them that wait for the next try of their first event."""
    next_try: float = 0.0
    """Until the first of these."""
    last_failure: str = ""
    """What the endpoint answered to the last attempt that failed, or why there was no answer; empty if none failed."""
    ordered: bool = True
    filtering: bool = False
    """Whether events that the endpoint did not ask for have been passed over just now."""


def reasons_of(facts: Facts) -> list[str]:
    """What stops the endpoint, and if something waits at least one reason."""
    stopped = list(_stops_all(facts))
    found = stopped + list(_stops_some(facts)) + [_blocked(block) for block in facts.blocked]
    if facts.lag <= 0 or stopped:
        return found
    found += _pace(facts)
    return found or [_nothing_special(facts)]


def _stops_all(facts: Facts) -> Iterator[str]:
    if facts.paused:
        yield facts.paused
    if facts.fault:
        yield facts.fault
    if facts.breaker and not facts.only_refused:
        yield breaker_reason(facts)
    if facts.held > 0:
        yield _held(facts)


def _held(facts: Facts) -> str:
    left = _seconds(facts.held)
    return f"the sink asked to be left alone, {left} more" if facts.is_sink else f"paused by Retry-After for {left}"


def _stops_some(facts: Facts) -> Iterator[str]:
    if facts.breaker and facts.only_refused:
        yield breaker_reason(facts)
    yield from facts.schema_troubles
    if facts.unwritten_because and facts.burying:
        yield f"{counted(facts.burying, 'dead letter')} cannot be written: {facts.unwritten_because}"


def breaker_reason(facts: Facts) -> str:
    """Why an open breaker holds events back, and until when."""
    if facts.next_probe is None:
        when = "a probe is in flight"
    elif facts.paused:
        when = "next try after the pause"
    else:
        when = f"next try in {_seconds(facts.next_probe)}"
    return f"breaker open: {breaker_cause(facts)}, {when}"


def breaker_cause(facts: Facts) -> str:
    """What opened the breaker; and what the probes get now, where that is something else."""
    last = facts.last_failure
    return facts.breaker if not last or facts.breaker.startswith(last) else f"{facts.breaker}; the last failure: {last}"


def _blocked(block: Blocked) -> str:
    if block.upgrade_needed:
        return f"partition {block.partition} needs a newer worker: {block.upgrade_needed}"
    if block.schema_id is not None:
        return f"partition {block.partition} waits for the schema registry, asked for id {block.schema_id}"
    where = f"{block.repository} (offset {block.base})" if block.repository else f"offset {block.base}"
    return f"partition {block.partition}: the window is full, waiting for {where}"


def _pace(facts: Facts) -> Iterator[str]:
    """What sets the pace of what is not stopped."""
    if facts.burying and not facts.unwritten_because:
        yield f"{counted(facts.burying, 'dead letter')} being written"
    if facts.held_back is not None:
        yield f"held back by delay ({format_duration(facts.delay)}), the next event for {_short(facts.held_back)}"
    if facts.waits_for_commit:
        yield "finished events are being committed first"
    if facts.retrying:
        yield _retrying(facts)
    if facts.without_room:
        who, verb = _lanes(facts, facts.without_room), noun(facts.without_room, "waits", "wait")
        yield f"{who} {verb} until a large request ends: those under way take all memory for bodies"
    if facts.rate_limit is not None:
        yield f"rate limit: {facts.rate_limit:g} requests a second"
    elif facts.in_flight >= facts.limit:
        yield f"{counted(facts.limit, 'request')} at once is the limit{_answers(facts)}"
    elif facts.in_flight and (busy := facts.lanes - facts.retrying - facts.without_room) > 0:
        how = "waiting in order" if facts.ordered else "in progress"
        yield f"{_lanes(facts, busy)} {how}{_answers(facts)}"
    if facts.filtering and facts.unread:
        yield "filtered events are being skipped"


def _retrying(facts: Facts) -> str:
    """Before the breaker opens, which takes minutes where events are rare, this is all that tells of a failure."""
    who, verb = _lanes(facts, facts.retrying), noun(facts.retrying, "waits", "wait")
    because = f"; the last failure: {facts.last_failure}" if facts.last_failure else ""
    return f"{who} {verb} for the next try, the first in {_seconds(facts.next_try)}{because}"


def _nothing_special(facts: Facts) -> str:
    if facts.unread:
        return "the log is being read"
    return f"about to be sent{_answers(facts)}"


def _lanes(facts: Facts, count: int) -> str:
    return counted(count, "repository", "repositories") if facts.ordered else counted(count, "event")


def _answers(facts: Facts) -> str:
    return "" if facts.answers_take is None else f"; answers take {_short(facts.answers_take)}"


def _short(seconds: float) -> str:
    """A time as short as it is known well: `3 ms`, `0.8 s`, `12 s`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _seconds(seconds: float) -> str:
    """A time to wait; whole seconds, minutes where there are some."""
    whole = float(round(seconds))
    return f"{whole:.0f} s" if whole < 100 else format_duration(whole)
