"""A policy for new topics that limits the size of records, compiled here, and a Kafka that has it."""

import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from broker import NEWEST, Program
from broker.jars import class_path
from broker.java import find_java

LIMIT = 8 * 2**20
NAME = "RecordSizePolicy"
COMPILER = Program("Eclipse's compiler for Java", Path(__file__).with_name("compiler.lock.toml"))
_SOURCE = Path(__file__).with_name(f"{NAME}.java")


@dataclass(frozen=True, slots=True)
class ExtendedProgram(Program):
    """A program with one more jar of our own."""

    jar: Path = Path()

    def files(self) -> list[Path]:
        """Its files, and the jar."""
        return [*Program.files(self), self.jar]


def kafka_with_policy(folder: Path) -> Program:
    """Compile the policy into a jar in this folder; the newest Kafka, which has it.

    The compiler is one that is written in Java: not every Java brings its own.
    """
    kafka = NEWEST.files()
    (compiler,) = COMPILER.files()
    command = [find_java(os.environ), "-jar", str(compiler), "-17", "-proc:none", "-d", str(folder)]
    subprocess.run([*command, "-classpath", class_path(kafka), str(_SOURCE)], check=True)
    jar = folder / "policy.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.write(folder / f"{NAME}.class", f"{NAME}.class")
    return ExtendedProgram(NEWEST.title, NEWEST.lock, jar=jar)
