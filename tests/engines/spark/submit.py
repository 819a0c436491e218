"""Runs a script by `spark-submit` on this machine alone."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from broker import Program
from broker.java import find_java
from broker.leash import Leash
from tests.engines.environment import ENGINES

JARS: Final = Program("Spark's jars for Kafka and Avro", Path(__file__).with_name("spark.lock.toml"))
_LIMIT_S: Final = 1500.0
_SETTINGS: Final = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.log.level": "WARN",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}
"""Of a small job on one machine; nothing that a recipe would have to say."""


def submit(script: str, folder: Path) -> str:
    """Runs a script that lies in `folder`, which is its working directory, to its end; what it has printed.

    Raises:
        AssertionError: it fails; the text is the end of what it said.
    """
    done = subprocess.run(
        _command(script), cwd=folder, env=_environment(), capture_output=True, text=True, check=False, timeout=_LIMIT_S
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return done.stdout


@contextmanager
def started(script: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The same, but it runs beside, and is killed at the end if it still runs."""
    with (folder / "spark.log").open("wb") as log:
        process = subprocess.Popen(
            _command(script), cwd=folder, env=_environment(), stdout=log, stderr=log, start_new_session=True
        )
    leash = Leash(process.pid)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        leash.release()
        process.wait()


def _command(script: str) -> list[str]:
    settings = [word for name, value in _SETTINGS.items() for word in ("--conf", f"{name}={value}")]
    jars = ",".join(map(str, JARS.files()))
    return [str(ENGINES.python.with_name("spark-submit")), "--master", "local[2]", "--jars", jars, *settings, script]


def _environment() -> dict[str, str]:
    """The environment's own Python first, and the Java that the broker has."""
    path = os.pathsep.join([str(ENGINES.python.parent), os.environ.get("PATH", "")])
    home = str(Path(find_java(os.environ)).resolve().parents[1])
    foreign = ("PYTHONPATH", "SPARK_HOME", "SPARK_CONF_DIR")
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "PATH": path, "JAVA_HOME": home, "PYSPARK_PYTHON": str(ENGINES.python)}
