"""The Dockerfile as stages of instructions; and a stage's steps, done in a folder without an engine.

What the steps write outside of the folder in a container, they write below the folder here: `/opt` and the working
directory. An instruction that is not known here is an error, so that none is passed over.
"""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit.paths import ROOT

FILE = ROOT / "Dockerfile"
_INSTRUCTION = re.compile(r"^([A-Z]+) +(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One of them, its lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """What stands behind the name, as a shell reads it."""
        return shlex.split(self.text)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands below a FROM."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, name: str) -> list[Instruction]:
        """The instructions of this name, in their order."""
        return [one for one in self.instructions if one.name == name]

    def pairs(self, name: str) -> dict[str, str]:
        """What ENV, LABEL or ARG sets."""
        words = [word for one in self.all(name) for word in one.words]
        return dict(word.split("=", 1) for word in words)


def stages() -> dict[str, Stage]:
    """All of them by name; the last one is the default target."""
    found: dict[str, Stage] = {}
    for one in _instructions():
        if one.name == "FROM":
            base, as_, name = one.words
            assert "AS" == as_
            found[name] = Stage(name, base)
        else:
            found[list(found)[-1]].instructions.append(one)
    return found


def _instructions() -> Iterator[Instruction]:
    text = re.sub(r"^#.*\n", "", FILE.read_text("utf-8"), flags=re.MULTILINE)
    for line in re.sub(r"\\\n", "", text).splitlines():
        if line.strip():
            found = _INSTRUCTION.match(line)
            assert found is not None, line
            yield Instruction(found[1], found[2])


def is_sent(name: str) -> bool:
    """Whether the build gets this file of the project, by .dockerignore."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = [line.removeprefix("!") for line in lines if line.startswith("!")]
    dropped = [line for line in lines if line.startswith("**/")]
    assert {"*", *dropped} == {line for line in lines if not line.startswith(("!", "#"))}
    return any(Path(name).is_relative_to(one) for one in kept) and not any(
        fnmatch.fnmatch(f"/{name}", line.removeprefix("**")) for line in dropped
    )


class Build:
    """Does the steps of a stage below a folder."""

    def __init__(self, folder: Path) -> None:
        """In an empty folder."""
        self.root = folder
        self._work = folder
        self._environment: dict[str, str] = {}
        programs = folder / "programs"
        programs.mkdir()
        (programs / "python").symlink_to(Path(sys.executable).resolve())
        (programs / "pip").write_text(f'#!/bin/sh\nexec {sys.executable} -m pip "$@"\n')
        (programs / "pip").chmod(0o755)
        self._path = f"{programs}{os.pathsep}{os.defpath}"

    def run(self, stage: Stage) -> None:
        """All its steps; AssertionError if one fails."""
        for one in stage.instructions:
            match one.name:
                case "ENV":
                    self._environment |= dict(word.split("=", 1) for word in one.words)
                case "WORKDIR":
                    self._work = self._here(one.text)
                    self._work.mkdir()
                case "COPY":
                    self._copy(*one.words)
                case "RUN":
                    self._shell(one.text)
                case _:
                    raise AssertionError(f"{one.name}: not known here")

    def _here(self, text: str) -> Path:
        return self.root / text.lstrip("/")

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            assert not source.startswith("-"), source
            into = self._work / target if len(sources) > 1 or target.endswith("/") else None
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, self._work / target, ignore=_not_sent)
            else:
                assert is_sent(source), f"{source}: .dockerignore keeps it back"
                into = into or (self._work / target).parent
                into.mkdir(exist_ok=True)
                shutil.copy(ROOT / source, into)

    def _shell(self, text: str) -> None:
        # With what the test's machine has for pip: a mirror, a proxy, a cache. Compiling takes as long as all the rest.
        made = {name: value for name, value in self._environment.items() if name != "PIP_NO_CACHE_DIR"}
        done = subprocess.run(
            ["sh", "-euc", re.sub(r"(?<![\w.])/opt/", f"{self.root}/opt/", text)],
            cwd=self._work,
            env={**os.environ, **made, "PATH": self._path, "PIP_NO_COMPILE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr


def _not_sent(folder: str, names: list[str]) -> set[str]:
    place = Path(folder).relative_to(ROOT)
    return {name for name in names if not is_sent(str(place / name))}
