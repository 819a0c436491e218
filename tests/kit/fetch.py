"""`python -m tests.kit.fetch` brings the Java programs that tests run, so that no test waits for a download."""

import os
import sys

from broker import KAFKA_3_9, LocalKafkaError, jars
from tests.kit import apicurio, connect


def main() -> int:
    """Fetch what is missing; the exit status."""
    try:
        jars.fetch(os.environ)
        KAFKA_3_9.fetch()
        connect.fetch()
        apicurio.fetch(os.environ)
    except (LocalKafkaError, apicurio.ApicurioError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
