"""A report as one HTML page: figures, charts, and every table to open. Pure.

The page asks for nothing: style and charts are in it, its policy forbids the rest, and all text is escaped.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final

from consumer.analytics.report import questions as q
from consumer.analytics.report.answers import AnsweredQuestion, Cell, LogReport
from consumer.analytics.report.cells import heading, is_number, shown, size
from consumer.analytics.report.charts import bars, days, legend, text, week
from runtime.counts import noun

_BARS: Final = 12
_ROWS: Final = 200
_DAYS: Final = 120
_ROOM: Final = 10
"""Characters that a column has room for on the narrowest screen, however wide they are."""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_ORDER: Final = (
    q.WHO_PULLS_TAG,
    q.DAYS,
    q.REPOSITORIES,
    q.TAGS,
    q.HOURS,
    q.CLIENTS,
    q.BYTES,
    q.BYTES_BY_CLIENT,
    q.PUSHES,
    q.CHURN,
    q.MOUNTS,
    q.ACTORS,
)
"""The questions that stand first; the other tables follow as they were asked."""
_WINDOW: Final = ("first_event", "last_event", "first_accepted", "last_accepted")
_ACTIVITY: Final = {"pull": "image pulls", "push": "pushes", "mount": "mounts", "delete": "deletes"}

Row = Mapping[str, Any]


def page_of(report: LogReport) -> str:
    """The whole page."""
    window = report.one(q.WINDOW)
    order = [question.name for question in _ORDER if question.name in report.answers]
    named = [*order, *(name for name in report.answers if name not in order and name != q.WINDOW.name)]
    sections = "\n".join(_section(report.answers[name], report) for name in named)
    style = (files(__package__) / "page.css").read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Registry report</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>Registry report</h1>
<p class="window">{_covered(window)}</p>
<p class="asked">{_asked(report.asked)}</p>
<div class="cards">{_cards(report, window)}</div>
<nav aria-label="Parts of the report">{_links(report, named)}</nav>
<div class="grid">
{sections}
</div>
<footer>{text(q.WINDOW.note)} Pulls are image pulls, counted once a minute for each client and digest; a HEAD
is a check. Each event counts once, even if it is several records.</footer>
</main>
</body>
</html>
"""


def _covered(window: Mapping[str, Cell]) -> str:
    if not window["records"]:
        return "No records match the selection."
    first_event, last_event, first, last = (text(shown("", window[name])) for name in _WINDOW)
    gap = window["missing_offsets"]
    lost = f" {text(shown('', gap))} {noun(str(gap), 'offset')} within this window without a record." if gap else ""
    return f"Events of {first_event} to {last_event}, accepted from {first} to {last} (UTC).{lost}"


def _links(report: LogReport, named: Sequence[str]) -> str:
    """A link to each part, in the order of the page."""
    links = "".join(f'<li><a href="#{name}">{text(_title(report.answers[name], report))}</a></li>' for name in named)
    return f"<ul>{links}</ul>"


def _title(answer: AnsweredQuestion, report: LogReport) -> str:
    question = answer.question
    return f"Who still pulls {report.asked['tag']}" if question == q.WHO_PULLS_TAG else question.title


def _asked(asked: Mapping[str, Any]) -> str:
    notes = []
    if asked["registries"]:
        notes.append(f"Registries: {', '.join(asked['registries'])}.")
    if asked["repositories"]:
        notes.append(f"Repositories: {', '.join(asked['repositories'])}.")
    if asked["all"]:
        notes.append("Signatures count as images.")
    return text(" ".join(notes))


def _cards(report: LogReport, window: Mapping[str, Cell]) -> str:
    moved, pulled = report.answers[q.BYTES.name].records(), report.answers[q.REPOSITORIES.name].total
    figures: list[tuple[str, str, bool]] = [
        *(
            (figure := shown("", window[name]), noun(figure, *label), False)
            for name, label in (
                ("image_pulls", ("image pull", "image pulls")),
                ("image_checks", ("check (HEAD)", "checks (HEAD)")),
                ("image_pushes", ("image push", "image pushes")),
            )
        ),
        (size(sum(row["bytes_served"] for row in moved)), "blobs served", False),  # type: ignore[misc]
        (size(sum(row["bytes_pushed"] for row in moved)), "new blobs pushed", False),  # type: ignore[misc]
        (f"{pulled:,}", noun(pulled, "repository pulled", "repositories pulled"), False),
        (records := shown("", window["records"]), noun(records, "record"), False),
        (shown("", window["undecodable_records"]), "undecodable", bool(window["undecodable_records"])),
    ]
    return "".join(
        f'<div class="card{" bad" if bad else ""}"><b>{text(figure)}</b><span>{text(label)}</span></div>'
        for figure, label, bad in figures
    )


def _section(answer: AnsweredQuestion, report: LogReport) -> str:
    question = answer.question
    draw = _CHARTS.get(question.name)
    rows = answer.records()
    if question == q.DAYS:
        rows = _believable(rows, report.one(q.WINDOW)["last_accepted"])
    chart = draw(rows) if draw and rows else ""
    wide = ' class="wide"' if not draw or question == q.DAYS else ""
    body = f"{chart}{_table(answer, opened=not draw)}" if answer.rows else '<p class="none">None.</p>'
    head = f"<h2>{text(_title(answer, report))}</h2><p>{text(question.note)}</p>{_left_open(answer, report)}"
    return f'<section{wide} id="{question.name}">{head}{body}</section>'


def _left_open(answer: AnsweredQuestion, report: LogReport) -> str:
    sources = report.left_open(answer.question)
    return f'<p class="open">Left open: {text("; ".join(sources))}.</p>' if sources else ""


