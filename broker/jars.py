"""Brings what a lock names into the user's Maven repository, once; every use holds the files against the lock.

The repository is shared with other clones and with Maven. So a file appears there in one step and only when it is the
one that was locked, whatever interrupts a download, and of several processes at once one brings what all wait for.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from broker.errors import LocalKafkaError
from broker.lock import Coordinate, Lock, LockedFile, checksum

INCOMING = ".registry-event-bridge"  # in the repository: what is being brought, and the lock of who brings it
AT_ONCE = 8

Download = Callable[[Coordinate, Path], Path]
Progress = Callable[[int], None]


def repository(environment: Mapping[str, str] = os.environ) -> Path:
    """The user's own Maven repository, which Maven and jgo share: $M2_REPO, else ~/.m2/repository."""
    named = environment.get("M2_REPO")
    return Path(named) if named else Path.home() / ".m2" / "repository"


def missing(lock: Lock, store: Path) -> list[LockedFile]:
    """What of the lock is not in the repository."""
    return [file for file in lock.files if not (store / file.coordinate.path).exists()]


def located(lock: Lock, store: Path) -> list[Path]:
    """The files of a lock, which are all there.

    Raises:
        LocalKafkaError: one is missing, or is not the one that was locked.
    """
    return [_verified(store / file.coordinate.path, file) for file in lock.files]


def bring(lock: Lock, store: Path, download: Download, progress: Progress = lambda _: None) -> None:
    """Fills the repository with what it lacks of the lock.

    Args:
        lock: what is to be there.
        store: the Maven repository; made if it is not there.
        download: brings one file into a folder; called by several threads at once.
        progress: called with the bytes of each file that has arrived.

    Raises:
        LocalKafkaError: a file cannot be brought, or what comes is not the one that was locked; then it is not kept.
    """
    with scratch(store) as folder, ThreadPoolExecutor(AT_ONCE) as threads:
        coming = [threads.submit(_bring, file, store, folder, download) for file in missing(lock, store)]
        try:
            for one in as_completed(coming):
                progress(one.result())
        finally:
            threads.shutdown(cancel_futures=True)


def class_path(jars: Sequence[Path]) -> str:
    """The jars as Java's `-cp` takes them."""
    return os.pathsep.join(map(str, jars))


def _bring(file: LockedFile, store: Path, folder: Path, download: Download) -> int:
    came = download(file.coordinate, folder)
    if (sha256 := checksum(came)) != file.sha256:
        raise LocalKafkaError(f"{file.coordinate} came with another content: its SHA-256 is {_not(sha256, file)}")
    place = store / file.coordinate.path
    place.parent.mkdir(parents=True, exist_ok=True)
    came.replace(place)
    return file.size


def _verified(path: Path, file: LockedFile) -> Path:
    try:
        sha256 = checksum(path)
    except OSError as error:
        raise LocalKafkaError(f"{path} cannot be read: {error.strerror}") from error
    if sha256 != file.sha256:
        raise LocalKafkaError(f"{path} has another content: its SHA-256 is {_not(sha256, file)}; remove the file")
    return path


def _not(sha256: str, file: LockedFile) -> str:
    return f"{sha256}, the lock says {file.sha256}"


@contextmanager
def scratch(store: Path) -> Iterator[Path]:
    """An empty folder on the disk of a repository, for one process at a time; removed afterwards."""
    place = store / INCOMING
    try:
        place.mkdir(parents=True, exist_ok=True)
        guard = (place / "lock").open("wb")
    except OSError as error:
        raise LocalKafkaError(
            f"{store} cannot be written to ({error.strerror}); M2_REPO can name another folder for the jars"
        ) from error
    with guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        folder = place / "new"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
