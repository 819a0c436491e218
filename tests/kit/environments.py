"""Other surroundings in which the project must work: its dependencies at their lowest versions, a newer Python.

Each is a virtual environment below .local, made anew when what it is made of changes.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.kit.paths import ROOT

HOME = ROOT / ".local" / "environments"
NEWER = range(20, sys.version_info.minor, -1)
VERSION = "import sys, venv; print(*sys.version_info[:2], sep='.')"


class NotMadeError(Exception):
    """An environment cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with the project in it, editable, or without it.

    Args:
        name: of its folder.
        base: the Python that it is made of.
        lists: what is installed into it, with hashes.
        builders: lists of what builds those packages that have no wheel; without one, all must have wheels.
        has_project: whether the project is in it.
    """

    name: str
    base: str
    lists: tuple[Path, ...]
    builders: tuple[Path, ...] = ()
    has_project: bool = True

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._folder / "bin" / "python"

    def bring(self) -> None:
        """Makes it if it is not there; tells that, with its size.

        Raises:
            NotMadeError: a package cannot be installed.
        """
        if self._stamp.exists():
            return
        sys.stderr.write(f"Python packages for tests, {self.name} ...\n")
        _run([self.base, "-m", "venv", "--clear", "--without-pip", str(self._folder)])
        install = [sys.executable, "-m", "uv", "pip", "install", "--python", str(self.python), "--quiet"]
        locked, wheels = [*install, "--require-hashes"], ["--only-binary", ":all:"]
        if self.builders:
            _run([*locked, *wheels, *_named(self.builders)])
        _run([*locked, *(["--no-build-isolation"] if self.builders else wheels), *_named(self.lists)])
        if self.has_project:
            _run([*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
        self._stamp.touch()
        size = sum(file.lstat().st_size for file in self._folder.rglob("*") if file.is_file())
        sys.stderr.write(
            f"Python packages for tests, {self.name}: {size // 1_000_000} MB in {self._folder.relative_to(ROOT)}\n"
        )

    @property
    def _folder(self) -> Path:
        return HOME / self.name

    @property
    def _stamp(self) -> Path:
        """Named after what it is made of."""
        project = [ROOT / "pyproject.toml"] if self.has_project else []
        parts = [self.base.encode(), *(one.read_bytes() for one in (*self.builders, *self.lists, *project))]
        return self._folder / f"complete-{hashlib.sha256(b''.join(parts)).hexdigest()[:16]}"


@cache
def environments() -> tuple[Environment, ...]:
    """All of this machine: the lowest versions on this Python, and the locked ones on the newest that is newer."""
    tools, locked = ROOT / "tests" / "requirements.txt", ROOT / "requirements-analytics.txt"
    lowest = Environment("lowest", sys.executable, (ROOT / "tests" / "requirements-lowest.txt",))
    newer = next(iter(_newer_pythons()), None)
    return (lowest, *([Environment(f"python{newer[0]}", newer[1], (locked, tools))] if newer else []))


def _named(lists: Iterable[Path]) -> list[str]:
    """Lists as an installer takes them."""
    return [argument for one in lists for argument in ("-r", str(one))]


def _newer_pythons() -> Iterator[tuple[str, str]]:
    """Version and path of each Python that is newer than this one and can make environments, the newest first."""
    for minor in NEWER:
        for path in _installed(minor):
            asked = subprocess.run([path, "-c", VERSION], check=False, capture_output=True, text=True)
            if asked.returncode == 0 and asked.stdout.strip() == f"3.{minor}":
                yield f"3.{minor}", path


def _installed(minor: int) -> Iterable[str]:
    """Where a Python may be: on PATH, or among those that pyenv has."""
    on_path = shutil.which(f"python3.{minor}")
    versions = (Path.home() / ".pyenv" / "versions").glob(f"3.{minor}.*/bin/python3.{minor}")
    return [*([on_path] if on_path else []), *map(str, sorted(versions))]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise NotMadeError(f"{' '.join(command[:4])} ...: {said}")
