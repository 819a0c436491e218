"""What only shows when sections are held against each other; pure."""

import posixpath
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.http_values import split_url
from runtime.config.settings import AttemptSettings, IntakeSettings, KafkaSettings, TopicSettings, WorkerSettings
from runtime.units import format_duration

DRAIN_GRACE_S: Final = 5.0
"""What a consumer allows beyond a drain, for its last commit."""
POLL_INTERVAL: Final = "max.poll.interval.ms"
"""The setting of a consumer that bounds the time between two polls."""
_DEFAULT_POLL_INTERVAL_MS: Final = 300_000
"""Of librdkafka."""
_PORTS = {"http": 80, "https": 443}


def is_intake(endpoint: EndpointSettings, intake: IntakeSettings) -> bool:
    """Tell whether an endpoint would POST into this intake: every event would come round again for ever."""
    parts = split_url(endpoint.url)
    if parts is None or parts.hostname is None:
        return False
    if not intake.listen.is_reached_at(parts.hostname, parts.port or _PORTS[parts.scheme]):
        return False
    path = posixpath.normpath(unquote(parts.path) or "/")
    return path == intake.path or path.startswith(intake.path + "/")


def loops(endpoints: Iterable[EndpointSettings], intake: IntakeSettings) -> list[str]:
    """A fault for each endpoint that `is_intake` of the settings with which a process runs: a reload keeps those."""
    return [
        f"endpoint {one.name}: its url is the address that the intake had when this process started ({intake.listen}): "
        "each event would come back for ever; if the intake is elsewhere now, restart this process"
        for one in endpoints
        if is_intake(one, intake)
    ]


def shared_topic(attempts: AttemptSettings, topics: TopicSettings) -> str:
    """The key of the topic whose name that of attempts has too; empty if none has it.

    Kafka takes names that differ only in . and _ for the same.
    """
    names = {
        "topics.events": topics.events,
        "topics.dead_letters": topics.dead_letters,
        "topics.control": topics.control,
        "topics.tags": topics.tags or "",
    }
    same = (key for key, name in names.items() if name.replace(".", "_") == attempts.topic.replace(".", "_"))
    return next(same, "")


def poll_interval_ms(worker: WorkerSettings, endpoint: EndpointSettings) -> int:
    """`max.poll.interval.ms` of an endpoint's consumer where the file does not say it: longer than its drain."""
    return max(_DEFAULT_POLL_INTERVAL_MS, _drain_ms(worker, endpoint) + 1)


def impatient(kafka: KafkaSettings, worker: WorkerSettings, endpoints: Iterable[EndpointSettings]) -> list[str]:
    """A fault for each endpoint whose drain outlasts the file's poll interval: the group would throw its worker out.

    A drain blocks the consumer, and what it finishes is committed at its end.
    """
    given = kafka.revealed().get(POLL_INTERVAL)
    if given is None or not given.isdecimal():  # the bridge sets it, or the client says what is wrong with it
        return []
    interval_ms = int(given)
    faults = []
    for endpoint in endpoints:
        needed_ms = _drain_ms(worker, endpoint)
        if needed_ms >= interval_ms:
            faults.append(
                f"endpoint {endpoint.name}: its drain (worker.drain or timeout + 1s) and {DRAIN_GRACE_S:g}s to commit "
                f"take {needed_ms} ms; kafka.{POLL_INTERVAL} is {interval_ms} and must be larger"
            )
    return faults


def outlived(topics: TopicSettings, endpoints: Iterable[EndpointSettings]) -> list[str]:
    """A fault for each endpoint whose `delay` is as long as the log keeps events: they would be gone before."""
    return [
        f"endpoint {one.name}: its delay is {format_duration(one.delay_s)} and must be shorter than topics.retention, "
        f"which is {format_duration(topics.retention_s)}"
        for one in endpoints
        if one.delay_s >= topics.retention_s
    ]


def _drain_ms(worker: WorkerSettings, endpoint: EndpointSettings) -> int:
    return int((worker.drain_of(endpoint) + DRAIN_GRACE_S) * 1000)
