"""The parts of a card: what of it changes by itself, each from the facts that it shows and no others. Pure."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from consumer.attempts.event_attempt import EventAttempt
from consumer.endpoint.latency import DELIVERY_SECONDS
from consumer.worker.page.attempt_rows import ended, result
from consumer.worker.page.facts import BreakerFacts, EndpointCard, GroupFacts
from consumer.worker.page.history import Rates
from consumer.worker.page.quantiles import WINDOWS_MINUTES, quantile
from consumer.worker.page.sparkline import highest, sparkline
from consumer.worker.page.states import EndpointState, Tone
from consumer.worker.page.text import (
    UNKNOWN,
    duration,
    escaped,
    first_line,
    moment,
    number,
    plain_rate,
    rate,
    since,
    until,
)
from runtime.counts import counted, noun

_SHOWN_MEMBERS: Final = 12
_WAITS: Final = {
    EndpointState.FAILING,
    EndpointState.REFUSING,
    EndpointState.HELD,
    EndpointState.RETRYING,
    EndpointState.PAUSED,
}
"""States that end with time, or when an operator says so."""


class Part(NamedTuple):
    """One part of a card."""

    name: str
    fields: tuple[str, ...]
    """Of a card, that it shows: while these stay equal, so does the part."""
    html: Callable[..., str]
    """Of these fields, in their order."""


def _state(state: EndpointState) -> str:
    return f'<span class="state {state.tone.value}" data-rank="{state.rank}">{escaped(state.value)}</span>'


def _url(url: str) -> str:
    return f'<span class="url" title="{escaped(url)}">{escaped(url)}</span>'


def _reasons(state: EndpointState, reasons: Sequence[str]) -> str:
    """Why it is not as it should be; what sets the pace of an endpoint that is, comes and goes with every event."""
    if state.tone is Tone.GOOD:
        return ""
    return "".join(f"<li>{escaped(_sentence(reason))}</li>" for reason in reasons)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lag(lag: int | None) -> str:
    return UNKNOWN if lag is None else f'<data value="{lag}">{number(lag)}</data>'


def _oldest(lag: int | None, oldest_ms: int | None) -> str:
    if oldest_ms is not None:
        return since(oldest_ms, moment(oldest_ms))
    return '<span class="none">–</span>' if lag == 0 else UNKNOWN


def _quantile(share: float, answers: Sequence[Sequence[int]]) -> str:
    if not answers:
        return UNKNOWN
    for counts in answers:
        if (found := quantile(share, DELIVERY_SECONDS, counts)) is not None:
            return duration(found) if found < float("inf") else f"over {duration(DELIVERY_SECONDS[-1])}"
    return '<span class="none">–</span>'


def _median(answers: Sequence[Sequence[int]]) -> str:
    return _quantile(0.5, answers)


def _slowest(answers: Sequence[Sequence[int]]) -> str:
    return _quantile(0.99, answers)


def _window(answers: Sequence[Sequence[int]]) -> str:
    """Of what time the answers are."""
    if not answers:
        return UNKNOWN
    for minutes, counts in zip(WINDOWS_MINUTES, answers, strict=True):
        if sum(counts):
            return "last hour" if minutes == 60 else f"last {minutes} min"
    return "none in the last hour"


def _in_flight(in_flight: int | None, limit: int | None) -> str:
    if in_flight is None:
        return UNKNOWN
    return f"{number(in_flight)} <small>of {number(limit)}</small>"


def _spark(rates: Rates) -> str:
    return sparkline(rates, "Delivered")


def _peak(rates: Rates) -> str:
    top = highest(rates)
    return "no minute known yet" if top is None else f"peak {plain_rate(top)}"


def _breaker(breaker: BreakerFacts | None) -> str:
    if breaker is None:
        return UNKNOWN
    if breaker.state == "closed":
        return "closed"
    at = breaker.next_probe_ms
    when = "a probe is in flight" if at is None else f"next try in {until(at, moment(at))}"
    return f"<b>open</b>, {when}<br>{escaped(breaker.reason)}"


def _resume(endpoint: str, state: EndpointState) -> str:
    """What ends a pause, and has what waits for its time tried now."""
    if state not in _WAITS:
        return ""
    return f"<code>registry-worker resume --endpoint {escaped(shlex.quote(endpoint))}</code>"


def _failure(failure: EventAttempt | None, letters: Mapping[str, int] | None) -> str:
    """What was counted since the start is not known either if the letters are not."""
    if failure is None:
        return UNKNOWN if letters is None else '<span class="none">none since this worker started</span>'
    said = f"<q>{escaped(first_line(failure.answer))}</q>" if failure.answer else ""
    return f"<b>{escaped(result(failure))}</b>, {ended(failure)} ago{said}"


def _letters(open_letters: Mapping[str, int] | None, letters: Mapping[str, int] | None) -> str:
    """Those that are open; where that is not known, those that this worker has written."""
    known, what = (letters, "since this worker started") if open_letters is None else (open_letters, "open")
    if known is None:
        return UNKNOWN
    if not known:
        return f'<span class="none">none {what}</span>'
    listed = ", ".join(f"<b>{number(count)}</b> {escaped(reason)}" for reason, count in _by_count(known))
    return f"{listed} {what}"


def _commands(endpoint: str, open_letters: Mapping[str, int] | None, letters: Mapping[str, int] | None) -> str:
    """What shows the dead letters, and what sends them again; by reason if there are several."""
    name = escaped(shlex.quote(endpoint))
    reasons = [reason for reason, _ in _by_count((letters if open_letters is None else open_letters) or {})]
    if not reasons:
        return ""
    acts = ["list"]
    acts += ["redrive"] if len(reasons) == 1 else [f"redrive --reason {escaped(reason)}" for reason in reasons]
    return "".join(f"<code>registry-worker dead-letters {act} --endpoint {name}</code>" for act in acts)


def _by_count(amounts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The largest first."""
    return sorted(amounts.items(), key=lambda one: (-one[1], one[0]))


