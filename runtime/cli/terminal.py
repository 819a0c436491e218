"""Text for a terminal: whatever a registry sent, it shows and does nothing. Pure."""

from collections.abc import Sequence


def printable(text: str) -> str:
    """One line in which every character that is not printable stands as its escape."""
    return text if text.isprintable() else "".join(map(_shown, text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart."""
    shown = [head, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in shown)


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
