"""A Java program that is made of files of a Maven repository: prints what is brought for it, with its size, and where.

jgo, which takes a second to import, is imported only when something is missing.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import click

from broker import jars
from broker.lock import Lock, LockedFile, parse, read

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """What can be started once its files are there.

    Args:
        title: its name for people, without a version.
        lock: the lock file that names its files; the first that it wants is the program itself.
        store: the Maven repository that holds the files.
    """

    title: str
    lock: Path
    store: Path = field(default_factory=jars.repository)

    @property
    def version(self) -> str:
        """Of the program itself; raises LocalKafkaError if its lock is damaged."""
        return read(self.lock).wanted[0].version

    def files(self) -> list[Path]:
        """Its files, brought if they are not there yet, each held against the lock.

        Raises:
            LocalKafkaError: one cannot be brought, or has another content than the one that was locked.
        """
        lock = read(self.lock)
        if missing := jars.missing(lock, self.store):
            self._bring(lock, missing)
        return jars.located(lock, self.store)

    def lock_anew(self) -> None:
        """Writes the lock for what it wants now: resolves, brings and measures what that needs.

        Raises:
            LocalKafkaError: something cannot be resolved or brought.
        """
        from broker import maven  # noqa: PLC0415, see above

        wanted = parse(self.lock).wanted
        with jars.scratch(self.store) as folder:
            coordinates = maven.resolve(wanted, folder)
            with ThreadPoolExecutor(jars.AT_ONCE) as threads:
                came = list(threads.map(lambda one: maven.download(one, folder), coordinates))
            files = [LockedFile.of(one, file) for one, file in zip(coordinates, came, strict=True)]
        self.lock.write_text(Lock(wanted, tuple(files)).rendered(), "utf-8")

    def _bring(self, lock: Lock, missing: list[LockedFile]) -> None:
        from broker.maven import download  # noqa: PLC0415, see above

        size = sum(file.size for file in missing)
        files = "1 file" if len(missing) == 1 else f"{len(missing)} files"
        label = f"{self.title} {self.version}: {files}, {megabytes(size)}, to {self.store}"
        with click.progressbar(length=size, label=label, file=sys.stderr) as bar:
            jars.bring(lock, self.store, download, bar.update)


def megabytes(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / MEGABYTE:.1f} MB"
