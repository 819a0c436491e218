"""`python -m tests.kit.fetch` brings what tests run besides: Java programs, other Python environments.

So no test waits for a download.
"""

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor

from broker import KAFKA_3_9, NEWEST, LocalKafkaError
from broker.archiving import make_archive
from broker.java import bring_java
from tests.kit import apicurio, connect, record_size_policy
from tests.kit.environments import NotMadeError, environments

FAULTS = (LocalKafkaError, apicurio.ApicurioError, NotMadeError)


def main() -> int:
    """Fetch what is missing, all at once; the exit status."""
    with ThreadPoolExecutor() as together:
        steps = [together.submit(step) for step in (_java_programs, *(one.bring for one in environments()))]
    return max(map(_status, steps))


def _status(step: Future[None]) -> int:
    try:
        step.result()
    except FAULTS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _java_programs() -> None:
    bring_java(os.environ)
    for program in (NEWEST, KAFKA_3_9, connect.PROGRAM, record_size_policy.COMPILER):
        program.files()
    apicurio.make_archive()  # each of several registries,
    make_archive(NEWEST)  # and each of dozens of brokers, starts in half the time


if __name__ == "__main__":
    sys.exit(main())
