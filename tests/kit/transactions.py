"""A transactional producer, as an exactly-once copy uses one: its markers take offsets and hold no record."""

import json
import time
from types import TracebackType
from typing import Self

from confluent_kafka import Producer

from broker import LocalKafka
from producer.event_record import record_of
from schemas.envelope import read_event
from schemas.event import MEDIA_TYPE_V2
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import event_json


class Transactions:
    """Writes pushes to one partition of a topic, one transaction at a time; leaving it aborts an open one."""

    def __init__(self, kafka: LocalKafka, topic: str, *, partition: int = 0) -> None:
        settings = {"bootstrap.servers": kafka.bootstrap, "transactional.id": f"copy-to-{topic}", "log_level": 0}
        settings["transaction.timeout.ms"] = 600_000  # a test looks at what is open as long as it takes
        self._producer = Producer(settings)
        self._producer.init_transactions(LIMIT_S)
        self._topic, self._partition = topic, partition
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_open:
            self.abort()

    def begin(self, repository: str, *numbers: int) -> None:
        """Begin a transaction with the pushes of these tags; they are in the log when this returns."""
        self._producer.begin_transaction()
        self._is_open = True
        for number in numbers:
            event = read_event(json.dumps(event_json(repository, number)), content_type=MEDIA_TYPE_V2, registry="")
            made = record_of(event, topic=self._topic, accepted_ms=int(time.time() * 1000))
            self._producer.produce(
                self._topic, made.value, key=made.key, headers=list(made.headers), partition=self._partition
            )
        assert self._producer.flush(LIMIT_S) == 0

    def commit(self) -> None:
        """End it: its records are there."""
        self._producer.commit_transaction(LIMIT_S)
        self._is_open = False

    def abort(self) -> None:
        """End it: its records are never to be read."""
        self._producer.abort_transaction(LIMIT_S)
        self._is_open = False

    def committed(self, repository: str, *numbers: int) -> None:
        """A whole transaction."""
        self.begin(repository, *numbers)
        self.commit()

    def aborted(self, repository: str, *numbers: int) -> None:
        """A transaction that comes to nothing."""
        self.begin(repository, *numbers)
        self.abort()
