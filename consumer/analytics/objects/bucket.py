"""A bucket below a prefix, with the few conditional requests that an export needs. Alone knows the client.

The client (obstore) tries again by itself: connections, 5xx and 429, with growing pauses, so a request can have
succeeded before its answer says that its condition fails. Whoever makes a conditional request looks then.
"""

import importlib
import itertools
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NewType, TypeVar

from consumer.analytics.extra import ANALYTICS, how_to_install
from consumer.analytics.files import FailedWriteError
from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.faults import StorageFault, fault_of
from runtime.errors import BridgeError
from runtime.extras import ExtraMissingError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

ONE_REQUEST_BYTES: Final = 8 * 1024 * 1024
"""What is larger is uploaded in parts of this size."""
_PARTS_AT_ONCE: Final = 4
_REQUEST_LIMIT: Final = "60s"
_LONG_REQUEST_LIMIT: Final = "10m"
"""Where a whole file is one request."""
_COPYING: Final = frozenset({"s3", "gs"})
"""Stores whose copy of an object appears when it is whole; Azure's may be under way when it appears."""

_LONGEST_PAUSE_S: Final = 5.0
_Answer = TypeVar("_Answer")
Version = NewType("Version", dict[str, str])
"""Which content of an object is meant, in the words of its store."""


class StorageError(BridgeError):
    """A request to the store failed."""

    def __init__(self, message: str, *, is_lasting: bool = False) -> None:
        super().__init__(message)
        self.is_lasting: Final = is_lasting
        """Whether only another configuration helps."""


class _NoSuchObjectError(StorageError):
    """The bucket has no such object."""


class ExistsAlreadyError(Exception):
    """An object of this path is there."""


class ChangedError(Exception):
    """The object is not, or no longer, the version that was meant."""


@dataclass(frozen=True, slots=True)
class RetryPatience:
    """How often the client tries again, and for how long, before a request has failed."""

    retries: int
    seconds: float


FIRST_CONTACT: Final = RetryPatience(3, 20.0)
"""Whoever mistyped an address is told soon."""
AT_WORK: Final = RetryPatience(1000, 180.0)
"""A store that slows down or is away for two minutes does not end a run: the time ends it, not the number of tries."""
_PAUSES: Final = {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=15), "base": 2.5}
"""Each is drawn between the first and the last one times `base`; with the client's own base of 2 they hardly grow."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it."""

    path: str
    size: int


