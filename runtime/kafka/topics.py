"""The topics: what they should be, creating what is missing, and where existing ones differ. Never alters one."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from runtime.config.settings import Settings
from runtime.counts import counted
from runtime.kafka.admin import Admin
from runtime.kafka.cluster_state import Topic
from runtime.kafka.errors import KafkaPolicyError
from runtime.kafka.record_sizes import LEAST_LETTER, remedy, smaller_sizes
from runtime.news import News
from runtime.units import rounded_size

_log: Final = structlog.get_logger(__name__)

_PRODUCTION_BROKERS: Final = 3
_FOREVER: Final = "-1"
_SIZE: Final = "max.message.bytes"
_TAGS_SEGMENT: Final = 64 * 1024 * 1024
"""Kafka compacts no segment that is still written: what it holds, whoever wants the rows has to read."""


class TopicsAdmin(Protocol):
    """Knows a cluster's topics, and creates them."""

    def brokers(self) -> int:
        """How many brokers the cluster has."""
        ...

    def topic(self, name: str) -> Topic | None:
        """The topic, or None if there is none of that name."""
        ...

    def create_topic(self, name: str, *, partitions: int, replication_factor: int, settings: Mapping[str, str]) -> bool:
        """Create a topic; False if there is one already.

        Raises:
            KafkaPolicyError: the cluster does not allow it with these settings.
        """
        ...


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """A topic as it should be."""

    name: str
    partitions: int
    replication_factor: int
    settings: Mapping[str, str]


def max_event_bytes(settings: Settings) -> int:
    """The largest record of the events topic, in bytes: an event's own text, its typed members, and room."""
    return settings.intake.max_event_bytes


def max_dead_letter_bytes(settings: Settings) -> int:
    """The largest record of the dead-letter topic, in bytes: an event's record and why it is there."""
    return settings.intake.max_dead_letter_bytes


def plan_control(settings: Settings, brokers: int) -> TopicPlan:
    """The control topic for a cluster of so many brokers: the last record of each endpoint stays for ever."""
    events, _ = plan_topics(settings, brokers)
    kept = {
        **{name: events.settings[name] for name in ("min.insync.replicas", "unclean.leader.election.enable")},
        "cleanup.policy": "compact",
    }
    return TopicPlan(settings.topics.control, 1, events.replication_factor, kept)


def ensure_control(admin: Admin, settings: Settings) -> None:
    """Create the control topic if it is missing.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
    """
    if not admin.has_topic(settings.topics.control):  # asked for so that no right to its settings is needed
        _ensured(admin, plan_control(settings, admin.brokers()))


def plan_topics(settings: Settings, brokers: int) -> tuple[TopicPlan, TopicPlan]:
    """The events topic and the dead-letter topic for a cluster of so many brokers."""
    topics = settings.topics
    factor = topics.replication_factor or (_PRODUCTION_BROKERS if brokers >= _PRODUCTION_BROKERS else 1)
    safety = {
        "cleanup.policy": "delete",
        "min.insync.replicas": str(max(1, factor - 1)),
        "unclean.leader.election.enable": "false",
    }
    events = {
        "retention.ms": str(int(topics.retention_s * 1000)),
        "retention.bytes": _FOREVER,  # a limit of the broker's would remove events before their time
        "message.timestamp.type": "CreateTime",  # when the bridge accepted the event
        _SIZE: str(max_event_bytes(settings)),
    }
    letters = {
        "retention.ms": _FOREVER,
        "retention.bytes": _FOREVER,
        _SIZE: str(max_dead_letter_bytes(settings)),
    }
    return (
        TopicPlan(topics.events, topics.partitions, factor, {**safety, **events}),
        TopicPlan(topics.dead_letters, topics.partitions, factor, {**safety, **letters}),
    )


def plan_attempts(settings: Settings, brokers: int) -> TopicPlan | None:
    """The topic of attempts for a cluster of so many brokers; None if none is configured."""
    attempts = settings.worker.attempts
    if attempts is None:
        return None
    events, _ = plan_topics(settings, brokers)
    kept = {"cleanup.policy": "delete", "retention.ms": str(int(attempts.retention_s * 1000))}
    return TopicPlan(attempts.topic, events.partitions, events.replication_factor, kept)


def plan_tags(settings: Settings, brokers: int, partitions: int | None = None) -> TopicPlan | None:
    """The topic of tags for a cluster of so many brokers; None if none is configured.

    A tag is in the partition of its events: so it has the `partitions` of the events topic, which are the configured
    ones unless they are given. The last record of each key stays for ever.
    """
    if settings.topics.tags is None:
        return None
    events, _ = plan_topics(settings, brokers)
    kept = {
        **{name: events.settings[name] for name in ("min.insync.replicas", "unclean.leader.election.enable")},
        "cleanup.policy": "compact",
        "segment.bytes": str(_TAGS_SEGMENT),
    }
    return TopicPlan(settings.topics.tags, partitions or events.partitions, events.replication_factor, kept)


def ensure_topics(admin: TopicsAdmin, settings: Settings, news: News) -> int:
    """Create what is missing; the partitions of the events topic. What falls short is a warning, if it is news.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
    """
    events, _ = plan_topics(settings, admin.brokers())
    found = _ensured(admin, events)
    partitions = found.partitions if found else events.partitions
    ensure_dead_letters(admin, settings, partitions, news)
    return partitions


