"""`python -m tests.kit.fetch` brings what tests run besides: Java programs, other Python environments.

So no test waits for a download. It also has all modules compiled once, which else each of the suite's processes does.
"""

import os
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from broker import KAFKA_3_9, NEWEST, LocalKafkaError
from broker.archiving import make_archive
from broker.java import bring_java
from tests.kit import apicurio, connect, record_size_policy
from tests.kit.environments import NotMadeError, environments
from tests.kit.paths import ROOT

FAULTS = (LocalKafkaError, apicurio.ApicurioError, NotMadeError)


def main() -> int:
    """Fetch what is missing, all at once; the exit status."""
    with ThreadPoolExecutor() as together:
        brought = (_java_programs, *(one.bring for one in environments()))
        steps = [together.submit(step) for step in (*brought, _compiled_modules)]
    return max(map(_status, steps))


def _status(step: Future[None]) -> int:
    try:
        step.result()
    except FAULTS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _compiled_modules() -> None:
    """Import everything as the suite does, once for each environment; what is wrong with it the suite itself says."""
    done = Path(sys.prefix) / ".compiled"
    if not done.exists():
        collect = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--numprocesses", "0"]
        if subprocess.run(collect, cwd=ROOT, capture_output=True, check=False).returncode == 0:
            done.touch()


def _java_programs() -> None:
    bring_java(os.environ)
    for program in (NEWEST, KAFKA_3_9, connect.PROGRAM, record_size_policy.COMPILER):
        program.files()
    apicurio.make_archive()  # each of several registries,
    make_archive(NEWEST)  # and each of dozens of brokers, starts in half the time


if __name__ == "__main__":
    sys.exit(main())