class Bucket:
    """The objects below an address; safe to use from several threads."""

    def __init__(self, store: "ObjectStore", address: StorageAddress, patience: RetryPatience = AT_WORK) -> None:
        """Does not reach out; `store` is a client of obstore whose paths begin below the address."""
        self._store: Final = store
        self._client: Final[Any] = importlib.import_module("obstore")
        self._errors: Final[Any] = importlib.import_module("obstore.exceptions")
        self._patience: Final = patience
        self.address: Final = address
        self.copies_whole: Final = address.scheme in _COPYING
        """Whether an object that `copy_new` makes appears only when it is whole."""

    def listed(self) -> Iterator[StoredObject]:
        """All objects, by their paths below the address."""
        pages = self._asked(lambda: list(self._client.list(self._store)))
        return iter([StoredObject(one["path"], one["size"]) for page in pages for one in page])

    def read(self, path: str) -> tuple[bytes, Version] | None:
        """An object's content and version; None if there is none."""

        def read() -> tuple[bytes, Version]:
            found = self._client.get(self._store, path)
            return bytes(found.bytes()), _version_of(found.meta)

        return self._found(read)

    def create(self, path: str, content: bytes) -> Version:
        """Make an object.

        Raises:
            ExistsAlreadyError: there is one, which an earlier try of the same request may have made.
            StorageError: it was not possible.
        """
        return self._put(path, content, "create")

    def replace(self, path: str, content: bytes, version: Version) -> Version:
        """Give an object another content if it has this version.

        Raises:
            ChangedError: it has not, or an earlier try of the same request has replaced it.
            StorageError: it was not possible.
        """
        return self._put(path, content, version)

    def upload(self, file: Path, path: str) -> None:
        """Copy a local file to an object in parts; it appears when all are there."""
        parts = {"use_multipart": True, "chunk_size": ONE_REQUEST_BYTES, "max_concurrency": _PARTS_AT_ONCE}
        self._asked(lambda: self._client.put(self._store, path, file, **parts))

    def copy_new(self, origin: str, path: str) -> None:
        """Copy an object to a path where there is none, in the store.

        Raises:
            ExistsAlreadyError: there is one, which an earlier try of the same request may have made.
            StorageError: it was not possible.
        """
        self._asked(lambda: self._client.copy(self._store, origin, path, overwrite=False))

    def size_of(self, path: str) -> int | None:
        """An object's size; None if there is none."""
        return self._found(lambda: int(self._client.head(self._store, path)["size"]))

    def remove(self, path: str) -> None:
        """Remove an object; quiet if there is none."""
        self._found(lambda: self._client.delete(self._store, path))

    def download(self, path: str, file: Path) -> None:
        """Copy an object to a local file.

        Raises:
            FailedWriteError: the file cannot be written.
            StorageError: the object cannot be read.
        """

        def download() -> None:
            chunks = self._client.get(self._store, path).stream()
            try:
                with file.open("wb") as out:
                    out.writelines(chunks)
            except OSError as error:
                if error.errno is None:  # of the client, whose errors are some of them built-in ones
                    raise
                raise FailedWriteError(f"writing {file}: {error.strerror}") from None

        self._asked(download)

    def _put(self, path: str, content: bytes, mode: Any) -> Version:
        return self._asked(
            lambda: _version_of(self._client.put(self._store, path, content, mode=mode, use_multipart=False))
        )

    def _found(self, request: Callable[[], _Answer]) -> _Answer | None:
        try:
            return self._asked(request)
        except _NoSuchObjectError:
            return None

    def _asked(self, request: Callable[[], _Answer]) -> _Answer:
        """The answer to a request; where the client did not try again because that could do harm, this does."""
        began = time.monotonic()
        for number in itertools.count():
            try:
                return request()
            except self._errors.AlreadyExistsError:
                raise ExistsAlreadyError from None
            except self._errors.PreconditionError:
                raise ChangedError from None
            except (self._errors.BaseError, OSError) as error:
                fault = fault_of(str(error))
                is_over = number >= self._patience.retries or time.monotonic() - began >= self._patience.seconds
                if is_over or not fault.asks_for_another_try:
                    raise self._failed(error, fault) from None
                time.sleep(min(_LONGEST_PAUSE_S, 0.1 * 2**number))
        raise AssertionError

    def _failed(self, error: Exception, fault: StorageFault) -> StorageError:
        kind = StorageError
        if isinstance(error, FileNotFoundError) and not fault.cause.startswith("there is no such"):
            kind = _NoSuchObjectError
        return kind(f"{self.address}: {fault.cause}", is_lasting=fault.is_lasting)


def open_bucket(address: StorageAddress, patience: RetryPatience) -> Bucket:
    """The bucket of an address, with the credentials of the environment.

    Raises:
        ExtraMissingError: the client is not installed.
        StorageError: the environment does not say enough.
    """
    try:
        stores: Any = importlib.import_module("obstore.store")
    except ModuleNotFoundError:
        needs = f"{address.scheme}:// needs obstore, which is not installed"
        raise ExtraMissingError(f"{needs}: {how_to_install(ANALYTICS)}") from None
    kind = {"s3": stores.S3Store, "gs": stores.GCSStore, "az": stores.AzureStore}[address.scheme]
    try:
        store = kind(
            address.bucket,
            prefix=address.prefix or None,
            config=_settings(address, os.environ),
            retry_config={
                "backoff": _PAUSES,
                "max_retries": patience.retries,
                "retry_timeout": timedelta(seconds=math.ceil(patience.seconds)),
            },
        )
    except Exception as error:  # noqa: BLE001 - the client's own kinds of errors, and ValueError
        fault = fault_of(str(error))
        raise StorageError(f"{address}: {fault.cause}", is_lasting=True) from None
    return Bucket(store, address, patience)


def _settings(address: StorageAddress, environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment does not say; as settings and not as options of the client, which would replace its own."""
    limit = _REQUEST_LIMIT if address.scheme in _COPYING else _LONG_REQUEST_LIMIT
    settings = {"timeout": limit, "connect_timeout": "5s"}
    if address.scheme == "s3" and "AWS_COPY_IF_NOT_EXISTS" not in environment:
        settings["copy_if_not_exists"] = "multipart"
    return settings


def _version_of(meta: Any) -> Version:
    return Version({name: meta[name] for name in ("e_tag", "version") if meta[name] is not None})
