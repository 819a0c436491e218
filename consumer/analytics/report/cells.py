"""Cells and names of columns as a person reads them, on a terminal as on a page. Pure."""

from datetime import date, datetime
from typing import Final

from consumer.analytics.report.answers import Cell

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_LONG_DIGEST: Final = 24
_DIGEST_SHOWN: Final = 12


def shown(column: str, cell: Cell) -> str:
    """The cell's text, short: bytes in binary units, digests as 12 characters, times to the second."""
    match cell:
        case None:
            return "-"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
        case int() | float():
            return size(cell) if column.startswith("bytes_") else f"{cell:,.15g}"
        case str():
            return _short(cell) if column.endswith("digest") else cell


def _short(digest: str) -> str:
    algorithm, _, encoded = digest.partition(":")
    return f"{algorithm}:{encoded[:_DIGEST_SHOWN]}" if len(digest) > _LONG_DIGEST else digest


def size(number: float) -> str:
    """A number of bytes: `1.5 GiB`."""
    for unit in _UNITS:
        if abs(number) < 1024 or unit == _UNITS[-1]:
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def heading(column: str) -> str:
    """A column's name for people."""
    return column.replace("_", " ")


def is_number(cell: Cell) -> bool:
    """Whether the cell stands to the right."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)
