"""What only shows when sections are held against each other; pure."""

import posixpath
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.http_values import split_url
from runtime.config.settings import IntakeSettings, KafkaSettings, WorkerSettings

DRAIN_GRACE_S: Final = 5.0
"""What a consumer allows beyond a drain, for its last commit."""
_POLL_INTERVAL: Final = "max.poll.interval.ms"
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


def impatient(kafka: KafkaSettings, worker: WorkerSettings, endpoints: Iterable[EndpointSettings]) -> list[str]:
    """A fault for each endpoint whose drain outlasts the poll interval: the group would throw its worker out meanwhile.

    A drain blocks the consumer, and what it finishes is committed at its end.
    """
    given = kafka.revealed().get(_POLL_INTERVAL, str(_DEFAULT_POLL_INTERVAL_MS))
    interval_ms = (
        int(given) if given.isdecimal() else _DEFAULT_POLL_INTERVAL_MS
    )  # the client says what is wrong with it
    faults = []
    for endpoint in endpoints:
        needed_ms = int((worker.drain_of(endpoint) + DRAIN_GRACE_S) * 1000)
        if needed_ms >= interval_ms:
            faults.append(
                f"endpoint {endpoint.name}: a drain of worker.drain or timeout + 1s, and {DRAIN_GRACE_S:g}s to commit, "
                f"takes {needed_ms} ms; kafka.{_POLL_INTERVAL} is {interval_ms} and must be more"
            )
    return faults
