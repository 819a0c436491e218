"""The Parquet files of an export in object storage, copied to this machine for a report."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from consumer.analytics.files import OutputError
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import AT_WORK, FIRST_CONTACT, open_bucket
from consumer.analytics.objects.refusals import refusals_told
from runtime.side_threads import SideThreads

_AT_ONCE: Final = 4
_LAST_WRITES_S: Final = 5.0
"""After a failure: a store may not answer at all."""


class Downloadable(Protocol):
    """Objects that can be copied to this machine."""

    def download(self, path: str, file: Path) -> None:
        """Copy one to a file."""
        ...


FileChoice = Callable[[Sequence[str]], Sequence[str]]
"""Chooses paths."""


@contextmanager
def downloaded(address: StorageAddress, choice: FileChoice) -> Iterator[Path]:
    """A temporary directory with Parquet files below an address; none that is hidden or begins with `_`.

    Args:
        address: of the export.
        choice: of the files that are needed.

    Raises:
        ExtraMissingError: the client is not installed.
        OutputError: the store refuses, whoever asks again.
        StorageError: the files cannot be read.
        FailedWriteError: they cannot be written here.
    """
    with TemporaryDirectory(prefix="registry-report-input-", ignore_cleanup_errors=True) as folder:
        with refusals_told():
            _download(address, choice, Path(folder))
        yield Path(folder)


def _download(address: StorageAddress, choice: FileChoice, folder: Path) -> None:
    paths = [one.path for one in open_bucket(address, FIRST_CONTACT).listed() if _is_wanted(one.path)]
    if not paths:
        raise OutputError(f"{address} holds no Parquet files (registry-worker export --format parquet writes them)")
    copy_all(open_bucket(address, AT_WORK), choice(paths), folder)


def copy_all(objects: Downloadable, paths: Sequence[str], folder: Path, *, last_s: float = _LAST_WRITES_S) -> None:
    """Copy these objects to a folder, a few at a time; the first failure, or a signal, ends it.

    Then no copy begins any more, and for at most `last_s` seconds those that run are waited for, so that the folder can
    be removed.

    Raises:
        StorageError, FailedWriteError: of the copy that failed.
    """
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    pool = SideThreads(_AT_ONCE, "download")
    copies = [pool.submit(objects.download, path, folder / path) for path in paths]
    try:
        for copy in as_completed(copies):
            copy.result()
    except BaseException:
        pool.shutdown(cancel_futures=True)
        wait([copy for copy in copies if not copy.cancelled()], timeout=last_s)
        raise


def _is_wanted(path: str) -> bool:
    parts = path.split("/")
    return path.endswith(".parquet") and not any(part.startswith((".", "_")) or part == "" for part in parts)
