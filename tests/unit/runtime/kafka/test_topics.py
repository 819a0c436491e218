"""Topics on a cluster that limits records: the largest that it allows are taken; other refusals are refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from runtime.config import Settings
from runtime.config.load import settings_from
from runtime.config.settings import IntakeSettings
from runtime.kafka.cluster_state import Topic
from runtime.kafka.errors import KafkaPolicyError
from runtime.kafka.record_sizes import LEAST_LETTER, LETTER_FACTOR
from runtime.kafka.topics import ensure_topics, plan_tags, size_shortfalls
from runtime.news import News

MIB = 2**20


@dataclass
class LimitedCluster:
    """A cluster that allows topics records of this size, and every retention but one."""

    limit: int
    words: str = "not allowed"
    topics: dict[str, Topic] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)

    def brokers(self) -> int:
        """As many as it takes."""
        return 3

    def topic(self, name: str) -> Topic | None:
        """What was created."""
        return self.topics.get(name)

    def create_topic(self, name: str, *, partitions: int, replication_factor: int, settings: Mapping[str, str]) -> bool:
        """As its policy is."""
        size = int(settings["max.message.bytes"])
        if size > self.limit:
            self.refused.append(size)
            raise KafkaPolicyError(self.words)
        self.topics[name] = Topic(name, partitions, replication_factor, settings)
        return True


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9092"}})


def sizes(cluster: LimitedCluster) -> set[str]:
    """Of the records of all topics."""
    return {topic.settings["max.message.bytes"] for topic in cluster.topics.values()}


def test_the_size_that_the_cluster_names_is_taken(settings: Settings) -> None:
    """By both topics, at the second try."""
    cluster = LimitedCluster(7_000_000, "'max.message.bytes' exceeded max limit of 7000000")
    ensure_topics(cluster, settings, News())
    assert {"7000000"} == sizes(cluster)
    assert [24 * MIB, 32 * MIB] == cluster.refused
    said = "topic {} has max.message.bytes=7000000; it should be {}, or set intake.max_body to 1708KiB or less"
    expected = [said.format("registry.events", 24 * MIB), said.format("registry.dead-letters", 32 * MIB)]
    assert expected == size_shortfalls(cluster, settings)


def test_a_limit_that_it_does_not_name_is_found(settings: Settings) -> None:
    """As far as it is one of a known service; all other settings are as planned."""
    free, cluster = LimitedCluster(2**31), LimitedCluster(8 * MIB)
    for one in (free, cluster):
        ensure_topics(one, settings, News())
    assert {str(8 * MIB)} == sizes(cluster)
    for name, topic in cluster.topics.items():
        assert {**free.topics[name].settings, "max.message.bytes": str(8 * MIB)} == topic.settings
    assert [] == size_shortfalls(free, settings)


def test_what_is_refused_for_another_reason_is_refused(settings: Settings) -> None:
    """In the words of the first refusal."""
    cluster = LimitedCluster(0, "retention.ms must not be above 7 days")
    with pytest.raises(KafkaPolicyError, match=r"retention\.ms"):
        ensure_topics(cluster, settings, News())
    assert {} == cluster.topics


def test_the_remedy_fits_the_settings() -> None:
    """The factor of a dead letter stands in the intake's settings too, and so does the least size of one."""
    assert IntakeSettings(max_body_bytes=MIB).max_dead_letter_bytes == LETTER_FACTOR * MIB
    assert IntakeSettings(max_body_bytes=1024).max_dead_letter_bytes == LEAST_LETTER


def test_tags_are_in_small_segments() -> None:
    """Kafka compacts none that is still written, and by default that is up to 1 GiB of each partition."""
    plan = plan_tags(settings_from({"kafka": {"bootstrap.servers": "b:9092"}, "topics": {"tags": "tags"}}), 3)
    assert plan is not None
    assert plan.settings["segment.bytes"] == str(64 * MIB)
