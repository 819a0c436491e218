"""Apache Kafka's jars, or what another pom.xml names: brought by Maven once, and used offline from then on."""

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from broker.errors import LocalKafkaError
from broker.java import find_maven

POM = Path(__file__).with_name("pom.xml")
HOME = POM.parent.parent / ".local" / "kafka"
STAMP = "pom.sha256"  # beside the jars: the pom.xml that brought them
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def fetch(environment: Mapping[str, str], *, pom: Path = POM, home: Path = HOME) -> Path:
    """The folder that holds the jars `pom` asks for; Maven runs only if they are not there yet.

    Raises:
        LocalKafkaError: Maven is missing or fails.
    """
    libs = home / "libs"
    home.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    with _locked(home / "fetch.lock"):
        if not _is_stamped(libs, wanted):
            _copy(environment, pom, libs, wanted)
    return libs


def _is_stamped(libs: Path, wanted: str) -> bool:
    stamp = libs / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Of several processes that want the jars at once, one fetches and the others wait for it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(environment: Mapping[str, str], pom: Path, libs: Path, wanted: str) -> None:
    """Fills a new folder and then puts it in place, so that an interrupted run leaves nothing that looks complete."""
    filling = libs.with_name("libs.new")
    shutil.rmtree(filling, ignore_errors=True)
    _run_maven(environment, pom, filling)
    (filling / STAMP).write_text(wanted)
    shutil.rmtree(libs, ignore_errors=True)
    filling.rename(libs)


def _run_maven(environment: Mapping[str, str], pom: Path, libs: Path) -> None:
    command = [find_maven(environment), "-B", "-q", "-f", str(pom), f"-Dlibs={libs}", "package"]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = _why(done.stdout + done.stderr)
        raise LocalKafkaError(f"mvn could not fetch what {pom} names (exit {done.returncode}): {why}")


def _why(output: str) -> str:
    """Maven's reason: its last error line before the advice that it prints after every failure."""
    lines = [ANSI.sub("", line).strip() for line in output.splitlines()]
    told = [line.removeprefix("[ERROR]").strip() for line in lines if line.startswith("[ERROR]")]
    reasons = [
        line for line in told if line and not line.startswith(("-> [Help", "To see the full", "Re-run", "For more"))
    ]
    reasons = [line for line in reasons if not line.startswith("[Help")]
    return (reasons or [line for line in lines if line] or ["it said nothing"])[-1]
