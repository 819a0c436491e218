"""Where files of an export are kept, as what writes them knows it: a directory, or a bucket. Protocols only."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """The place of an export's files while one export holds it; safe to use from several threads."""

    def paths(self) -> Sequence[str]:
        """The paths of all whole files, each below a directory of its day."""
        ...

    def announced(self) -> Sequence[str]:
        """The paths of files that an earlier run began to publish, and that may still appear."""
        ...

    def unfinished(self, directory: str, name: str) -> Path:
        """The local path to write a file to that is to be published in this directory.

        Raises:
            FailedWriteError: there is no place for it.
        """
        ...

    def publish(self, unfinished: Path, path: str) -> None:
        """Give a written file its path, durably: whoever sees the path finds the whole file.

        Raises:
            FailedWriteError: it was not possible, or another export holds the place by now.
        """
        ...


class HoldableStorage(Protocol):
    """The same, before it is held."""

    def held(self) -> AbstractContextManager[Storage]:
        """The place for one export at a time; what a killed one left unfinished is removed.

        Raises:
            OutputError: another export holds it, or it cannot be used.
        """
        ...
