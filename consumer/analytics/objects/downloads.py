"""The Parquet files of an export in object storage, copied to this machine for a report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from consumer.analytics.files import OutputError
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import AT_WORK, FIRST_CONTACT, StorageError, open_bucket
from runtime.side_threads import SideThreads

_AT_ONCE: Final = 4


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
    with TemporaryDirectory(prefix="registry-report-input-") as folder:
        try:
            _download(address, choice, Path(folder))
        except StorageError as error:
            if error.is_lasting:
                raise OutputError(str(error)) from error
            raise
        yield Path(folder)


def _download(address: StorageAddress, choice: FileChoice, folder: Path) -> None:
    paths = [one.path for one in open_bucket(address, FIRST_CONTACT).listed() if _is_wanted(one.path)]
    if not paths:
        raise OutputError(f"{address} holds no Parquet files (registry-worker export --format parquet writes them)")
    bucket, pool = open_bucket(address, AT_WORK), SideThreads(_AT_ONCE, "download")
    chosen = choice(paths)
    for path in chosen:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    for copy in [pool.submit(bucket.download, path, folder / path) for path in chosen]:
        copy.result()


def _is_wanted(path: str) -> bool:
    parts = path.split("/")
    return path.endswith(".parquet") and not any(part.startswith((".", "_")) or part == "" for part in parts)
