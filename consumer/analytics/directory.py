"""A directory as the storage of an export: the lock of the operating system, and files that are renamed when whole."""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from consumer.analytics.files import DIRECTORY, UNFINISHED, FailedWriteError, OutputError

_LOCK: Final = ".export.lock"
_LOCK_PATIENCE_S: Final = 3.0


class LocalDirectory:
    """A directory of this machine."""

    def __init__(self, root: Path) -> None:
        """Nothing is made yet."""
        self._root: Final = root

    @contextmanager
    def held(self) -> Iterator["LocalDirectory"]:
        """The directory, made if it is missing, for one export at a time; leftovers of a killed one are removed.

        Raises:
            OutputError: another export writes there, or it is no directory that can be written.
        """
        with locked(self._root, f"--output {self._root}"):
            for path in self._root.glob(f"{DIRECTORY}*/.*{UNFINISHED}"):
                path.unlink(missing_ok=True)
            yield self

    def paths(self) -> Sequence[str]:
        """The paths of all files below the directories of days."""
        directories = sorted(self._root.glob(f"{DIRECTORY}*"))
        return [f"{folder.name}/{path.name}" for folder in directories for path in sorted(folder.iterdir())]

    def announced(self) -> Sequence[str]:
        """None: the lock ends with its process, and a file is published at once or not at all."""
        return ()

    def unfinished(self, directory: str, name: str) -> Path:
        """The path of a file while it is written."""
        folder = self._root / directory
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise FailedWriteError(f"writing {folder / name}: {error.strerror or error}") from error
        return folder / name

    def publish(self, unfinished: Path, path: str) -> None:
        """Give a written file its path, durably.

        Raises:
            FailedWriteError: the disk refused.
        """
        final = self._root / path
        try:
            _sync(unfinished)
            unfinished.rename(final)
            _sync(final.parent)
            _sync(final.parent.parent)  # the day's directory may be new
        except OSError as error:
            raise FailedWriteError(f"writing {final}: {error.strerror}") from error


@contextmanager
def locked(directory: Path, name: str) -> Iterator[None]:
    """The lock on a directory, which is made if it is missing; errors begin with `name`.

    Raises:
        OutputError: another process holds it, or it is no directory that can be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"{name}: {error.strerror}") from error
    try:
        _lock(handle, name)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, name: str) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE_S  # one that is just being killed lets go in a moment
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise OutputError(f"{name}: another export is writing there") from None
            time.sleep(0.05)
        else:
            return


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
