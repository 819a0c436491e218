"""What has become of one event for one endpoint, and why: one total function. Pure."""

from dataclasses import dataclass
from enum import Enum

from consumer.dead_letters.history import Entry
from consumer.dead_letters.text import time_of
from consumer.filters.endpoint_filter import Filter
from consumer.offsets.cursor import Cursor
from consumer.operations.serving import Serving, outside_reasons
from runtime.config import EndpointSettings
from runtime.counts import counted
from schemas.event import Event


class State(Enum):
    """In the words of an operator."""

    FINISHED = "finished"
    FILTERED = "filtered"
    WAITING = "waiting"
    DEAD_LETTER = "dead letter"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"
    NEVER = "not asked for"
    """It lies before where the endpoint would begin."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state and its reason."""

    endpoint: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an endpoint stands in the event's partition."""

    partition: int
    cursor: Cursor
    has_cursor: bool
    """False: the group has no offset yet, and `cursor` is where its `start` would begin."""


def verdict_on(
    offset: int,
    event: Event | None,
    endpoint: EndpointSettings,
    *,
    stand: Stand,
    letter: Entry | None,
    serving: Serving,
) -> Verdict:
    """The first that fits: a letter, a rule of the endpoint, the cursor.

    Args:
        offset: of the event in its partition.
        event: None if it cannot be decoded.
        endpoint: its settings as they are now.
        stand: in the event's partition.
        letter: of this event for this endpoint.
        serving: who serves the endpoint, and what the live worker says.
    """
    if letter is not None:
        return verdict_by_letter(letter)
    finished = stand.cursor.has_finished(offset)
    if not stand.has_cursor and finished:
        return Verdict(endpoint.name, State.NEVER, "the endpoint has not started yet, and its start is after it")
    rule = Filter(endpoint).rule_against(event) if event is not None else None
    if rule is not None:
        when = "" if finished else "; its turn has not come yet"
        return Verdict(endpoint.name, State.FILTERED, f"by {rule}{when}")
    if finished:
        return Verdict(endpoint.name, State.FINISHED, "delivered, or before the endpoint's start")
    return Verdict(endpoint.name, State.WAITING, "; ".join(_reasons(offset, endpoint, stand, serving)))


def verdict_by_letter(entry: Entry) -> Verdict:
    """What a letter, open or closed, says."""
    letter, closing = entry.letter, entry.closing
    told = f"{letter.reason}: {letter.error}" if letter.error else letter.reason
    if letter.attempts:
        told += f", after {counted(letter.attempts, 'attempt')}"
    if closing is None:
        return Verdict(letter.endpoint, State.DEAD_LETTER, f"{told}, at {time_of(letter.written_ms)}")
    state = State.REDRIVEN if closing.state == State.REDRIVEN.value else State.DISCARDED
    return Verdict(letter.endpoint, state, f"at {time_of(closing.written_ms)}; it was a dead letter: {told}")


def _reasons(offset: int, endpoint: EndpointSettings, stand: Stand, serving: Serving) -> list[str]:
    reasons = [] if stand.has_cursor else ["the endpoint has not started yet; its start would deliver it"]
    reasons += outside_reasons(serving, {stand.partition: stand.cursor}, disabled=endpoint.disabled)
    reasons.append(_before(offset, stand.cursor))
    return reasons


def _before(offset: int, cursor: Cursor) -> str:
    """How many events are before it; of those that no worker has read some offsets may hold none."""
    before = cursor.before(offset)
    if not before:
        return "it is the next of its partition"
    most = "at most " if offset > cursor.unread else ""
    return f"{most}{before} unfinished before it in its partition"
