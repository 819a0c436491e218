"""What everything that opens a client of Kafka says when a file of its settings is missing, as while it is replaced."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from consumer.log.batch_reader import BatchReader
from consumer.log.consumer_settings import ConsumerSettings
from consumer.log.group_reader import GroupReader, PartitionOwner
from consumer.log.range_reader import RangeReader
from runtime.clock import SystemClock
from runtime.config.load import settings_from
from runtime.kafka.admin import Admin
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.errors import KafkaUnavailableError
from runtime.kafka.group_protocol import GroupProtocols, ask
from runtime.kafka.group_visits import GroupVisits
from runtime.kafka.groups import Groups
from runtime.kafka.transactions import TransactionalWriter
from runtime.kafka.writer import AcknowledgedWriter
from tests.kit.bridge import Installation

LIMITS: dict[str, Any] = {"client_id": "test", "max_record_bytes": 1024}
Open = Callable[[dict[str, str], Path], object]


class OneRecord:
    """Answers as an admin client does of a cluster whose control topic has one record."""

    def has_topic(self, _: str) -> bool:
        """It is there."""
        return True

    def end(self, _: str, partitions: list[int]) -> dict[int, int]:
        """Behind the record."""
        return dict.fromkeys(partitions, 1)


def look(kafka: dict[str, str], folder: Path) -> object:
    """At the control topic."""
    settings = settings_from(Installation("127.0.0.1:1", "t", folder).config())
    return ControlTopic(settings, kafka, cast("Admin", OneRecord()), client_id="test").look()


def visit(kafka: dict[str, str], _: Path) -> None:
    """A group, for a moment."""
    protocols = GroupProtocols({"group.protocol": "classic"}, client_id="test", topic="t")
    GroupVisits(kafka, protocols, client_id="test", topic="t").visit("g", threading.Event())


def join(kafka: dict[str, str], _: Path) -> object:
    """A group, to read what somebody else keeps the offsets of."""
    settings = ConsumerSettings(kafka, "test", "g", 1024)
    return GroupReader(settings, "t", cast("PartitionOwner", object()), SystemClock())


OPENS: dict[str, Open] = {
    "writer": lambda kafka, _: AcknowledgedWriter(kafka, **LIMITS),
    "transactions": lambda kafka, _: TransactionalWriter(kafka, transactional_id="t", **LIMITS),
    "group protocol": lambda kafka, _: ask(kafka, client_id="test", group="g", topic="t"),
    "offsets": lambda kafka, _: Groups(kafka, client_id="test").committed("g", "t", [0]),
    "visit": visit,
    "control topic": look,
    "group": join,
    "range": lambda kafka, _: RangeReader(kafka, **LIMITS),
    "batches": lambda kafka, _: BatchReader(kafka, **LIMITS),
}


@pytest.mark.parametrize("what", OPENS)
def test_a_missing_file_is_an_error_of_ours(what: str, tmp_path: Path) -> None:
    """It is no matter that a restart must mend: whoever tries again, or says why it ends, gets one line."""
    kafka = {
        "bootstrap.servers": "127.0.0.1:1",
        "security.protocol": "ssl",
        "ssl.ca.location": str(tmp_path / "missing"),
    }
    with pytest.raises(KafkaUnavailableError, match=r"ssl\.ca\.location failed"):
        OPENS[what](kafka, tmp_path)
