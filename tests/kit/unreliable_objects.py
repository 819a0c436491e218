"""Objects in memory whose requests fail as those of object storage do: not done, not told, or done much later."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from consumer.analytics.objects.address import StorageAddress
from consumer.analytics.objects.bucket import (
    ChangedError,
    ExistsAlreadyError,
    StorageError,
    StoredObject,
    Version,
)


class Died(Exception):  # noqa: N818 - it is no error of the program
    """The process was killed here."""


@dataclass
class UnreliableObjects:
    """One bucket for all runs; `fate` is asked before each request that changes something.

    Its answers: 0 done; 1 done, and a second try of the same request finds that; 2 not done; 3 not done, but later;
    4 the process dies before; 5 it dies after; 6 it dies, and the request is done later.
    """

    fate: Callable[[], int]
    contents: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    later: list[Callable[[], None]] = field(default_factory=list)
    """Requests that are still on their way."""
    is_dead: bool = False
    """Whether the run that asks was killed."""
    address: StorageAddress = field(default_factory=lambda: StorageAddress("s3", "lake"))
    copies_whole: bool = True
    _version: int = 0

    def listed(self) -> Iterator[StoredObject]:
        """All objects."""
        self._live()
        yield from [StoredObject(path, len(content)) for path, (content, _) in sorted(self.contents.items())]

    def read(self, path: str) -> tuple[bytes, Version] | None:
        """An object's content and version."""
        self._live()
        found = self.contents.get(path)
        return None if found is None else (found[0], Version({"e_tag": str(found[1])}))

    def size_of(self, path: str) -> int | None:
        """An object's size."""
        self._live()
        return len(self.contents[path][0]) if path in self.contents else None

    def create(self, path: str, content: bytes) -> Version:
        """Make an object where there is none."""
        return self._asked(lambda: self._create(path, content))

    def replace(self, path: str, content: bytes, version: Version) -> Version:
        """Change an object of this version."""
        return self._asked(lambda: self._replace(path, content, version))

    def upload(self, file: Path, path: str) -> None:
        """Copy a local file."""
        content = file.read_bytes()
        self._asked(lambda: self._store(path, content))

    def copy_new(self, origin: str, path: str) -> None:
        """Copy an object to a path where there is none."""
        self._live()
        content = self.contents[origin][0]
        self._asked(lambda: self._create(path, content))

    def remove(self, path: str) -> None:
        """Remove an object."""
        self._live()
        self.contents.pop(path, None)

    def arrive(self, index: int) -> None:
        """Let one of the requests that are on their way arrive."""
        if self.later:
            self.later.pop(index % len(self.later))()

    def _asked(self, request: Callable[[], Version]) -> Version:
        self._live()
        fate = self.fate()
        if fate == 0:
            return request()
        if fate == 1:
            request()
            return request()
        if fate in {3, 6}:
            self.later.append(lambda: _quietly(request))
        if fate == 5:
            _quietly(request)
        if fate >= 4:
            self.is_dead = True
            raise Died
        raise StorageError("s3://lake: it did not answer in time")

    def _live(self) -> None:
        if self.is_dead:
            raise Died

    def _create(self, path: str, content: bytes) -> Version:
        if path in self.contents:
            raise ExistsAlreadyError
        return self._store(path, content)

    def _replace(self, path: str, content: bytes, version: Version) -> Version:
        found = self.contents.get(path)
        if found is None or str(found[1]) != version.get("e_tag"):
            raise ChangedError
        return self._store(path, content)

    def _store(self, path: str, content: bytes) -> Version:
        self._version += 1
        self.contents[path] = (content, self._version)
        return Version({"e_tag": str(self._version)})


def _quietly(request: Callable[[], Version]) -> None:
    with suppress(ExistsAlreadyError, ChangedError):
        request()
