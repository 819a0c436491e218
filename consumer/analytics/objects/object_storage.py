"""Object storage as the storage of an export: files are written here and uploaded, each under its path when whole."""

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

import structlog

from consumer.analytics.directory import locked
from consumer.analytics.files import DIRECTORY, UNFINISHED, FailedWriteError, OutputError
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import (
    AT_WORK,
    FIRST_CONTACT,
    ONE_REQUEST_BYTES,
    ExistsAlreadyError,
    StorageError,
    StoredObject,
    open_bucket,
)
from consumer.analytics.objects.lease import LEASE_S, LOCK, ConditionalObjects, Lease, LeaseTerms
from consumer.analytics.objects.refusals import refusals_told
from consumer.analytics.objects.renewal import renewing
from runtime.clock import SystemClock

_log: Final = structlog.get_logger(__name__)


class Objects(ConditionalObjects, Protocol):
    """The requests to a bucket that an export makes; all raise StorageError where they fail."""

    @property
    def address(self) -> StorageAddress:
        """Where they begin."""
        ...

    @property
    def copies_whole(self) -> bool:
        """Whether an object that `copy_new` makes appears only when it is whole."""
        ...

    def listed(self) -> Iterator[StoredObject]:
        """All of them."""
        ...

    def upload(self, file: Path, path: str) -> None:
        """Copy a local file to an object in parts; it appears when all are there."""
        ...

    def copy_new(self, origin: str, path: str) -> None:
        """Copy an object to a path where there is none; ExistsAlreadyError if there is one."""
        ...

    def size_of(self, path: str) -> int | None:
        """An object's size; None if there is none."""
        ...

    def remove(self, path: str) -> None:
        """Remove an object; quiet if there is none."""
        ...


class ObjectStorage:
    """The objects of an output while this run holds the lock."""

    def __init__(
        self,
        bucket: Objects,
        lease: Lease,
        scratch: Path,
        paths: Sequence[str],
        one_request_bytes: int = ONE_REQUEST_BYTES,
    ) -> None:
        """Files are written to `scratch`; what is larger than `one_request_bytes` is uploaded in parts."""
        self._one_request_bytes: Final = one_request_bytes
        self._bucket: Final = bucket
        self._lease: Final = lease
        self._scratch: Final = scratch
        self._paths: Final = tuple(paths)

    def paths(self) -> Sequence[str]:
        """The paths of all files that were there when the lock was taken."""
        return self._paths

    def announced(self) -> Sequence[str]:
        """The paths of files that an earlier run announced in the lock."""
        return self._lease.inherited

    def unfinished(self, directory: str, name: str) -> Path:  # noqa: ARG002 - it is uploaded from one folder
        """A path on this machine."""
        return self._scratch / name

    def publish(self, unfinished: Path, path: str) -> None:
        """Upload a written file, so that its path appears when all of it is there; then remove it here.

        Raises:
            FailedWriteError: the store refused it for too long, or another export holds the lock by now.
        """
        try:
            self._lease.announce(path)
            self._upload(unfinished, path)
            self._lease.settle(path)
            unfinished.unlink()
        except (StorageError, OSError) as error:
            raise FailedWriteError(f"writing {path}: {error}") from error

    def _upload(self, file: Path, path: str) -> None:
        size = file.stat().st_size
        try:
            if size <= self._one_request_bytes or not self._bucket.copies_whole:
                self._bucket.create(path, file.read_bytes())
            else:
                self._upload_in_parts(file, path)
        except ExistsAlreadyError:
            self._see_that_it_is_ours(path, size)

    def _upload_in_parts(self, file: Path, path: str) -> None:
        directory, _, name = path.rpartition("/")
        staged = f"{directory}/.{name}.{self._lease.owner}{UNFINISHED}"
        self._bucket.upload(file, staged)
        try:
            self._bucket.copy_new(staged, path)
        finally:
            self._bucket.remove(staged)

    def _see_that_it_is_ours(self, path: str, size: int) -> None:
        """An earlier try of the same request made it, or the run that announced it, with the same records."""
        found = self._bucket.size_of(path)
        if found != size and path not in self._lease.inherited:
            raise FailedWriteError(f"writing {self._bucket.address}/{path}: something else is there, of {found} bytes")


@contextmanager
def holding(
    bucket: Objects, lease: Lease, scratch: Path, one_request_bytes: int = ONE_REQUEST_BYTES
) -> Iterator[ObjectStorage]:
    """The objects, from the taking of the lock until it is given back.

    Raises:
        OutputError, StorageError: see `Lease.acquire`.
    """
    lease.acquire(_log_wait)
    try:
        yield ObjectStorage(bucket, lease, scratch, _cleared(bucket), one_request_bytes)
    finally:
        try:
            lease.release()
        except (StorageError, FailedWriteError) as error:
            _log.warning("export.lock_not_released", reason=str(error), consequence="the next export waits for its end")


class ObjectStorageOutput:
    """A bucket and a prefix that nobody holds yet."""

    def __init__(self, address: StorageAddress, *, lease_s: float = LEASE_S) -> None:
        """Does not reach out.

        Args:
            address: of the output.
            lease_s: for how long another run waits before it takes this one for dead.

        Raises:
            ExtraMissingError: the client is not installed.
            StorageError: the environment does not say enough.
        """
        self._bucket: Final = open_bucket(address, AT_WORK)
        self._address: Final = address
        self._terms: Final = LeaseTerms(
            f"--output {address}", f"{socket.gethostname()}, process {os.getpid()}", SystemClock(), lease_s
        )

    @contextmanager
    def held(self) -> Iterator[ObjectStorage]:
        """The objects, for one export at a time; what a killed one left unfinished is removed.

        Raises:
            OutputError: another export writes there, or the store refuses this one.
            StorageError: the store cannot be reached.
        """
        with _scratch_folder(self._address) as scratch:
            lease = Lease(self._bucket, self._terms)
            with refusals_told():
                open_bucket(self._address, FIRST_CONTACT).read(LOCK)
                with holding(self._bucket, lease, scratch) as storage, renewing(lease, self._terms.lease_s):
                    yield storage


def _log_wait(holder: str, seconds: float) -> None:
    _log.warning("export.waits_for_lock", holder=holder, seconds=seconds)


def _cleared(bucket: Objects) -> list[str]:
    """The paths of all files; parts that were uploaded and never became a file are removed.

    What is not below the directory of a day is another's: an export with a longer prefix may be at work there.
    """
    paths = []
    for path in (one.path for one in bucket.listed() if one.path.startswith(DIRECTORY)):
        name = path.rpartition("/")[2]
        if name.startswith(".") and name.endswith(UNFINISHED):
            bucket.remove(path)
        else:
            paths.append(path)
    return sorted(paths)


@contextmanager
def _scratch_folder(address: StorageAddress) -> Iterator[Path]:
    """A folder for files on their way, the same for each run here; what a killed one left there is removed."""
    of_user = Path(tempfile.gettempdir()) / f"registry-export-{os.getuid()}"
    folder = of_user / sha256(str(address).encode()).hexdigest()[:16]
    try:
        of_user.mkdir(mode=0o700, exist_ok=True)
        if of_user.is_symlink() or of_user.stat().st_uid != os.getuid():
            raise OutputError(f"{of_user} belongs to somebody else: remove it, or set TMPDIR")
    except OSError as error:
        raise OutputError(f"{of_user}: {error.strerror}") from error
    with locked(folder, f"--output {address}"):
        _empty(folder)
        try:
            yield folder
        finally:
            _empty(folder)


def _empty(folder: Path) -> None:
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
