"""`python -m tests.kit.fetch` brings what tests run besides: Java programs, other Python environments.

So no test waits for a download.
"""

import os
import sys

from broker import KAFKA_3_9, NEWEST, LocalKafkaError
from broker.archiving import make_archive
from broker.java import bring_java
from tests.kit import apicurio, connect
from tests.kit.environments import NotMadeError, environments


def main() -> int:
    """Fetch what is missing; the exit status."""
    try:
        bring_java(os.environ)
        for program in (NEWEST, KAFKA_3_9, connect.PROGRAM):
            program.files()
        apicurio.unpacked()
        make_archive(NEWEST)  # of dozens of brokers, each starts in half the time
        for environment in environments():
            environment.bring()
    except (LocalKafkaError, apicurio.ApicurioError, NotMadeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
