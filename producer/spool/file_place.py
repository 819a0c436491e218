"""Whether open files are still where they were opened: what is written to a removed file, no process finds again."""

from pathlib import Path
from typing import Final


class FilePlace:
    """Files that are open, and their places."""

    def __init__(self, database: Path, log: Path) -> None:
        """They are in their places now."""
        self.identity: Final = _identity(database)
        """Which database it is, by the file system; a log is made anew with each opening."""
        self._opened: Final = {database: self.identity, log: _identity(log)}

    @property
    def lost(self) -> str:
        """Which file is not in its place any more, in words; empty if all are."""
        for file, opened in self._opened.items():
            if _identity(file) != opened:
                return f"{file} was removed, moved or replaced while the intake has it open"
        return ""


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file is there; None if there is none, or nobody can say."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
