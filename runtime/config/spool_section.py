"""The section `intake.spool`: where the intake keeps events while Kafka cannot take them, and how many."""

import re
from pathlib import Path
from typing import Final

from runtime.config.quantities import size
from runtime.config.reading import Section, Value
from runtime.config.settings import SpoolSettings
from runtime.config.shape import shaped, text
from runtime.units import format_size

_FOLDER: Final = r".+"
_EXAMPLE: Final = "write e.g. /var/lib/registry-bridge/spool"
_LEAST: Final = 16 * 2**20
_MOST: Final = 15 * 2**40
"""SQLite has 2**32 - 2 pages of 4 KiB at most (its `max_page_count`), which are not quite 16 TiB."""
_DEFAULT: Final = SpoolSettings(folder=Path())

OF_A_BODY: Final = 16
"""Bytes of the spool for each byte of `intake.max_body`, at least: the largest POST may take up to 6."""


@shaped(text(_FOLDER))
def _folder(value: Value) -> Path:
    """Read the path of a folder, relative to the configuration's."""
    path = value.text()
    if not re.fullmatch(_FOLDER, path) or "\0" in path:
        value.refuse(f"is not the path of a folder; {_EXAMPLE}")
    return value.reading.sources.folder / path


def read_spool(value: Value) -> SpoolSettings | None:
    """Read the section; None if its folder is missing or faulty."""
    section = Section(value)
    folder = section.require("dir", _folder, _EXAMPLE)
    most = section.read("max", size(_LEAST, _MOST), _DEFAULT.max_bytes)
    section.close()
    return SpoolSettings(folder=folder, max_bytes=most) if folder else None


def check_room(value: Value, spool: SpoolSettings, max_body_bytes: int) -> None:
    """Record a fault at the section's `max` if the largest POST would have no room."""
    if spool.max_bytes < OF_A_BODY * max_body_bytes:
        value.at("max").note(f"is less than {OF_A_BODY} x intake.max_body ({format_size(OF_A_BODY * max_body_bytes)})")
