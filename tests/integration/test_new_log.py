"""The events topic is deleted and made anew under a running worker, on a real Kafka."""

from pathlib import Path
from typing import Any

import pytest

from broker import LocalKafka
from tests.kit import Receiver, eventually
from tests.kit.bridge import Installation, endpoint
from tests.kit.notifications import envelope, envelopes, event_json, ids, wait_for_ids
from tests.kit.process import Process
from tests.kit.topics import committed, delete_topic, make_topic

pytestmark = pytest.mark.kafka


def told(worker: Process, event: str) -> list[dict[str, Any]]:
    """Its log lines of this event."""
    return [line for line in worker.log() if line.get("event") == event]


def test_a_topic_made_anew_is_delivered(kafka: LocalKafka, topic: str, tmp_path: Path, receiver: Receiver) -> None:
    """All that is written then arrives and is committed; it is no internal error, and a line tells each partition."""
    setup = Installation(kafka.bootstrap, topic, tmp_path, endpoints=[endpoint("ci", receiver.url, start="beginning")])
    old = envelopes(20, 10)
    setup.publish(*old)
    with setup.worker() as worker:
        wait_for_ids(receiver, ids(old))

        def all_committed() -> bool:
            assert len(old) == sum(committed(kafka, setup.group("ci"), topic).values())
            return True

        eventually(all_committed)
        delete_topic(kafka, topic)
        make_topic(kafka, topic, 4)
        anew = [envelope(event_json(f"anew/app{name}", number)) for name in range(20) for number in range(30)]
        setup.publish(*anew)
        wait_for_ids(receiver, ids(anew))

        def anew_committed() -> bool:
            assert len(anew) == sum(committed(kafka, setup.group("ci"), topic).values())
            return True

        eventually(anew_committed)
        assert [] == told(worker, "delivery.internal_error")
        anew_told = [line["partition"] for line in told(worker, "endpoint.log_begins_anew")]
        assert len(anew_told) == len(set(anew_told)), "told more than once"
        assert worker.terminate() == 0
        assert "Traceback" not in worker.stderr
