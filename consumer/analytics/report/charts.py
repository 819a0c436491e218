"""Charts as HTML and SVG: bars, days, and a week of hours. Pure; all text is escaped here, colours are the page's.

Nothing is loaded, nothing runs: a chart is markup that the page's style draws.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Final

from runtime.cli.terminal import printable
from runtime.counts import noun

_WIDTH: Final = 1100
_HEIGHT: Final = 180
_LABELS: Final = 8
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CELL: Final = 22
_STEPS: Final = (1, 1.5, 2, 3, 4, 5, 7.5)


def text(value: str) -> str:
    """Text that shows and does nothing: control and direction characters as escapes, markup as entities."""
    return escape(printable(value), quote=True)


def legend(kinds: Mapping[str, str]) -> str:
    """The legend of the colours: labels by style class."""
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
    """A column a day, from the first to the last, the kinds stacked; a day without anything stays empty.

    The drawing stretches with the page; its labels stand around it and keep their size.
    """
    first, last = counts[0][0].toordinal(), counts[-1][0].toordinal()
    top = _round_up(max(sum(kinds.values()) for _, kinds in counts))
    width = _WIDTH / (last - first + 1)
    columns = "".join(_column(day, kinds, (day.toordinal() - first) * width, width, top) for day, kinds in counts)
    drawing = _drawing("Activity by day", _WIDTH, _HEIGHT, f"{_lines()}{columns}", ' preserveAspectRatio="none"')
    return f'<div class="days">{_scale(top)}{drawing}{_dates(first, last)}</div>'


def _column(day: date, kinds: Mapping[str, int], left: float, width: float, top: float) -> str:
    label = f"{day.isoformat()}: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    drawn, base = "", float(_HEIGHT)
    thick = min(width * 0.82, 48.0)
    for kind, count in kinds.items():
        height = count / top * _HEIGHT
        base -= height
        at = f'x="{left + (width - thick) / 2:.1f}" y="{base:.1f}"'
        drawn += f'<rect class="{kind}" {at} width="{thick:.1f}" height="{height:.1f}"/>'
    return f"<g><title>{text(label)}</title>{drawn}</g>"


def _lines() -> str:
    return "".join(f'<line x1="0" y1="{y}" x2="{_WIDTH}" y2="{y}"/>' for y in (0, _HEIGHT // 2, _HEIGHT))


def _scale(top: float) -> str:
    return "<div>" + "".join(f"<span>{top * share:,.10g}</span>" for share in (1.0, 0.5, 0.0)) + "</div>"


def _dates(first: int, last: int) -> str:
    days = last - first + 1
    every = max(1, -(-days // _LABELS))
    labels = (
        f'<span style="left:{100 * (at - first + 0.5) / days:.2f}%">{date.fromordinal(at):%d %b}</span>'
        for at in range(first, last + 1, every)
    )
    return f"<div>{''.join(labels)}</div>"


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
    label = f"{_WEEKDAYS[day - 1]} {hour:02}:00, {count:,} {noun(count, 'pull')}"
    at = f'x="{40 + hour * _CELL}" y="{(day - 1) * _CELL}" width="{_CELL - 3}" height="{_CELL - 3}" rx="3"'
    return f"<rect {style} {at}><title>{label}</title></rect>"


def _drawing(name: str, width: int, height: int, content: str, shape: str = "") -> str:
    return f'<svg viewBox="0 0 {width} {height}"{shape} role="img" aria-label="{name}">{content}</svg>'
