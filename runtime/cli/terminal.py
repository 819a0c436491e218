"""Text for a terminal: whatever a registry sent, it shows and does nothing. Pure."""

import unicodedata
from collections.abc import Sequence
from typing import Final

_WIDE: Final = frozenset({"W", "F"})
_ZERO: Final = frozenset({"Mn", "Me", "Cf"})


def printable(text: str) -> str:
    """One line in which every character that is not printable stands as its escape."""
    return text if text.isprintable() else "".join(map(_shown, text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart."""
    shown = [head, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(width_of, column)) for column in zip(*shown, strict=True)]
    return "\n".join("  ".join(map(_padded, row, widths)).rstrip() for row in shown)


def width_of(text: str) -> int:
    """How many places of a terminal a printable text takes: a wide character two, a combining one none (UAX 11)."""
    return len(text) if text.isascii() else sum(map(places_of, text))


def places_of(character: str) -> int:
    """How many places one character takes."""
    if unicodedata.category(character) in _ZERO:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
