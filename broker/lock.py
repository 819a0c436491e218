"""Which files of a Maven repository a Java program is made of: the lock that names each with its size and checksum.

A lock is a TOML file. `wanted` is written by hand: the coordinates that the program is asked for by. `files` is written
by `make lock`: those and all that they need, each with its size in bytes and its SHA-256.
"""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from broker.errors import LocalKafkaError

HEAD = "# `wanted` is written by hand; `make lock` finds what it needs and writes the rest.\n"


@dataclass(frozen=True, slots=True, order=True)
class Coordinate:
    """Names a file of a Maven repository: GROUP:ARTIFACT:VERSION, or GROUP:ARTIFACT:PACKAGING:CLASSIFIER:VERSION."""

    group: str
    artifact: str
    version: str
    packaging: str = "jar"
    classifier: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads it as it is written in a lock; raises ValueError if it is no coordinate."""
        match text.split(":"):
            case [group, artifact, version] if group and artifact and version:
                return cls(group, artifact, version)
            case [group, artifact, packaging, classifier, version] if all(text.split(":")):
                return cls(group, artifact, version, packaging, classifier)
        raise ValueError(f"{text!r} is no coordinate: write GROUP:ARTIFACT:VERSION")

    def __str__(self) -> str:
        middle = [self.packaging, self.classifier] if self.classifier else []
        return ":".join([self.group, self.artifact, *middle, self.version])

    @property
    def path(self) -> Path:
        """Where a Maven repository keeps the file, below the repository's root."""
        name = "-".join(filter(None, [self.artifact, self.version, self.classifier]))
        return Path(*self.group.split("."), self.artifact, self.version, f"{name}.{self.packaging}")


@dataclass(frozen=True, slots=True, order=True)
class LockedFile:
    """A file, and what its content must be."""

    coordinate: Coordinate
    size: int
    sha256: str

    @classmethod
    def of(cls, coordinate: Coordinate, file: Path) -> Self:
        """Locks the content that `file` has now."""
        return cls(coordinate, file.stat().st_size, checksum(file))


@dataclass(frozen=True, slots=True)
class Lock:
    """What a lock file says."""

    wanted: tuple[Coordinate, ...]
    files: tuple[LockedFile, ...]

    @property
    def size(self) -> int:
        """Of all files together, in bytes."""
        return sum(file.size for file in self.files)

    def rendered(self) -> str:
        """The lock file's text."""
        wanted = "".join(f'  "{coordinate}",\n' for coordinate in self.wanted)
        rows = (f'"{file.coordinate}" = {{ size = {file.size}, sha256 = "{file.sha256}" }}\n' for file in self.files)
        return f"{HEAD}wanted = [\n{wanted}]\n\n[files]\n{''.join(rows)}"


def read(path: Path) -> Lock:
    """Reads a lock file.

    Raises:
        LocalKafkaError: it is none, or what is wanted is not among its files.
    """
    lock = parse(path)
    if missing := sorted(set(lock.wanted) - {file.coordinate for file in lock.files}):
        raise LocalKafkaError(f"{path} wants {missing[0]} and does not lock it: run `make lock`")
    return lock


def parse(path: Path) -> Lock:
    """Reads a lock file whose files may not be those that are wanted any more; raises LocalKafkaError if it is none."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        wanted = tuple(Coordinate.parse(text) for text in table["wanted"])
        return Lock(wanted, tuple(_files(table.get("files", {}))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LocalKafkaError(f"{path} is damaged ({type(error).__name__}: {error}): run `make lock`") from error


def checksum(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(table: dict[str, dict[str, Any]]) -> Iterable[LockedFile]:
    for text, entry in table.items():
        yield LockedFile(Coordinate.parse(text), int(entry["size"]), str(entry["sha256"]))
