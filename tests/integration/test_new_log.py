"""The events topic is deleted and made anew under a running worker, on a real Kafka."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.process import Process
from tests.kit.topics import committed, delete_topic, make_topic, read, write

pytestmark = pytest.mark.kafka


def told(worker: Process, event: str) -> list[dict[str, Any]]:
    """Its log lines of this event."""
    return [line for line in worker.log() if line.get("event") == event]


def test_a_topic_made_anew_is_delivered(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """With more events at once than it had before: all arrive and are committed; a line tells of it, and no fault."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url, start="beginning")])
    old = envelopes(20, 10)
    setup.publish(*old)
    anew = [envelope(event_json(f"anew/app{name}", number)) for name in range(20) for number in range(30)]
    elsewhere = Installation(kafka.bootstrap, f"{topic}-copy", tmp_path / "elsewhere")
    elsewhere.publish(*anew)
    records = [replace(record, partition=-1) for record in read(kafka, f"{topic}-copy")]
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(old))

        def all_committed() -> bool:
            assert len(old) == sum(committed(kafka, setup.group("ci"), topic).values())
            return True

        eventually(all_committed)
        delete_topic(kafka, topic)
        make_topic(kafka, topic, 4)
        write(kafka, topic, records)
        wait_for_ids(receiver, ids(anew))
        worker.wait_for_log("topic.made_anew")

        def anew_committed() -> bool:
            assert len(anew) == sum(committed(kafka, setup.group("ci"), topic).values())
            return True

        eventually(anew_committed)
        assert [] == told(worker, "delivery.internal_error")
        assert 1 == len(told(worker, "topic.made_anew"))
        assert worker.terminate() == 0
        assert "Traceback" not in worker.stderr
