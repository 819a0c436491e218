"""The lock of an export in a bucket: one object, which only conditional requests change.

Whoever holds it shows itself several times within its lease by changing it. Another run takes it over after it has
seen the same version for longer than the lease, by its own clock: no two clocks are compared. That a run is taken for
dead and is not does no harm. Before a run publishes a file it announces the path in the lock, which fails if another
run has it by now; and the other run reads what was announced, and writes just these files first, under these paths.
So whatever an old request still does, it makes a file that the other run awaits, with the same offsets.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from consumer.analytics.files import FailedWriteError, OutputError
from consumer.analytics.objects.bucket import ChangedError, ExistsAlreadyError, Version
from consumer.analytics.objects.lock_record import LockRecord, lock_in, written
from runtime.clock import Clock

LOCK: Final = ".export.lock"
LEASE_S: Final = 30.0
_LOOKS: Final = 30
"""How often a run looks at the lock of another within its lease."""
_TRIES: Final = 3
"""Of one change, where it turns out that an earlier change of this run had come through after all."""
_NO_SUCH_VERSION: Final = Version({"e_tag": '"0"', "version": "1"})


class ConditionalObjects(Protocol):
    """Objects that are made and changed under conditions."""

    def read(self, path: str) -> tuple[bytes, Version] | None:
        """An object's content and version; None if there is none."""
        ...

    def create(self, path: str, content: bytes) -> Version:
        """Make an object; ExistsAlreadyError if there is one."""
        ...

    def replace(self, path: str, content: bytes, version: Version) -> Version:
        """Give an object of this version another content; ChangedError if it has another."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How a run holds the lock."""

    name: str
    """Of the output, for errors."""
    holder: str
    clock: Clock
    lease_s: float = LEASE_S


class Lease:
    """The lock, as one run has it; safe to use from several threads."""

    def __init__(self, objects: ConditionalObjects, terms: LeaseTerms) -> None:
        """Does not hold it yet."""
        self._objects: Final = objects
        self._terms: Final = terms
        self._lock: Final = threading.Lock()
        self._mine = LockRecord(owner=uuid.uuid4().hex, holder=terms.holder, serial=0, lease_s=terms.lease_s)
        self._version = Version({})
        self._settled: Final[set[str]] = set()
        self.inherited: tuple[str, ...] = ()
        """Paths that earlier runs announced, and that may still appear."""

    @property
    def owner(self) -> str:
        """What no other run is called."""
        return self._mine.owner

    def acquire(self, on_wait: Callable[[str, float], None]) -> None:
        """Take the lock; `on_wait` is told whose it is and how long it may take, if it may be a dead run's.

        Raises:
            OutputError: another run is alive and has it, or the object is no lock, or the store ignores conditions.
            StorageError: the store could not be asked.
        """
        while not self._take(on_wait):
            pass
        self._see_that_conditions_hold()

    def renew(self) -> None:
        """Show that this run lives.

        Raises:
            FailedWriteError: another run has the lock.
            StorageError: the store could not be asked; the lock may still be held.
        """
        with self._lock:
            self._write(self._unsettled)

    def announce(self, path: str) -> None:
        """Say that this path may appear from now on.

        Raises:
            FailedWriteError: another run has the lock: nothing may be published.
            StorageError: the store could not be asked.
        """
        with self._lock:
            self._write((*(each for each in self._unsettled if each != path), path))

    def settle(self, path: str) -> None:
        """Take note that this path is there for good; the next change of the lock says so."""
        with self._lock:
            self._settled.add(path)

    def release(self) -> None:
        """Give the lock back; what is not settled stays announced.

        Raises:
            FailedWriteError: another run has it already.
            StorageError: the store could not be asked; the lock ends with its lease.
        """
        with self._lock:
            self._write(self._unsettled, is_released=True)

    @property
    def _unsettled(self) -> tuple[str, ...]:
        return tuple(each for each in self._mine.announced if each not in self._settled)

    def _take(self, on_wait: Callable[[str, float], None]) -> bool:
        found = self._objects.read(LOCK)
        try:
            if found is None:
                self._version = self._objects.create(LOCK, written(self._mine))
                return True
            version = self._free(*found, on_wait)
            self._mine = msgspec.structs.replace(self._mine, announced=self.inherited)
            self._version = self._objects.replace(LOCK, written(self._mine), version)
        except (ExistsAlreadyError, ChangedError):
            return self._has_taken()
        return True

    def _has_taken(self) -> bool:
        """Whether it was this run that changed the lock: a request whose answer was lost may have succeeded."""
        found = self._objects.read(LOCK)
        if found is None or lock_in(found[0]) != self._mine:
            return False
        self._version = found[1]
        return True

    def _free(self, content: bytes, version: Version, on_wait: Callable[[str, float], None]) -> Version:
        """The version of a lock that nobody holds, or that nobody has changed for longer than its lease."""
        record = self._read(content)
        self.inherited = record.announced
        if record.is_released:
            return version
        clock = self._terms.clock
        on_wait(record.holder, record.lease_s)
        began = clock.monotonic()
        while clock.monotonic() - began <= record.lease_s:
            clock.sleep(record.lease_s / _LOOKS)
            found = self._objects.read(LOCK)
            if found is not None and found[1] != version:
                return self._changed(record, *found)
        return version

    def _changed(self, before: LockRecord, content: bytes, version: Version) -> Version:
        record = self._read(content)
        self.inherited = record.announced
        if not record.is_released:
            who = record.holder if record.owner != before.owner else before.holder
            raise OutputError(f"{self._terms.name}: another export is writing there ({who})")
        return version

    def _read(self, content: bytes) -> LockRecord:
        if (record := lock_in(content)) is None:
            raise OutputError(f"{self._terms.name}: {LOCK} is not the lock of an export")
        return record

    def _write(self, announced: tuple[str, ...], *, is_released: bool = False) -> None:
        if self._mine.is_released:
            raise FailedWriteError(f"{self._terms.name}: this run has ended")
        mine = self._mine
        self._mine = msgspec.structs.replace(mine, serial=mine.serial + 1, announced=announced, is_released=is_released)
        for _ in range(_TRIES):
            try:
                self._version = self._objects.replace(LOCK, written(self._mine), self._version)
            except ChangedError:
                if self._is_mine():
                    return
            else:
                return

    def _is_mine(self) -> bool:
        """Whether the lock is as this run wrote it last: a request whose answer was lost may have succeeded.

        Raises:
            FailedWriteError: it is not this run's any more.
        """
        found = self._objects.read(LOCK)
        record = None if found is None else lock_in(found[0])
        if found is None or record is None or record.owner != self.owner:
            raise FailedWriteError(
                f"{self._terms.name}: another export took over, or the lock was removed; this run ends "
                f"(it gave no sign for longer than {self._terms.lease_s:g} s)"
            )
        self._version = found[1]
        return record == self._mine

    def _see_that_conditions_hold(self) -> None:
        try:
            self._objects.replace(LOCK, written(self._mine), _NO_SUCH_VERSION)
        except ChangedError:
            return
        raise OutputError(
            f"{self._terms.name}: the store ignores conditions of requests; two exports could disturb each other"
        )
