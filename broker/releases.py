"""The releases of Apache Kafka that can be started here, each with jars of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from broker import jars


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Kafka.

    Args:
        pom: names the jars.
        home: the folder that they are brought to.
    """

    pom: Path
    home: Path

    def fetch(self, environment: Mapping[str, str] = os.environ) -> Path:
        """The folder of its jars, brought at the first use; raises LocalKafkaError if that fails."""
        return jars.fetch(environment, pom=self.pom, home=self.home)


NEWEST = Release(jars.POM, jars.HOME)
# The last line whose brokers, as they come, serve consumer groups of the classic protocol alone.
KAFKA_3_9 = Release(jars.POM.with_name("pom-3.9.xml"), jars.HOME.with_name("kafka-3.9"))
