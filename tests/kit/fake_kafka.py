"""A producer that needs no Kafka, for what a real one cannot be made to do: fatal errors, lost and late reports.

It stands where `AcknowledgedWriter` opens its producer; the writer's contract tests run on it and on a real one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Producer

Report = Callable[[KafkaError | None, Any], None]
TOO_LARGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Produced:
    """A record that the cluster has."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int | None


@dataclass(slots=True)
class FakeCluster:
    """What all producers opened on it share.

    Args:
        away: nothing is acknowledged, nothing asked is answered.
        refuses: answered to every record, if set.
        opens_none: no further producer can be opened, as without a file of the settings.
        timeout: seconds after which a record that is not acknowledged is reported so.
    """

    away: bool = False
    refuses: KafkaError | None = None
    opens_none: bool = False
    timeout: float = 0.2
    log: list[Produced] = field(default_factory=list)
    producers: list["FakeProducer"] = field(default_factory=list)
    probes: int = 0
    refused_openings: int = 0

    def open(self, settings: dict[str, Any]) -> Producer:
        """As the constructor of a producer."""
        if self.opens_none:
            self.refused_openings += 1
            raise KafkaException(KafkaError(KafkaError._INVALID_ARG, "ssl.ca.location failed"))
        made = FakeProducer(self, settings)
        self.producers.append(made)
        return cast("Producer", made)


class FakeProducer:
    """The part of a producer that the writer uses."""

    def __init__(self, cluster: FakeCluster, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.fatal = False
        self.queue_is_full = False
        self.has_no_broker = False
        """It has forgotten all brokers, and never learns of any."""
        self.is_mute = False
        """It reports nothing, though the cluster answers."""
        self._cluster = cluster
        self._lock = threading.Lock()
        self._waiting: deque[tuple[float, Produced, Report]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        headers: Sequence[tuple[str, bytes]] = (),
        on_delivery: Report,
        timestamp: int = 0,
        partition: int | None = None,
    ) -> None:
        """Takes a record, or raises what the real one would."""
        if self.fatal:
            raise KafkaException(KafkaError(KafkaError._FATAL, "sequence out of order", fatal=True))
        if self.queue_is_full:
            raise BufferError("Local: Queue full")
        if len(value or b"") > TOO_LARGE:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        record = Produced(topic, key, value, tuple(headers), partition)
        with self._lock:
            self._waiting.append((time.monotonic() + self._cluster.timeout, record, on_delivery))

    def poll(self, seconds: float) -> int:
        """Serves reports; waits a little, as the real one does, if there are none."""
        served = self._serve()
        if not served and seconds:
            time.sleep(min(seconds, 0.005))
        return served

    def list_topics(self, topic: str, timeout: float) -> Any:
        """The topic without an error, if the cluster answers."""
        self._cluster.probes += 1
        if self._cluster.away or self.has_no_broker:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, f"no answer within {timeout} s"))
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={})})

    def purge(self) -> None:
        """Reports everything as purged."""
        with self._lock:
            gone, self._waiting = list(self._waiting), deque()
        for _, _, report in gone:
            report(KafkaError(KafkaError._PURGE_QUEUE), None)

    def flush(self, _: float) -> int:
        """Serves what is left."""
        self._serve()
        return len(self)

    def fail_fatally(self) -> None:
        """From now on as an idempotent producer after a fatal error; what waits stays unreported until it is purged."""
        self.fatal = True
        self.settings["error_cb"](KafkaError(KafkaError._FATAL, "sequence out of order", fatal=True))

    def _serve(self) -> int:
        reports: list[tuple[KafkaError | None, SimpleNamespace, Report]] = []
        with self._lock:
            while self._waiting and not (self.fatal or self.is_mute):
                deadline, record, report = self._waiting[0]
                if (self._cluster.away or self.has_no_broker) and time.monotonic() < deadline:
                    break
                self._waiting.popleft()
                is_lost = self._cluster.away or self.has_no_broker
                error = KafkaError(KafkaError._MSG_TIMED_OUT) if is_lost else self._cluster.refuses
                if error is None:
                    self._cluster.log.append(record)
                offset = len(self._cluster.log) - 1 if error is None else None
                reports.append((error, SimpleNamespace(offset=lambda offset=offset: offset), report))
        for error, reported, report in reports:
            report(error, reported)
        return len(reports)
