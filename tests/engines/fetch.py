"""`python -m tests.engines.fetch` brings what the engines are made of, so that no test waits for a download."""

import os
import sys
from pathlib import Path

from broker import NEWEST, LocalKafkaError, Program
from broker.java import bring_java
from tests.engines.environment import ENGINES
from tests.engines.toolchains import TOOLCHAINS
from tests.kit.environments import NotMadeError

FOLDER = Path(__file__).parent


def main() -> int:
    """Fetch what is missing; the exit status."""
    try:
        bring_java(os.environ)
        NEWEST.files()
        for lock in sorted(FOLDER.glob("*/*.lock.toml")):
            Program(lock.parent.name, lock).files()
        ENGINES.bring()
        TOOLCHAINS.bring()
    except (LocalKafkaError, NotMadeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
