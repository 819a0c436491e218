"""The files of an export: how they are named, which there are, and the lock on their directory.

A name says what is in the file: topic, partition, first and last offset. Where an export goes on follows from the
names alone; a file has its name only when it is whole, so there is no other state.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Final

from runtime.errors import BridgeError

FORMATS: Final = ("parquet", "avro", "ndjson")
_EPOCH: Final = date(1970, 1, 1)
_DIRECTORY: Final = "accepted_date="
_UNFINISHED: Final = ".part"
_LOCK: Final = ".export.lock"
_LOCK_PATIENCE_S: Final = 3.0
_NAME: Final = re.compile(
    r"(?P<topic>[A-Za-z0-9._-]+)-(?P<partition>\d{5,})-(?P<first>\d{20})-(?P<last>\d{20})\.(?P<format>[a-z]+)",
    re.ASCII,
)


class OutputError(BridgeError):
    """The directory cannot be used as it is."""

    exit_code: ClassVar[int] = 2


class FailedWriteError(BridgeError):
    """A file could not be written; everything before it is whole."""


@dataclass(frozen=True, slots=True)
class Covered:
    """The offsets that a partition's files hold: from the first to the last, but for those that the log had lost."""

    first: int
    last: int


def file_name(topic: str, partition: int, first: int, last: int, format_: str) -> str:
    """The name of a whole file."""
    return f"{topic}-{partition:05d}-{first:020d}-{last:020d}.{format_}"


def directory_of(output: Path, day: int) -> Path:
    """The directory of the files whose first record was accepted on this UTC day, in days since the epoch."""
    return output / f"{_DIRECTORY}{_EPOCH + timedelta(days=day)}"


def unfinished_path(directory: Path, topic: str, partition: int, first: int, format_: str) -> Path:
    """The path of a file while it is written; readers of the directory pass over names that begin with a full stop."""
    return directory / f".{topic}-{partition:05d}-{first:020d}.{format_}{_UNFINISHED}"


def covered_by(output: Path, topic: str, format_: str) -> dict[int, Covered]:
    """The offsets that the files of this topic and format hold, by partition.

    Raises:
        OutputError: two files hold the same offsets, so that records would stand twice.
    """
    spans: dict[int, list[tuple[int, int, str]]] = {}
    for name in _names(output):
        found = _NAME.fullmatch(name)
        if found and found["topic"] == topic and found["format"] == format_:
            spans.setdefault(int(found["partition"]), []).append((int(found["first"]), int(found["last"]), name))
    return {partition: _covered(sorted(of_partition)) for partition, of_partition in spans.items()}


def _covered(spans: list[tuple[int, int, str]]) -> Covered:
    for (_, last, name), (first, _, following) in pairwise(spans):
        if first <= last:
            raise OutputError(f"{name} and {following} hold the same offsets: remove one of them")
    return Covered(spans[0][0], spans[-1][1])


def _names(output: Path) -> Iterator[str]:
    for directory in sorted(output.glob(f"{_DIRECTORY}*")):
        yield from sorted(path.name for path in directory.iterdir())


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """The directory, made if it is missing, for one export at a time; what a killed one left unfinished is removed.

    Raises:
        OutputError: another export writes there, or it is no directory that can be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        handle = os.open(output / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"--output {output}: {error.strerror}") from error
    try:
        _lock(handle, output)
        remove(path for path in output.glob(f"{_DIRECTORY}*/.*{_UNFINISHED}"))
        yield
    finally:
        os.close(handle)


def remove(paths: Iterable[Path]) -> None:
    """Remove files, where they are still there."""
    for path in paths:
        path.unlink(missing_ok=True)


def _lock(handle: int, output: Path) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE_S  # one that is just being killed lets go in a moment
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise OutputError(f"--output {output}: another export is writing there") from None
            time.sleep(0.05)
        else:
            return


def publish(unfinished: Path, name: str) -> Path:
    """Give a written file its name, durably: whoever sees the name finds the whole file.

    Raises:
        FailedWriteError: the disk refused.
    """
    final = unfinished.with_name(name)
    try:
        _sync(unfinished)
        unfinished.rename(final)
        _sync(final.parent)
        _sync(final.parent.parent)  # the day's directory may be new
    except OSError as error:
        raise FailedWriteError(f"writing {final}: {error.strerror}") from error
    return final


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
