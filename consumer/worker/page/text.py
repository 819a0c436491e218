"""Numbers and moments as the page shows them, escaped. Pure.

A moment is an element without text: the text depends on when it is read. A page that is asked for has it filled in
(`with_ages`), and in a browser the script keeps it: the same words in both, see page.js.
"""

import html
import re
from datetime import UTC, datetime
from typing import Final

UNKNOWN: Final = '<span class="unknown">unknown</span>'
_LINE_END: Final = re.compile(r"(?:\\r)?\\n")
_LONGEST_LINE: Final = 300
_MOMENT: Final = re.compile(r'(<time data-(since|until)="(\d+)" datetime="[^"]*">)(?=</time>)')


def escaped(text: str) -> str:
    """As text of an element or of an attribute."""
    return html.escape(text)


def number(value: int | None) -> str:
    """With separators between thousands."""
    return UNKNOWN if value is None else f"{value:,}"


def rate(value: float | None) -> str:
    """Per second, with as many digits as tell something."""
    return UNKNOWN if value is None else f"{_digits(value)}<small>&thinsp;/s</small>"


def plain_rate(value: float) -> str:
    """The same where there can be no element."""
    return f"{_digits(value)}/s"


def duration(seconds: float) -> str:
    """How long an answer took."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g}<small>&nbsp;ms</small>"
    return f"{seconds:.3g}<small>&nbsp;s</small>"


def first_line(answer: str) -> str:
    """Of what an endpoint answered; in what is kept of it, the ends of lines are escaped."""
    return _LINE_END.split(answer, maxsplit=1)[0][:_LONGEST_LINE]


def moment(at_ms: int) -> str:
    """For machines, to the second."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def since(moment_ms: int, datetime: str) -> str:
    """How long ago a moment is; `datetime` is the same for machines."""
    return f'<time data-since="{moment_ms}" datetime="{datetime}"></time>'


def until(moment_ms: int, datetime: str) -> str:
    """How far ahead a moment is."""
    return f'<time data-until="{moment_ms}" datetime="{datetime}"></time>'


def with_ages(text: str, now_ms: float) -> str:
    """A page with the text of each moment, as it is now."""

    def aged(found: "re.Match[str]") -> str:
        apart_s = (now_ms - int(found[3])) / 1000
        return found[1] + age(apart_s if found[2] == "since" else -apart_s)

    return _MOMENT.sub(aged, text)


def age(seconds: float) -> str:
    """A time in one or two units; what lies on the other side of now is 0 s."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
