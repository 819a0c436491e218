"""A program in Java reads the topic as docs/engines/java.md shows."""

import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from broker import Program
from broker.jars import class_path
from broker.java import find_java
from tests.engines.pipeline import Pipeline
from tests.engines.printing import assert_reads_all, read_in_words
from tests.engines.recorded import Reading
from tests.kit.record_size_policy import COMPILER
from tests.kit.snippets import snippets

pytestmark = pytest.mark.kafka

LOCK: Final = Path(__file__).parent / "java" / "java.lock.toml"


def test_every_record_is_read(pipeline: Pipeline, tmp_path: Path, has_read: Callable[[Reading], None]) -> None:
    """The program that the page shows prints each event and names each other record, the last ones too."""
    (example,) = snippets("engines/java.md", "Java", "java")
    (tmp_path / "ReadEvents.java").write_text(pipeline.shown(example))
    jars = class_path(Program("Java clients", LOCK).files())
    (compiler,) = COMPILER.files()
    java = find_java(os.environ)
    build = [java, "-jar", str(compiler), "-17", "-proc:none", "-d", str(tmp_path), "-classpath", jars]
    subprocess.run([*build, str(tmp_path / "ReadEvents.java")], check=True)
    command = [java, "-cp", os.pathsep.join((jars, str(tmp_path))), "ReadEvents"]
    assert_reads_all(command, tmp_path, pipeline, nothing="null")
    has_read(Reading("[Java](engines/java.md)", versions(), read_in_words(pipeline)))


def versions() -> str:
    """Of the libraries."""
    wanted = tomllib.loads(LOCK.read_text("utf-8"))["wanted"]
    return ", ".join(" ".join(coordinate.split(":")[1:]) for coordinate in wanted)
