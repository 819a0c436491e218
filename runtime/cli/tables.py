"""Tables for people: columns aligned by what a terminal shows, and on a terminal coloured and as wide as it. Pure.

Where the width is known, texts are broken into lines in their cells, and a last column that has no room stands below
each row; in a pipe every row is one line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from runtime.cli.terminal import places_of, printable, width_of

Colour = Literal["", "red", "yellow", "green", "dim", "bold"]
_CODES: Final[Mapping[str, str]] = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
_GAP: Final = "  "
_LEAST: Final = 16
"""Places that a text is not made narrower than."""
_ROOM: Final = 40
"""Places that texts of a last column need to stand beside the others."""
_INDENT: Final = 4


@dataclass(frozen=True, slots=True)
class TableCell:
    """What stands in one place of a table."""

    text: str
    colour: Colour = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    head: str
    is_number: bool = False
    """Whether it stands at the right."""
    wraps: bool = False
    """Whether its texts may be broken into lines."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a table is shown."""

    colours: bool = False
    width: int | None = None
    """Of the terminal; None: as wide as it becomes."""


def drawn(columns: Sequence[Column], rows: Sequence[Sequence[TableCell]], look: Look) -> str:
    """The table, its last line without an end."""
    shown = [[TableCell(printable(cell.text), cell.colour) for cell in row] for row in rows]
    widths = _widths(columns, shown, look.width)
    if look.width and columns[-1].wraps and widths[-1] < min(_ROOM, _widest(columns, shown)[-1]):
        return _drawn_above(columns[:-1], shown, look, look.width)
    lines = [_line([TableCell(column.head, "bold") for column in columns], columns, widths, look)]
    for row in shown:
        lines += _row(row, columns, widths, look)
    return "\n".join(lines)


def _drawn_above(columns: Sequence[Column], rows: Sequence[Sequence[TableCell]], look: Look, width: int) -> str:
    """The table without its last column, whose texts stand below their rows."""
    widths = _widths(columns, [row[:-1] for row in rows], width)
    lines = [_line([TableCell(column.head, "bold") for column in columns], columns, widths, look)]
    for row in rows:
        lines += _row(row[:-1], columns, widths, look)
        below = _broken(row[-1].text, max(_LEAST, width - _INDENT))
        lines += [
            " " * _INDENT + _coloured(TableCell(text, row[-1].colour), look) for text in below if text.strip(" -")
        ]
    return "\n".join(lines)


def _widest(columns: Sequence[Column], rows: Sequence[Sequence[TableCell]]) -> list[int]:
    """Each column's widest text."""
    return [
        max(width_of(column.head), *(width_of(row[at].text) for row in rows), 0) for at, column in enumerate(columns)
    ]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[TableCell]], limit: int | None) -> list[int]:
    """Each column's: its widest text; where that is too wide for the terminal, those that wrap share what is left."""
    widest = _widest(columns, rows)
    total = sum(widest) + len(_GAP) * (len(columns) - 1)
    if limit is None or total <= limit:
        return widest
    wrapping = [at for at, column in enumerate(columns) if column.wraps]
    left = limit - (total - sum(widest[at] for at in wrapping))
    for place, at in enumerate(sorted(wrapping, key=lambda one: widest[one])):  # the narrow ones leave to the wide ones
        widest[at] = min(widest[at], max(_LEAST, left // (len(wrapping) - place)))
        left -= widest[at]
    return widest


def _row(row: Sequence[TableCell], columns: Sequence[Column], widths: Sequence[int], look: Look) -> list[str]:
    """The lines of one row: as many as its longest cell has."""
    broken = [
        _broken(cell.text, width) if column.wraps and look.width else [cell.text]
        for cell, column, width in zip(row, columns, widths, strict=True)
    ]
    return [
        _line(
            [
                TableCell(texts[at] if at < len(texts) else "", cell.colour)
                for texts, cell in zip(broken, row, strict=True)
            ],
            columns,
            widths,
            look,
        )
        for at in range(max(map(len, broken)))
    ]


def _line(cells: Sequence[TableCell], columns: Sequence[Column], widths: Sequence[int], look: Look) -> str:
    last = len(cells) - 1
    made = ""
    for at, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        seen = cell.text.rstrip(" ")
        space = " " * (width - width_of(seen))
        text = _coloured(TableCell(seen, cell.colour), look)
        made += (space + text if column.is_number else text + space) + (_GAP if at < last else "")
    return made.rstrip(" ")


def _coloured(cell: TableCell, look: Look) -> str:
    return f"\x1b[{_CODES[cell.colour]}m{cell.text}\x1b[0m" if look.colours and cell.colour and cell.text else cell.text


def _broken(text: str, width: int) -> list[str]:
    """Lines of at most this width, broken at spaces where there are some."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and width_of(line) + 1 + width_of(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, width)
        lines += whole
    return [*lines, line]


def _pieces(word: str, width: int) -> list[str]:
    """A word that is wider than a line, in pieces that are not."""
    pieces, piece, taken = [], "", 0
    for character in word:
        places = places_of(character)
        if piece and taken + places > width:
            pieces.append(piece)
            piece, taken = "", 0
        piece += character
        taken += places
    return [*pieces, piece]
