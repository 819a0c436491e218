"""Class data sharing: what Java made of a program's classes, kept in an archive, so that a start takes half the time.

An archive is of one Java and one class path; Java itself passes over one that does not fit. Making one takes some
seconds, so that only who starts a program often has it made (`make test` does).
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).parent.parent / ".local" / "class-data"


def archive_of(java: str, class_path: Sequence[Path], home: Path = HOME) -> Path:
    """Where the archive of these files for this `java` is, if it was made."""
    seen = hashlib.sha256()
    for file in (Path(java).resolve(), *class_path):
        there = file.stat()
        seen.update(f"{file} {there.st_size} {there.st_mtime_ns}\n".encode())
    return home / f"{seen.hexdigest()[:16]}.jsa"


def options_of(archive: Path) -> list[str]:
    """The option for Java to use an archive; none if it was not made, or this Java cannot make one (it is empty)."""
    is_made = archive.is_file() and archive.stat().st_size > 0
    return [f"-XX:SharedArchiveFile={archive}"] if is_made else []
