"""Finds the programs the local Kafka needs: a Java that is new enough, and Maven."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from broker.errors import LocalKafkaError

OLDEST_JAVA = 17  # the oldest that Kafka 4 servers run on
INSTALL = f"install Java {OLDEST_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless)"


def find_java(environment: Mapping[str, str]) -> str:
    """The path of the `java` that `environment` names: in JAVA_HOME, else on PATH.

    Raises:
        LocalKafkaError: there is none, it does not run, or it is older than 17.
    """
    home = environment.get("JAVA_HOME")
    found = str(Path(home, "bin", "java")) if home else shutil.which("java", path=environment.get("PATH", ""))
    if found is None or not Path(found).is_file():
        where = f"in JAVA_HOME={home}" if home else "on PATH"
        raise LocalKafkaError(f"no java {where}: {INSTALL}")
    version = _version(found)
    if version < OLDEST_JAVA:
        raise LocalKafkaError(f"{found} is Java {version}: {INSTALL}")
    return found


def find_maven(environment: Mapping[str, str]) -> str:
    """The path of `mvn`.

    Raises:
        LocalKafkaError: it is not on PATH.
    """
    found = shutil.which("mvn", path=environment.get("PATH", ""))
    if found is None:
        raise LocalKafkaError("no mvn on PATH: install Maven (Debian: apt-get install maven); it fetches Kafka")
    return found


def _version(java: str) -> int:
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LocalKafkaError(f"{java} does not run: {error}") from error
    # Java 8 and older call themselves 1.8.
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    if match is None:
        raise LocalKafkaError(f"{java} -version does not tell its version: {said.strip().partition(chr(10))[0]!r}")
    return int(match[1])
