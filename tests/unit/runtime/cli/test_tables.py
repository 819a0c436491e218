"""Tables: aligned whatever the names are, within a terminal's width, and plain where nobody looks."""

import re

from hypothesis import given
from hypothesis import strategies as st

from runtime.cli.tables import Column, Look, TableCell, drawn
from runtime.cli.terminal import table, width_of

COLUMNS = (Column("NAME", wraps=True), Column("LAG", is_number=True), Column("WHY", wraps=True))
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
TEXT = st.text(st.sampled_from("ab \u4e2d\u00e9e\u0301\x1b\n\U0001f600-"), max_size=60)
ROWS = st.lists(st.tuples(TEXT, st.integers(0, 10**9).map(str), TEXT), max_size=5)


def cells(*texts: str) -> list[TableCell]:
    """A row."""
    return [TableCell(text) for text in texts]


def test_columns_are_aligned() -> None:
    """Numbers at the right; wide characters take two places, and accents none."""
    made = drawn(COLUMNS, [cells("\u4e2d\u6587", "7", "x"), cells("e\u0301a", "12345", "y")], Look())
    assert made.splitlines() == ["NAME    LAG  WHY", "\u4e2d\u6587      7  x", "e\u0301a    12345  y"]


@given(ROWS, st.none() | st.integers(48, 120), st.booleans())
def test_every_column_begins_at_one_place(rows: list[tuple[str, str, str]], width: int | None, colours: bool) -> None:  # noqa: FBT001
    """Whatever the texts: no line is wider than the terminal, and colours change nothing that is seen."""
    table = [[TableCell(name, "red"), TableCell(lag), TableCell(why, "dim")] for name, lag, why in rows]
    lines = drawn(COLUMNS, table, Look(colours, width)).splitlines()
    seen = [ESCAPE.sub("", line) for line in lines]
    assert seen == drawn(COLUMNS, table, Look(width=width)).splitlines()
    assert all(line.isprintable() for line in seen)
    if width is not None:
        assert all(width_of(line) <= width for line in seen)
    else:
        assert 1 + len(rows) == len(lines)


def test_long_texts_are_broken_into_lines() -> None:
    """At spaces where there are some; nothing of them is lost."""
    why = "breaker open: status 503, next try in 41 s"
    lines = drawn(COLUMNS, [cells("ci", "1", why)], Look(width=52)).splitlines()
    assert lines == ["NAME  LAG  WHY", "ci      1  breaker open: status 503, next try in 41", "           s"]
    (name,) = {"x" * 90}
    lines = drawn(COLUMNS, [cells(name, "1", "-")], Look(width=60)).splitlines()
    assert name == "".join(line.split()[0] for line in lines[1:])


def test_a_last_column_without_room_stands_below() -> None:
    """So that a reason is a line to read and not a tower of words; a short one is left where it is."""
    rows = [cells("ci", "1", "breaker open: status 503, next try in 41 s"), cells("audit", "0", "-")]
    assert drawn(COLUMNS, rows, Look(width=46)).splitlines() == [
        "NAME   LAG",
        "ci       1",
        "    breaker open: status 503, next try in 41 s",
        "audit    0",
    ]


def test_the_plain_table_is_aligned_too() -> None:
    """Whatever the names are."""
    assert table(["NAME", "WHY"], [["\u4e2d\u6587", "x"], ["a", "y"]]).splitlines() == [
        "NAME  WHY",
        "\u4e2d\u6587  x",
        "a     y",
    ]


def test_colours() -> None:
    """Codes stand around texts, not around the space between them, and only where they are shown."""
    made = drawn(COLUMNS, [[TableCell("ci", "red"), TableCell("1"), TableCell("", "dim")]], Look(colours=True))
    assert "\x1b[31mci\x1b[0m      1" in made
    assert "\x1b[2m" not in made
    assert "\x1b" not in drawn(COLUMNS, [[TableCell("ci", "red"), TableCell("1"), TableCell("")]], Look())
