"""The state of one event at one endpoint, and its reason: one total function. Pure."""

from dataclasses import dataclass
from enum import Enum

from consumer.attempts.repeat import Repeat
from consumer.attempts.text import shown_time
from consumer.dead_letters.folds import Entry
from consumer.filters.endpoint_filter import Filter
from consumer.offsets.cursor import Cursor
from consumer.operations.endpoint_positions import PartitionPosition
from consumer.operations.known_attempts import KnownAttempts
from consumer.operations.serving import Serving, outside_reasons
from runtime.config import EndpointSettings
from runtime.counts import counted
from runtime.rfc3339 import shown_ms
from runtime.units import format_duration
from schemas.event import Event


class EventState(Enum):
    """A state, in the words of an operator."""

    FINISHED = "finished"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    """The endpoint was told the same of late, see `dedupe`."""
    WAITING = "waiting"
    DEAD_LETTER = "dead letter"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    NEVER = "not asked for"
    """It lies before where the endpoint would begin."""


@dataclass(frozen=True, slots=True)
class StateAtEndpoint:
    """The state of an event at one endpoint, and its reason."""

    endpoint: str
    state: EventState
    why: str


def state_at(
    offset: int,
    event: Event | None,
    endpoint: EndpointSettings,
    *,
    position: PartitionPosition,
    letter: Entry | None,
    serving: Serving,
    attempts: KnownAttempts,
) -> StateAtEndpoint:
    """The state by the first that fits: a letter, a rule of the endpoint, the cursor.

    Args:
        offset: of the event in its partition.
        event: None if it cannot be decoded.
        endpoint: its settings as they are now.
        position: in the event's partition.
        letter: of this event for this endpoint.
        serving: who serves the endpoint.
        attempts: of this event at this endpoint, as far as they are known.
    """
    if letter is not None:
        return state_by_letter(letter)
    finished = position.cursor.has_finished(offset)
    if not position.has_cursor and finished:
        return StateAtEndpoint(
            endpoint.name, EventState.NEVER, "the endpoint has not started yet, and its start is after this event"
        )
    rule = Filter(endpoint).rule_against(event) if event is not None else None
    if rule is not None:
        when = "" if finished else "; the cursor has not passed it yet"
        return StateAtEndpoint(endpoint.name, EventState.FILTERED, f"by {rule}{when}")
    if finished and attempts.repeats:
        return StateAtEndpoint(endpoint.name, EventState.DUPLICATE, _repeats(attempts.repeats[0], endpoint))
    if finished:
        return StateAtEndpoint(endpoint.name, EventState.FINISHED, attempts.of_finished(dedupes=endpoint.dedupe_s > 0))
    reasons = [*attempts.of_waiting(), *_reasons(offset, endpoint, position, serving)]
    return StateAtEndpoint(endpoint.name, EventState.WAITING, "; ".join(reasons))


def state_by_letter(entry: Entry) -> StateAtEndpoint:
    """The state by a letter, open or closed."""
    letter, closing = entry.letter, entry.closing
    cause = f"{letter.reason}: {letter.error}" if letter.error else letter.reason
    if letter.attempts:
        cause += f", after {counted(letter.attempts, 'attempt')}"
    if closing is None:
        answer = f"; the last answer: {entry.answer}" if entry.answer else ""
        why = f"{cause}, at {shown_ms(letter.written_ms)}{answer}"
        return StateAtEndpoint(letter.endpoint, EventState.DEAD_LETTER, why)
    state = EventState.REDRIVEN if closing.state == EventState.REDRIVEN.value else EventState.DISCARDED
    return StateAtEndpoint(letter.endpoint, state, f"at {shown_ms(closing.written_ms)}; it was a dead letter: {cause}")


def _repeats(repeat: Repeat, endpoint: EndpointSettings) -> str:
    within = f", within {format_duration(endpoint.dedupe_s)} (dedupe)" if endpoint.dedupe_s else ""
    return f"left out at {shown_time(repeat.time)}: the endpoint has the same event, {repeat.repeats}{within}"


def _reasons(offset: int, endpoint: EndpointSettings, position: PartitionPosition, serving: Serving) -> list[str]:
    reasons = [] if position.has_cursor else ["the endpoint has not started yet; its start includes this event"]
    reasons += outside_reasons(serving, {position.partition: position.cursor}, disabled=endpoint.disabled)
    reasons.append(_before(offset, position.cursor))
    return reasons


def _before(offset: int, cursor: Cursor) -> str:
    """How many events are before it; of those that no worker has read some offsets may hold none."""
    before = cursor.before(offset)
    if not before:
        return "it is the next event of its partition"
    most = "at most " if offset > cursor.unread else ""
    return f"{most}{before} unfinished before it in its partition"
