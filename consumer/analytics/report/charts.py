"""Charts as HTML and SVG: bars, days, and a week of hours. Pure; all text is escaped here, colours are the page's.

Nothing is loaded, nothing runs: a chart is markup that the page's style draws.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Final

from consumer.terminal import printable

_WIDTH: Final = 1160
_HEIGHT: Final = 220
_LEFT: Final = 62
_BOTTOM: Final = 26
_TOP: Final = 12
_LABELS: Final = 8
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CELL: Final = 22
_STEPS: Final = (1, 1.5, 2, 3, 4, 5, 7.5)


def text(value: str) -> str:
    """Text that shows and does nothing: control and direction characters as escapes, markup as entities."""
    return escape(printable(value), quote=True)


def legend(kinds: Mapping[str, str]) -> str:
    """What the colours mean: labels by style class."""
    keys = (f'<span><i class="{kind}"></i>{text(label)}</span>' for kind, label in kinds.items())
    return f'<div class="legend">{"".join(keys)}</div>'


def bars(rows: Sequence[tuple[str, Mapping[str, float], str]]) -> str:
    """Rows of a name, lengths by style class, and the text at the end; the longest bar is as long as there is room."""
    longest = max((length for _, lengths, _ in rows for length in lengths.values()), default=0) or 1
    return f'<div class="bars">{"".join(_row(name, lengths, value, longest) for name, lengths, value in rows)}</div>'


def _row(name: str, lengths: Mapping[str, float], value: str, longest: float) -> str:
    drawn = "".join(
        f'<span class="bar {kind}" style="width:{100 * length / longest:.2f}%"></span>'
        for kind, length in lengths.items()
        if length
    )
    named = text(name)
    return (
        f'<span class="name" title="{named}">{named}</span><span class="track">{drawn}</span>'
        f'<span class="value">{text(value)}</span>'
    )


def days(counts: Sequence[tuple[date, Mapping[str, int]]]) -> str:
    """A column a day, from the first to the last, the kinds stacked; a day without anything stays empty."""
    first, last = counts[0][0].toordinal(), counts[-1][0].toordinal()
    top = _round_up(max(sum(kinds.values()) for _, kinds in counts))
    width = (_WIDTH - _LEFT) / (last - first + 1)
    columns = "".join(
        _column(day, kinds, _LEFT + (day.toordinal() - first) * width, width, top) for day, kinds in counts
    )
    every = max(1, -(-(last - first + 1) // _LABELS))
    labels = "".join(
        f'<text x="{_LEFT + (at - first + 0.5) * width:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">'
        f"{date.fromordinal(at):%d %b}</text>"
        for at in range(first, last + 1, every)
    )
    return _drawing("Activity by day", _WIDTH, _HEIGHT, f"{_scale(top)}{columns}{labels}")


def _column(day: date, kinds: Mapping[str, int], left: float, width: float, top: float) -> str:
    said = f"{day.isoformat()}: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    drawn, base = "", float(_HEIGHT - _BOTTOM)
    thick, gap = min(width * 0.82, 48.0), width
    for kind, count in kinds.items():
        height = count / top * (_HEIGHT - _BOTTOM - _TOP)
        base -= height
        at = f'x="{left + (gap - thick) / 2:.1f}" y="{base:.1f}"'
        drawn += f'<rect class="{kind}" {at} width="{thick:.1f}" height="{height:.1f}"/>'
    return f"<g><title>{text(said)}</title>{drawn}</g>"


def _scale(top: float) -> str:
    lines = ""
    for share in (0.0, 0.5, 1.0):
        y = _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)
        lines += f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}"/>'
        lines += f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * share:,.10g}</text>'
    return lines


def _round_up(number: float) -> float:
    """The next of 2, 4, 6, 8, 10, 20, 30, 40, 60, ...: twice a round whole number; its half can be named too."""
    power = 1.0
    while True:
        for half in (step * power for step in _STEPS):
            if half.is_integer() and 2 * half >= number:
                return 2 * half
        power *= 10


def week(counts: Mapping[tuple[int, int], int]) -> str:
    """A row a weekday (1 is Monday), a column an hour; the fuller the more."""
    most = max(counts.values(), default=0) or 1
    cells = "".join(_hour(day, hour, counts.get((day, hour), 0), most) for day in range(1, 8) for hour in range(24))
    names = "".join(f'<text x="0" y="{at * _CELL + 15}">{name}</text>' for at, name in enumerate(_WEEKDAYS))
    hours = "".join(f'<text x="{40 + hour * _CELL}" y="{7 * _CELL + 16}">{hour:02}</text>' for hour in range(0, 24, 3))
    return _drawing("Pulls by hour", 40 + 24 * _CELL, 7 * _CELL + 22, f"{cells}{names}{hours}")


def _hour(day: int, hour: int, count: int, most: int) -> str:
    style = f'class="cell" opacity="{0.12 + 0.88 * count / most:.2f}"' if count else 'class="empty"'
    said = f"{_WEEKDAYS[day - 1]} {hour:02}:00, {count:,} pulls"
    at = f'x="{40 + hour * _CELL}" y="{(day - 1) * _CELL}" width="{_CELL - 3}" height="{_CELL - 3}" rx="3"'
    return f"<rect {style} {at}><title>{said}</title></rect>"


def _drawing(name: str, width: int, height: int, content: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}">{content}</svg>'