def _table(answer: AnsweredQuestion, *, opened: bool) -> str:
    rows = answer.rows[:_ROWS]
    numbers = [any(is_number(row[at]) for row in rows) for at in range(len(answer.columns))]
    head = "".join(
        f"<th{_class(number, '')}>{text(heading(column))}</th>"
        for column, number in zip(answer.columns, numbers, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_cell(*one) for one in zip(answer.columns, row, numbers, strict=True)) + "</tr>"
        for row in rows
    )
    size = f"{answer.total:,} {noun(answer.total, 'row')}"
    size += f", the first {len(rows):,}" if answer.total > len(rows) else ""
    return (
        f"<details{' open' if opened else ''}><summary>Table: {size}</summary>"
        f'<div class="scroll" role="region" aria-label="{text(answer.question.title)}" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _cell(column: str, cell: Cell, number: bool) -> str:  # noqa: FBT001 - zipped
    if not isinstance(cell, str):
        return f"<td{_class(number, 'flag' if isinstance(cell, bool) else '')}>{text(shown(column, cell))}</td>"
    full = f' title="{text(cell)}"' if len(cell) > _ROOM else ""
    return f"<td{_class(number, 'long')}{full}>{text(shown(column, cell))}</td>"


def _class(number: bool, otherwise: str) -> str:  # noqa: FBT001 - a column's property
    name = "number" if number else otherwise
    return f' class="{name}"' if name else ""


def _believable(rows: list[dict[str, Cell]], last: Cell) -> list[dict[str, Cell]]:
    """The days that a chart has room for, up to the day after the last record: a clock may be wrong by ages."""
    end = _day(last).toordinal() + 1 if isinstance(last, date) else 0
    return [row for row in rows if isinstance(row["day"], date) and 0 <= end - row["day"].toordinal() <= _DAYS]


def _by_day(rows: Sequence[Row]) -> str:
    counts = [
        (_day(row["day"]), {kind: row[f"{kind}s" if kind != "push" else "pushes"] for kind in _ACTIVITY})
        for row in reversed(rows)
    ]
    return legend(_ACTIVITY) + days(counts)


def _day(cell: date | datetime) -> date:
    return date(cell.year, cell.month, cell.day)


def _by_hour(rows: Sequence[Row]) -> str:
    return week({(row["weekday"], row["hour"]): row["pulls"] for row in rows})


def _pulled(rows: Sequence[Row]) -> str:
    drawn = [
        (_image(row), {"pull": row["pulls_30_days"], "pull faint": row["pulls_7_days"]}, f"{row['pulls_30_days']:,}")
        for row in rows[:_BARS]
    ]
    return legend({"pull": "30 days", "pull faint": "7 days"}) + bars(drawn)


def _image(row: Row) -> str:
    name = "/".join(filter(None, (row["registry"], row["repository"] or "(no repository)")))
    return f"{name}:{row['tag'] or '(by digest)'}" if "tag" in row else str(name)


def _clients(rows: Sequence[Row]) -> str:
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        total = totals.setdefault(row["client"] or "(not said)", {"pull": 0, "push": 0})
        total["pull"] += row["pulls"]
        total["push"] += row["pushes"]
    most = sorted(totals.items(), key=lambda one: -sum(one[1].values()))[:_BARS]
    return legend({"pull": "image pulls", "push": "pushes"}) + bars(
        [(name, total, f"{total['pull']:,} / {total['push']:,}") for name, total in most]
    )


def _bytes(name: Callable[[Row], str]) -> Callable[[Sequence[Row]], str]:
    def draw(rows: Sequence[Row]) -> str:
        drawn = [
            (
                name(row),
                {"pull": row["bytes_served"], "push": row["bytes_pushed"]},
                f"{size(row['bytes_served'])} / {size(row['bytes_pushed'])}",
            )
            for row in rows[:_BARS]
        ]
        return legend({"pull": "served", "push": "pushed"}) + bars(drawn)

    return draw


def _counts(kinds: Mapping[str, str], name: Callable[[Row], str] = _image) -> Callable[[Sequence[Row]], str]:
    """Bars of these columns by style class."""

    def draw(rows: Sequence[Row]) -> str:
        drawn = [
            (
                name(row),
                {kind: row[column] or 0 for kind, column in kinds.items()},
                " / ".join(shown("", row[column]) for column in kinds.values()),
            )
            for row in rows[:_BARS]
            if any(row[column] for column in kinds.values())
        ]
        return legend(kinds) + bars(drawn)

    return draw


def _address(row: Row) -> str:
    return str(row["client_ip"] or "(not said)")


def _actor(row: Row) -> str:
    registry = f" ({row['registry']})" if row["registry"] else ""
    return f"{row['actor'] or '(nobody named)'}{registry}"


_CHARTS: Final[Mapping[str, Callable[[Sequence[Row]], str]]] = {
    q.DAYS.name: _by_day,
    q.HOURS.name: _by_hour,
    q.REPOSITORIES.name: _pulled,
    q.TAGS.name: _pulled,
    q.CLIENTS.name: _clients,
    q.BYTES.name: _bytes(_image),
    q.BYTES_BY_CLIENT.name: _bytes(_address),
    q.CHURN.name: _counts({"push": "moves"}),
    q.PUSHES.name: _counts({"push": "pushes", "pull": "pulls"}),
    q.MOUNTS.name: _counts({"mount": "mounts", "push": "pushes"}),
    q.ACTORS.name: _counts({"pull": "pulls", "push": "pushes", "delete": "deletes"}, _actor),
}
