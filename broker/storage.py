"""The folder of a local Kafka: its settings file, its ports, its cluster id, its formatted log directory."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.errors import LocalKafkaError
from broker.formatting import META, Format, fresh_id
from broker.node import SINGLE, Node

DATA = Path(__file__).parents[1] / ".local" / "kafka" / "data"  # of the broker that is kept between runs
YEAR_MINUTES = 525_600
# One broker that is also the controller. What differs from Kafka's defaults, and why:
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    # Topics are made by who owns them, with the partitions they need; a mistyped name is an error.
    "auto.create.topics.enable": "false",
    # A single broker holds the only replica of everything.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Few partitions and threads: quick to start, light beside what is being tried out.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
    # A start after a kill waits until the session of the killed broker, which the controller takes for alive, ends.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Cursors live longer than the events they point at (30 days by default).
    "offsets.retention.minutes": str(YEAR_MINUTES),
    # A killed worker's partitions move after 10 s, a new worker gets its share within 1 s.
    "group.initial.rebalance.delay.ms": "0",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.session.timeout.ms": "10000",
    "group.consumer.min.heartbeat.interval.ms": "500",
    "group.consumer.heartbeat.interval.ms": "1000",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The two ports a broker listens on."""

    client: int
    controller: int


class Storage:
    """What one local Kafka keeps in its folder.

    Args:
        folder: made if it is not there.
        node: the place of the broker in its cluster.
    """

    def __init__(self, folder: Path, node: Node = SINGLE) -> None:
        self.folder = folder.absolute()
        self._node = node
        self.properties = self.folder / "server.properties"
        self.log = self.folder / "broker.log"
        self._data = self.folder / "data"
        self._ports = self.folder / "ports.json"

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Holds the folder for one broker; the descriptor it gives is to be inherited, to hold on as long as the child.

        Raises:
            LocalKafkaError: another broker holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LocalKafkaError(
                    f"a broker runs on {self.folder} already: stop it or choose another folder"
                ) from None
            yield lock.fileno()

    def remembered_ports(self) -> Ports | None:
        """The ports of the last start, if there was one."""
        try:
            return Ports(**json.loads(self._ports.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise LocalKafkaError(f"{self._ports} is damaged ({error}): remove it to take new ports") from error

    def write(self, ports: Ports, settings: Mapping[str, str]) -> Mapping[str, str]:
        """Writes the settings file for these ports, and returns what it says; `settings` go over the defaults."""
        self._ports.write_text(json.dumps({"client": ports.client, "controller": ports.controller}))
        merged = {**SETTINGS, **self._placed(ports), **settings}
        self.properties.write_text("".join(f"{key}={_escaped(value)}\n" for key, value in merged.items()))
        return merged

    def cluster_id(self) -> str | None:
        """The id that the log directory was formatted with, None if it was not."""
        try:
            lines = (self._data / META).read_text().splitlines()
        except FileNotFoundError:
            return None
        return next((line.removeprefix("cluster.id=") for line in lines if line.startswith("cluster.id=")), None)

    def format(self, java: list[str], settings: Mapping[str, str], features: Mapping[str, int]) -> str:
        """Formats the log directory with the cluster's id, or a fresh one.

        Args:
            java: the beginning of the command, with the class path.
            settings: what `write` returned.
            features: level of each feature that is not to have the tool's default.

        Returns:
            The cluster's id.

        Raises:
            LocalKafkaError: Kafka's tool refuses, which a wrong setting makes it do.
        """
        chosen = self._node.cluster_id or fresh_id()
        Format(java, settings, self.properties, features).make(chosen)
        return chosen

    def _placed(self, ports: Ports) -> dict[str, str]:
        return {**self._node.settings(ports.client, ports.controller), "log.dirs": str(self._data)}


def _escaped(value: str) -> str:
    """A value as a Java properties file spells it."""
    spelled = value.replace("\\", "\\\\").replace("\n", "\\n")
    return spelled.encode("ascii", "backslashreplace").decode() if spelled.isascii() else _unicode(spelled)


def _unicode(text: str) -> str:
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)
