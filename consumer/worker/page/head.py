"""The parts of the page's head: the whole worker at a glance. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from consumer.worker.page.facts import EndpointCard, WorkerFacts
from consumer.worker.page.history import Rates
from consumer.worker.page.sparkline import highest, sparkline
from consumer.worker.page.states import EndpointState, Tone
from consumer.worker.page.text import UNKNOWN, escaped, moment, number, plain_rate, rate, since
from runtime.counts import counted, noun

CHIPS: Final = {
    "all": "All",
    "bad": "Need you",
    "warn": "Wait",
    "unknown": "Unknown",
    "calm": "Rest",
    "good": "Fine",
}
"""What the page can be reduced to: a tone, and the word for it."""
_VERDICTS: Final = (
    (Tone.BAD, "needs you", "need you"),
    (Tone.UNKNOWN, "is unknown", "are unknown"),
    (Tone.WARN, "waits", "wait"),
)
_RESTING: Final = (
    (EndpointState.PAUSED, "is paused", "are paused"),
    (EndpointState.STARTING, "is starting", "are starting"),
    (EndpointState.STANDBY, "is served by other workers", "are served by other workers"),
)
_MORE: Final = "<small>≥&thinsp;</small>"
"""Before a figure to which belongs what is not known."""
_NAMED: Final = 4
_TROUBLES: Final = 12
"""Reasons of the process that are shown."""


def head_parts(facts: WorkerFacts) -> dict[str, str]:
    """All of them, by name."""
    delivered = _added([card.rates for card in facts.cards])
    return {
        "verdict": _verdict(facts.cards, is_empty=facts.log_end == 0),
        "trouble": _trouble(facts.not_ready),
        "accepted": rate(facts.accepted_now),
        "accepted-peak": _peak(facts.accepted),
        "accepted-spark": sparkline(facts.accepted, "Accepted"),
        "delivered": rate(_total(card.rate for card in facts.cards)),
        "delivered-peak": _peak(delivered),
        "delivered-spark": sparkline(delivered, "Delivered to all endpoints"),
        "waiting": _at_least([card.lag for card in facts.cards]),
        "oldest": _oldest(facts.cards),
        **_letters(facts.cards),
        **_counts(facts.cards),
        "first": "empty" if facts.log_end == 0 else "",
        "not-served": _not_served(facts.not_served),
    }


def _verdict(cards: Sequence[EndpointCard], *, is_empty: bool) -> str:
    """One sentence, the worst first."""
    if not cards:
        return '<b class="calm">No endpoint is served</b>'
    for tone, singular, plural in _VERDICTS:
        if names := [card.endpoint for card in cards if card.state.tone is tone]:
            count = f"{len(names)} of {counted(len(cards), 'endpoint')} {noun(len(names), singular, plural)}"
            return f'<b class="{tone.value}">{count}</b> <span>{escaped(_listed(names))}</span>'
    if is_empty:
        return '<b class="calm">Ready for the first event</b>'
    return _rest(cards)


def _rest(cards: Sequence[EndpointCard]) -> str:
    """Nothing is wrong; those that do not get their events from this worker are said."""
    for state, singular, plural in _RESTING:
        if names := [card.endpoint for card in cards if card.state is state]:
            count = f"{len(names)} of {counted(len(cards), 'endpoint')} {noun(len(names), singular, plural)}"
            return f'<b class="calm">{count}</b> <span>{escaped(_listed(names))}</span>'
    every = "The endpoint gets its" if len(cards) == 1 else f"All {len(cards)} endpoints get their"
    return f'<b class="good">{every} events</b>'


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _trouble(reasons: Sequence[str]) -> str:
    if not reasons:
        return ""
    listed = "".join(f"<li>{escaped(reason)}</li>" for reason in reasons[:_TROUBLES])
    more = len(reasons) - _TROUBLES
    return f"<p>The worker is not ready:</p><ul>{listed}{f'<li>and {more} more</li>' if more > 0 else ''}</ul>"


def _letters(cards: Sequence[EndpointCard]) -> dict[str, str]:
    """Those that are open; if that is not known of all, those that this worker has written."""
    known = [card.open_letters for card in cards if card.open_letters is not None]
    if len(known) == len(cards):
        return {"letters": number(sum(sum(one.values()) for one in known)), "letters-note": "open"}
    written = [None if card.letters is None else sum(card.letters.values()) for card in cards]
    return {"letters": _at_least(written), "letters-note": "since this worker started"}


def _not_served(names: Sequence[str]) -> str:
    return f"Not served by this worker: {escaped(', '.join(names))}." if names else ""


def _peak(rates: Rates) -> str:
    top = highest(rates)
    return "no minute known yet" if top is None else f"peak {plain_rate(top)}"


def _oldest(cards: Sequence[EndpointCard]) -> str:
    known = [card.oldest_ms for card in cards if card.oldest_ms is not None]
    is_whole = all(card.lag == 0 or card.oldest_ms is not None for card in cards)
    if known:
        return f"oldest {'' if is_whole else _MORE}{since(min(known), moment(min(known)))}"
    return "nothing waits" if is_whole else f"oldest {UNKNOWN}"


def _counts(cards: Sequence[EndpointCard]) -> dict[str, str]:
    """The endpoints of each chip."""
    found = {tone.value: count for tone, count in _tones(cards).items()} | {"all": len(cards)}
    return {f"count-{tone}": str(found[tone]) for tone in CHIPS}


def _tones(cards: Iterable[EndpointCard]) -> dict[Tone, int]:
    counts = Counter(card.state.tone for card in cards)
    return {tone: counts[tone] for tone in Tone}


def _added(rates: Iterable[Rates]) -> Rates:
    """Minute by minute, of those endpoints of which it is known."""
    return [
        sum(known) if (known := [rate for rate in minute if rate is not None]) else None
        for minute in zip(*rates, strict=True)
    ]


def _total(rates: Iterable[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def _at_least(amounts: Sequence[int | None]) -> str:
    """The sum of what is known."""
    known = [amount for amount in amounts if amount is not None]
    if amounts and not known:
        return UNKNOWN
    return (_MORE if len(known) < len(amounts) else "") + number(sum(known))
