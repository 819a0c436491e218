"""The names of an export's files, and what they say. Pure.

A name says what is in the file: topic, partition, first and last offset. Where an export goes on follows from the
names alone; a file has its name only when it is whole, so there is no other state.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import ClassVar, Final

from runtime.errors import BridgeError

FORMATS: Final = ("parquet", "avro", "ndjson")
DIRECTORY: Final = "accepted_date="
"""The beginning of each directory's name."""
UNFINISHED: Final = ".part"
"""The end of the name of a file that is being written."""
_EPOCH: Final = date(1970, 1, 1)
_NAME: Final = re.compile(
    r"(?P<topic>[A-Za-z0-9._-]+)-(?P<partition>\d{5,})-(?P<first>\d{20})-(?P<last>\d{20})\.(?P<format>[a-z]+)",
    re.ASCII,
)


class OutputError(BridgeError):
    """The output cannot be used as it is."""

    exit_code: ClassVar[int] = 2


class FailedWriteError(BridgeError):
    """A file could not be written; everything before it is whole."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The offsets that a partition's files hold: from the first to the last, but for those that the log had lost."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file as its path says it: `accepted_date=YYYY-MM-DD/TOPIC-PARTITION-FIRST-LAST.FORMAT`."""

    path: str
    topic: str
    partition: int
    first: int
    last: int
    format: str

    @property
    def directory(self) -> str:
        """The directory of its day."""
        return self.path.rpartition("/")[0]

    @property
    def day(self) -> int | None:
        """The UTC day of acceptance of its first record, in days since the epoch; None if its directory says none."""
        name = self.directory.rpartition("/")[2]
        try:
            return (date.fromisoformat(name.removeprefix(DIRECTORY)) - _EPOCH).days
        except ValueError:
            return None


def file_name(topic: str, partition: int, first: int, last: int, format_: str) -> str:
    """The name of a whole file."""
    return f"{topic}-{partition:05d}-{first:020d}-{last:020d}.{format_}"


def directory_of(day: int) -> str:
    """The directory of the files whose first record was accepted on this UTC day, in days since the epoch."""
    return f"{DIRECTORY}{_EPOCH + timedelta(days=day)}"


def unfinished_name(topic: str, partition: int, first: int, format_: str) -> str:
    """The name of a file while it is written; readers of the directory pass over names that begin with a full stop."""
    return f".{topic}-{partition:05d}-{first:020d}.{format_}{UNFINISHED}"


def named_files(paths: Iterable[str]) -> Iterator[NamedFile]:
    """Those paths that are files of an export."""
    for path in paths:
        if found := _NAME.fullmatch(path.rpartition("/")[2]):
            partition, first, last = (int(found[group]) for group in ("partition", "first", "last"))
            yield NamedFile(path, found["topic"], partition, first, last, found["format"])


def covered_by(paths: Iterable[str], topic: str, format_: str) -> dict[int, Covered]:
    """The offsets that the files of this topic and format hold, by partition.

    Raises:
        OutputError: two files hold the same offsets, so that records would stand twice.
    """
    files: dict[int, list[NamedFile]] = {}
    for file in named_files(paths):
        if (file.topic, file.format) == (topic, format_):
            files.setdefault(file.partition, []).append(file)
    return {partition: _covered(of_partition) for partition, of_partition in files.items()}


def _covered(files: list[NamedFile]) -> Covered:
    files.sort(key=lambda file: (file.first, file.last))
    for file, following in pairwise(files):
        if following.first <= file.last:
            names = " and ".join(each.path.rpartition("/")[2] for each in (file, following))
            raise OutputError(f"{names} hold the same offsets: remove one of them")
    return Covered(files[0].first, files[-1].last)


def awaited(announced: Iterable[str], paths: Iterable[str], topic: str, format_: str) -> dict[int, NamedFile]:
    """The files of this topic and format that were announced and are not there, by partition."""
    there = set(paths)
    return {
        file.partition: file
        for file in named_files(announced)
        if (file.topic, file.format) == (topic, format_) and file.path not in there
    }
