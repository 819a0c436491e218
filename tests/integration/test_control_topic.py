"""The control topic on a real Kafka: created once, read as it grows, compacted or not, and followed if made anew."""

from pathlib import Path

import pytest

from broker import LocalKafka
from runtime.config.load import settings_from
from runtime.kafka.admin import Admin
from runtime.kafka.control_topic import ControlTopic
from runtime.kafka.topics import differences, plan_control
from runtime.kafka.writer import AcknowledgedWriter
from runtime.pauses import Pause
from tests.kit.bridge import Installation
from tests.kit.topics import delete_topic

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("release", ["kafka", "kafka_39"])
def test_pauses_are_read_as_they_are_written(
    release: str, request: pytest.FixtureRequest, topic: str, tmp_path: Path
) -> None:
    """Without a topic nothing is paused; each look finds what is new; who begins later finds the same."""
    kafka: LocalKafka = request.getfixturevalue(release)
    sections = {"topics": {"control": f"{topic}.control"}}
    settings = settings_from(Installation(kafka.bootstrap, topic, tmp_path, sections=sections).config())
    clear = settings.kafka.revealed()
    admin = Admin(clear, client_id="test")
    first, second = (ControlTopic(settings, clear, admin, client_id="test") for _ in range(2))
    assert {} == first.look()
    first.ensure()
    first.ensure()
    assert {} == first.look()
    found = admin.topic(f"{topic}.control")
    assert found is not None
    assert [] == differences(plan_control(settings, 1), found)
    writer = AcknowledgedWriter(clear, client_id="test", max_record_bytes=100_000, limit_s=60.0)
    try:
        writer.write([first.record("w.ci", Pause(7, "why"))])
        assert {"w.ci": Pause(7, "why")} == first.look()
        writer.write([first.record("w.ci", None), first.record("w.audit", Pause(8))])
        assert {"w.audit": Pause(8)} == first.look() == first.look() == second.look()
        delete_topic(kafka, f"{topic}.control")
        first.ensure()
        assert {} == first.look()
    finally:
        writer.close()