def ensure_dead_letters(admin: TopicsAdmin, settings: Settings, partitions: int, news: News) -> None:
    """Create the dead-letter topic if it is missing, with as many partitions as the events topic.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
    """
    _, plan = plan_topics(settings, admin.brokers())
    consequence = "events are lost if a broker loses its disk"
    if plan.replication_factor == 1 and news.is_news("copies", consequence):
        _log.warning("topics.single_copy", consequence=consequence, wanted="3 brokers")
    _ensured(admin, TopicPlan(plan.name, partitions, plan.replication_factor, plan.settings))


def ensure_attempts(admin: Admin, settings: Settings) -> None:
    """Create the topic of attempts if one is configured and missing.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
    """
    attempts = settings.worker.attempts
    if attempts is None or admin.has_topic(attempts.topic):  # asked for so that no right to its settings is needed
        return
    if (plan := plan_attempts(settings, admin.brokers())) is not None:
        _ensured(admin, plan)


def ensure_tags(admin: TopicsAdmin, settings: Settings) -> None:
    """Create the topic of tags if one is configured and missing, with as many partitions as the events topic.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked or created.
    """
    if settings.topics.tags is None or admin.topic(settings.topics.tags) is not None:
        return
    events = admin.topic(settings.topics.events)
    plan = plan_tags(settings, admin.brokers(), events.partitions if events is not None else None)
    if plan is not None:
        _ensured(admin, plan)


def _ensured(admin: TopicsAdmin, plan: TopicPlan) -> Topic | None:
    """The topic if it was there; None if it was created as planned."""
    found = admin.topic(plan.name)
    if found is not None:
        return found
    try:
        created = _create(admin, plan)
    except KafkaPolicyError as refusal:
        created = _create_smaller(admin, plan, refusal)
    if not created:
        return admin.topic(plan.name)
    _log.info("topics.created", topic=plan.name, partitions=plan.partitions, replicas=plan.replication_factor)
    return None


def _create(admin: TopicsAdmin, plan: TopicPlan) -> bool:
    return admin.create_topic(
        plan.name,
        partitions=plan.partitions,
        replication_factor=plan.replication_factor,
        settings=plan.settings,
    )


def _create_smaller(admin: TopicsAdmin, plan: TopicPlan, refusal: KafkaPolicyError) -> bool:
    """Create it with the largest records that the cluster allows; what it refuses for another reason, it refuses."""
    asked = int(plan.settings.get(_SIZE, 0))
    for size in smaller_sizes(asked, str(refusal)):
        with suppress(KafkaPolicyError):
            created = _create(admin, replace(plan, settings={**plan.settings, _SIZE: str(size)}))
            _log.warning(
                "topics.size_limited",
                topic=plan.name,
                allowed=rounded_size(size),
                asked=rounded_size(asked),
                consequence="Kafka refuses events whose records are larger",
                hint=remedy(size),
            )
            return created
    raise refusal


def offsets_shortfall(admin: Admin, settings: Settings) -> str:
    """Why the broker would forget an endpoint's cursor before the events behind it are gone; empty if it would not.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked.
    """
    minutes = int(admin.broker_settings().get("offsets.retention.minutes", "0"))
    wanted = int(settings.topics.retention_s // 60)
    if minutes >= wanted:
        return ""
    keeps = f"the broker keeps offsets for {counted(minutes, 'minute')}, but events are kept for {wanted}"
    return f"{keeps}: set offsets.retention.minutes={wanted}"


def differences(plan: TopicPlan, found: Topic) -> list[str]:
    """Where the topic is not as planned, a sentence each."""
    sentences = []
    if found.partitions != plan.partitions:
        sentences.append(
            f"topic {plan.name} has {counted(found.partitions, 'partition')}, the configuration says {plan.partitions}"
        )
    if found.replication_factor != plan.replication_factor:
        sentences.append(
            f"topic {plan.name} has {counted(found.replication_factor, 'replica')}, "
            f"the configuration says {plan.replication_factor}"
        )
    for name, wanted in plan.settings.items():
        value = found.settings.get(name)
        if value != wanted and name == _SIZE:
            sentences.append(_size_difference(plan.name, value, wanted))
        elif value != wanted:
            sentences.append(f"topic {plan.name} has {name}={value}; it should be {wanted}")
    return sentences


def size_shortfalls(admin: TopicsAdmin, settings: Settings) -> list[str]:
    """Which of the topics takes smaller records than the bridge may write, a sentence each.

    Raises:
        KafkaUnavailableError, KafkaRefusedError: it could not be asked.
    """
    found = ((plan, admin.topic(plan.name)) for plan in plan_topics(settings, admin.brokers()))
    return [
        _size_difference(plan.name, topic.settings[_SIZE], plan.settings[_SIZE])
        for plan, topic in found
        if topic is not None and int(topic.settings[_SIZE]) < int(plan.settings[_SIZE])
    ]


def _size_difference(topic: str, value: str | None, wanted: str) -> str:
    sentence = f"topic {topic} has {_SIZE}={value}; it should be {wanted}"
    is_met_by_smaller_bodies = value is not None and LEAST_LETTER <= int(value) <= int(wanted)
    return f"{sentence}, or {remedy(int(value or 0))}" if is_met_by_smaller_bodies else sentence
