"""The whole page as HTML: the frame around the parts, with its style and script in it. Pure.

`data-page` is the place of a part of the page itself, `data-part` that of a part of a card: page.js puts them there.
It asks for nothing but its stream and attempts, by relative addresses. Its policy names its own style and script by
their hashes and forbids all else.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from consumer.worker.page.board import PAGE, Board
from consumer.worker.page.head import CHIPS
from consumer.worker.page.text import escaped, with_ages

_NOT_HERE: Final = (
    '<tr><td colspan="6" class="none"><span data-script hidden>Not asked for yet.</span>'
    '<noscript><a href="attempt-rows/{place}">Show them</a></noscript></td></tr>'
)


@cache
def _file(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def policy() -> str:
    """Content-Security-Policy: the page's own style, script, stream and empty icon, and nothing else."""
    style, script = _source(_file("page.css")), _source(_file("page.js"))
    return (
        "default-src 'none'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'; style-src {style}; script-src {script}"
    )


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """Where a source of the intake sends its events."""

    name: str
    format: str
    url: str
    """With a placeholder where its token belongs."""


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What the page says of its worker, which never changes while it runs."""

    release: str
    host: str
    """Of the machine."""
    topic: str
    intake: str
    """The URL at which the intake takes events."""
    asks_authorization: bool
    """Whether the intake does."""
    processes: int
    sources: tuple[SourceAddress, ...] = ()
    """Those of the intake; without any, a registry that sends envelopes is what is expected."""


def page_of(settings: PageSettings, board: Board, attempts: Mapping[str, str], *, version: str, now_ms: int) -> str:
    """The page as it is now.

    Args:
        settings: of the worker.
        board: the parts.
        attempts: rows, by endpoint; those of others are asked for when somebody opens their table.
        version: of the board.
        now_ms: since the epoch.
    """
    head = board.parts(PAGE)
    cards = "".join(_card(at, name, board.parts(name), attempts.get(name)) for at, name in enumerate(board.names))
    text = _file("frame.html").format(
        version=version,
        now=now_ms,
        style=_file("page.css"),
        script=_file("page.js"),
        host=escaped(settings.host),
        where=escaped(_where(settings)),
        tiles=_file("tiles.html").format_map(head),
        chips=_chips(head),
        first=_first(settings, is_shown=bool(head["first"])),
        cards=cards or _file("no_endpoint.html"),
        verdict=head["verdict"],
        trouble=head["trouble"],
        not_served=head["not-served"],
    )
    return with_ages(text, now_ms)


def _where(settings: PageSettings) -> str:
    processes = f", {settings.processes} processes" if settings.processes > 1 else ""
    return f"{settings.release} on {settings.host}{processes}"


def _card(at: int, name: str, parts: Mapping[str, str], attempts: str | None) -> str:
    place = quote(name, safe="")
    rows = _NOT_HERE.format(place=place) if attempts is None else attempts
    shown = {"at": at, "name": escaped(name), "place": place, "attempts": rows, **parts}
    return _file("card.html").format_map(shown)


def _chips(head: Mapping[str, str]) -> str:
    return "".join(
        f'<label><input type="radio" name="tone" value="{tone}"{" checked" if tone == "all" else ""}>{word}'
        f'<span data-page="count-{tone}">{head[f"count-{tone}"]}</span></label>'
        for tone, word in CHIPS.items()
    )


def _first(settings: PageSettings, *, is_shown: bool) -> str:
    senders = _sources(settings) if settings.sources else _registry(settings)
    return _file("first.html").format(
        hidden="" if is_shown else " hidden", topic=escaped(settings.topic), senders=senders
    )


def _registry(settings: PageSettings) -> str:
    header = '\n      headers:\n        Authorization: ["..."]  # a value of intake.authorization'
    return _file("first_registry.html").format(
        intake=escaped(settings.intake), header=header if settings.asks_authorization else ""
    )


def _sources(settings: PageSettings) -> str:
    listed = (
        f"<pre>{escaped(one.name)} ({escaped(one.format)}):<code>{escaped(one.url)}</code></pre>"
        for one in settings.sources
    )
    return _file("first_sources.html").format(sources="".join(listed))
