"""`registry-bridge check`: what is wrong, what only falls short of production, and what differs from the registry."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from runtime.config import differences as endpoint_differences
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.settings import Settings
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.topics import TopicPlan, differences, offsets_shortfall, plan_topics

_CONNECT_LIMIT_S: Final = 3.0
_PRODUCTION_BROKERS: Final = 3


class Verdict(Enum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Works, but unlike the registry's own."""
    WARNING = "warning"
    """Works, but falls short of production."""
    WRONG = "wrong"
    """Does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    text: str


Connect = Callable[[str, int], None]


def connect(host: str, port: int) -> None:
    """Open a TCP connection and close it.

    Raises:
        OSError: the address cannot be reached.
    """
    socket.create_connection((host, port), timeout=_CONNECT_LIMIT_S).close()


def check(settings: Settings, admin: Admin, reach: Connect = connect) -> Iterator[Finding]:
    """Everything that can be known without delivering anything."""
    for name, sentences in endpoint_differences(settings).items():
        for sentence in sentences:
            yield Finding(Verdict.NOTE, f"endpoint {name}: {sentence}")
    yield from _kafka(settings, admin)
    for endpoint in settings.endpoints:
        yield _address(endpoint, reach)


def _kafka(settings: Settings, admin: Admin) -> Iterator[Finding]:
    try:
        brokers = admin.brokers()
        yield Finding(Verdict.OK, f"Kafka answers, with {brokers} brokers")
        if brokers < _PRODUCTION_BROKERS:
            yield Finding(Verdict.WARNING, f"{brokers} brokers keep fewer than 3 copies: a lost disk can lose events")
        for plan in plan_topics(settings, brokers):
            yield from _topic(plan, admin)
        if shortfall := offsets_shortfall(admin, settings):
            yield Finding(Verdict.WARNING, shortfall)
    except BridgeError as error:
        yield Finding(Verdict.WRONG, str(error))


def _topic(plan: TopicPlan, admin: Admin) -> Iterator[Finding]:
    found = admin.topic(plan.name)
    if found is None:
        yield Finding(Verdict.WARNING, f"topic {plan.name} is missing; `init`, `serve` and `publish` create it")
        return
    said = differences(plan, found)
    if not said:
        yield Finding(Verdict.OK, f"topic {plan.name} is as configured")
    for sentence in said:
        too_small = "max.message.bytes" in sentence and _below(plan, found.settings.get("max.message.bytes"))
        compacts = "compact" in found.settings.get("cleanup.policy", "") and "cleanup.policy" in sentence
        yield Finding(Verdict.WRONG if too_small or compacts else Verdict.WARNING, sentence)


def _below(plan: TopicPlan, value: str | None) -> bool:
    return value is None or int(value) < int(plan.settings["max.message.bytes"])


def _address(endpoint: EndpointSettings, reach: Connect) -> Finding:
    url = urlsplit(endpoint.url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        reach(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding(Verdict.WRONG, f"endpoint {endpoint.name}: cannot reach {host}:{port}: {reason}")
    return Finding(Verdict.OK, f"endpoint {endpoint.name}: {host}:{port} can be reached")
