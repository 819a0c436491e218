"""The table of docs/engines.md: which engine, in which version, read what when. Its rows are written by the tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from tests.kit.paths import DOCS

PAGE: Final = DOCS / "engines.md"
_TABLE: Final = re.compile(
    r"(?P<begin><!-- written by `make test-engines` -->\n\n)(?P<rows>.*?)(?P<end>\n<!-- end of it -->)", re.DOTALL
)
_HEAD: Final = "| reader | version | read | last run |\n|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Reading:
    """An engine has read the topic as its page says.

    Args:
        reader: its name, with a link to its page perhaps.
        version: its own, and that of what it needs besides.
        read: in words.
    """

    reader: str
    version: str
    read: str


def record(readings: Mapping[str, Reading], today: date, page: Path = PAGE) -> None:
    """Writes rows into the page's table; those of other readers stay as they are."""
    text = page.read_text("utf-8")
    found = _TABLE.search(text)
    assert found is not None, f"{page} has no table between its marks"
    rows = {_reader(row): row for row in found["rows"].splitlines()[2:]}
    for one in readings.values():
        rows[one.reader] = f"| {one.reader} | {one.version} | {one.read} | {today.isoformat()} |"
    table = _HEAD + "".join(f"{rows[reader]}\n" for reader in sorted(rows, key=str.casefold))
    page.write_text(f"{text[: found.end('begin')]}{table}{text[found.start('end') :]}", "utf-8")


def _reader(row: str) -> str:
    return row.split(" | ", maxsplit=1)[0].removeprefix("| ")
