"""docs/log.md: a row for each line that a program can log, with its level, and for no other."""

import re

from tests.kit.paths import DOCS, ROOT
from tests.kit.sources import PACKAGES, paths

LOGGED = re.compile(r'\b_?log(?:ger)?(?:\.(\w+))?\(\s*"([a-z_]+(?:\.[a-z_]+)?)"')
ROW = re.compile(r"^\| ((?:`[a-z_.]+`(?:, )?)+) \| ([a-z, ]+) \|", re.MULTILINE)
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}
BY_A_VARIABLE = {"endpoint.retention_near": {"warning", "error"}}
"""Whose level is chosen when it is logged."""


def in_the_code() -> dict[str, set[str]]:
    """The levels of each event; debug is for whoever works on the code."""
    found = dict(BY_A_VARIABLE)
    for path in paths(*PACKAGES):
        for method, event in LOGGED.findall((ROOT / path).read_text("utf-8")):
            if method in LEVELS:
                found.setdefault(event, set()).add(LEVELS[method])
    return found


def in_the_page() -> dict[str, set[str]]:
    """As the page has them: as many levels as events, in their order, or all levels of one, or one of all."""
    found: dict[str, set[str]] = {}
    for cell, level in ROW.findall((DOCS / "log.md").read_text("utf-8")):
        events, levels = re.findall(r"`([a-z_.]+)`", cell), level.split(", ")
        assert len(levels) in {1, len(events)} or len(events) == 1, cell
        for place, event in enumerate(events):
            assert event not in found, f"{event} has two rows"
            found[event] = set(levels) if len(events) == 1 else {levels[place % len(levels)]}
    return found


def test_each_event_has_a_row_with_its_level() -> None:
    """A line that is new, renamed or of another level is found."""
    assert in_the_page() == in_the_code()
