"""A sparkline: rates of the last hour as one small picture, which says in words what it shows. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from consumer.worker.page.history import Rates
from consumer.worker.page.text import plain_rate

_HEIGHT: Final = 32
_LEAST: Final = 0.5
"""Of the height of a rate above 0: it can be seen."""


def sparkline(rates: Rates, what: str) -> str:
    """An SVG; minutes that are not known stay empty. `what` is what is counted, for whoever hears the page."""
    known = [rate for rate in rates if rate is not None]
    top = max(known, default=0.0)
    areas = "".join(_area(piece, top) for piece in _pieces(rates))
    return (
        f'<svg class="spark" viewBox="0 0 {max(1, len(rates))} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{_told(known, top, what)}">{areas}</svg>'
    )


def highest(rates: Rates) -> float | None:
    """The highest rate of the hour; None if none is known."""
    return max((rate for rate in rates if rate is not None), default=None)


def _told(known: Sequence[float], top: float, what: str) -> str:
    if not known:
        return f"{what} in the last hour: not known yet"
    hour = "the last hour" if len(known) == 60 else f"the {len(known)} minutes of the last hour that are known"
    return f"{what} in {hour}: at most {plain_rate(top)}, on average {plain_rate(sum(known) / len(known))}"


def _pieces(rates: Rates) -> Iterator[list[tuple[int, float]]]:
    """Runs of minutes that are known."""
    for is_known, run in groupby(enumerate(rates), key=lambda at: at[1] is not None):
        if is_known:
            yield [(minute, rate) for minute, rate in run if rate is not None]


def _area(piece: Sequence[tuple[int, float]], top: float) -> str:
    """The area below a run as steps, and its upper edge as a line."""
    heights = [(minute, _y(rate, top)) for minute, rate in piece]
    steps = " ".join(f"V{y:g}H{minute + 1}" for minute, y in heights)
    first, y = heights[0]
    return (
        f'<path class="area" d="M{first} {_HEIGHT}{steps}V{_HEIGHT}Z"/><path class="edge" d="M{first} {y:g}{steps}"/>'
    )


def _y(rate: float, top: float) -> float:
    if not rate:
        return _HEIGHT - 0.0
    return round(_HEIGHT - max(_LEAST, rate / top * (_HEIGHT - 2)), 1)