def _group(group: GroupFacts) -> str:
    if group.every is None:
        return f"{_numbers(group.here) or 'none'} here; {escaped(group.obstacle)}"
    if group.here == group.every:
        return f"all {len(group.every)}, by this worker alone"
    here = f"{len(group.here)} of {len(group.every)} here"
    if group.members is None:
        return f"{here}; the other members are {UNKNOWN}: {escaped(group.obstacle)}"
    return f"{here}; {counted(len(group.members), 'member')} in its group{_unserved(group)}"


def _unserved(group: GroupFacts) -> str:
    if group.unserved is None:
        return f"; whether all are served is {UNKNOWN}"
    if not group.unserved:
        return ", and every partition is served"
    missing = f"{noun(len(group.unserved), 'partition')} {_numbers(group.unserved)}"
    return f'; <strong class="bad">nobody has {missing}</strong>'


def _members(group: GroupFacts) -> str:
    if group.members is None:
        return ""
    shown = "".join(
        f"<li>{escaped(member.host or 'unknown host')}{' (this worker)' if member.is_here else ''}: "
        f"{_numbers(member.partitions) or 'no partition'}</li>"
        for member in group.members[:_SHOWN_MEMBERS]
    )
    more = len(group.members) - _SHOWN_MEMBERS
    return f"<ul>{shown}{f'<li>and {more} more</li>' if more > 0 else ''}</ul>"


def _numbers(partitions: Sequence[int]) -> str:
    """Runs of neighbours by their ends."""
    runs: list[list[int]] = []
    for partition in partitions:
        if runs and partition == runs[-1][1] + 1:
            runs[-1][1] = partition
        else:
            runs.append([partition, partition])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs)


PARTS: Final = (
    Part("state", ("state",), _state),
    Part("url", ("url",), _url),
    Part("reasons", ("state", "reasons"), _reasons),
    Part("lag", ("lag",), _lag),
    Part("oldest", ("lag", "oldest_ms"), _oldest),
    Part("rate", ("rate",), rate),
    Part("peak", ("rates",), _peak),
    Part("spark", ("rates",), _spark),
    Part("p50", ("answers",), _median),
    Part("p99", ("answers",), _slowest),
    Part("window", ("answers",), _window),
    Part("flight", ("in_flight", "limit"), _in_flight),
    Part("breaker", ("breaker",), _breaker),
    Part("resume", ("endpoint", "state"), _resume),
    Part("failure", ("failure", "letters"), _failure),
    Part("letters", ("open_letters", "letters"), _letters),
    Part("commands", ("endpoint", "open_letters", "letters"), _commands),
    Part("group", ("group",), _group),
    Part("members", ("group",), _members),
)


class CardParts:
    """The parts of one card, made again only where their facts are others."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self._facts: Final[dict[str, list[Any]]] = {}

    def changed(self, card: EndpointCard) -> dict[str, str]:
        """The parts that show something else now, by name."""
        made = {}
        for name, fields, html in PARTS:
            facts = [getattr(card, field) for field in fields]
            if self._facts.get(name) != facts:
                self._facts[name] = facts
                made[name] = html(*facts)
        return made
