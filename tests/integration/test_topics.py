"""The two topics as they are created, and that an existing one is never altered; on a real Kafka."""

from pathlib import Path

import pytest

from broker import LocalKafka
from runtime.config import Settings
from runtime.config.load import settings_from
from runtime.kafka.admin import Admin
from runtime.kafka.topics import differences, ensure_topics, max_dead_letter_bytes, max_event_bytes, plan_topics
from runtime.news import News
from tests.kit.bridge import Installation
from tests.kit.topics import make_topic

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(kafka: LocalKafka, topic: str, tmp_path: Path) -> Settings:
    """Settings with topics of the test's own."""
    return settings_from(Installation(kafka.bootstrap, topic, tmp_path, partitions=3).config())


@pytest.fixture
def admin(settings: Settings) -> Admin:
    """An admin by these settings."""
    return Admin(settings.kafka.revealed(), client_id="test")


def test_created_as_planned(admin: Admin, settings: Settings) -> None:
    """Both topics are created with the partitions, limits and retention that the design gives them."""
    assert 3 == ensure_topics(admin, settings, News())
    events, letters = (admin.topic(plan.name) for plan in plan_topics(settings, 1))
    assert events is not None
    assert letters is not None
    assert (3, 3) == (events.partitions, letters.partitions)
    assert str(30 * 86_400_000) == events.settings["retention.ms"]
    assert ("-1", "CreateTime") == (events.settings["retention.bytes"], events.settings["message.timestamp.type"])
    assert ("-1", "-1") == (letters.settings["retention.ms"], letters.settings["retention.bytes"])
    assert str(max_event_bytes(settings)) == events.settings["max.message.bytes"]
    assert str(max_dead_letter_bytes(settings)) == letters.settings["max.message.bytes"]
    for plan, found in zip(plan_topics(settings, 1), (events, letters), strict=True):
        assert [] == differences(plan, found)


def test_existing_ones_are_left_alone(admin: Admin, settings: Settings, kafka: LocalKafka) -> None:
    """An existing events topic keeps what it has; the dead letters get as many partitions as it, not as planned."""
    make_topic(kafka, settings.topics.events, 2, retention_ms="1000")
    assert 2 == ensure_topics(admin, settings, News())
    assert 2 == ensure_topics(admin, settings, News())
    found = admin.topic(settings.topics.events)
    letters = admin.topic(settings.topics.dead_letters)
    assert found is not None
    assert letters is not None
    assert (2, "1000", 2) == (found.partitions, found.settings["retention.ms"], letters.partitions)
    said = " ".join(differences(plan_topics(settings, 1)[0], found))
    assert "2 partitions" in said
    assert "retention.ms=1000" in said
