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
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRegistry
from runtime.topics import TopicPlan, differences, offsets_shortfall, plan_topics
from schemas.catalog import CATALOG
from schemas.names import subject_of

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


def check(
    settings: Settings, admin: Admin, registry: SchemaRegistry | None, reach: Connect = connect
) -> Iterator[Finding]:
    """Everything that can be known without delivering anything."""
    for name, sentences in endpoint_differences(settings).items():
        for sentence in sentences:
            yield Finding(Verdict.NOTE, f"endpoint {name}: {sentence}")
    for warning in settings.warnings:
        yield Finding(Verdict.WARNING, warning)
    yield from _kafka(settings, admin)
    if registry is not None:
        yield from _schema(registry, subject_of(settings.topics.events))
    for endpoint in settings.endpoints:
        yield _address(endpoint, reach)


def _kafka(settings: Settings, admin: Admin) -> Iterator[Finding]:
    try:
        brokers = admin.brokers()
        yield Finding(Verdict.OK, f"Kafka answers, with {counted(brokers, 'broker')}")
        if brokers < _PRODUCTION_BROKERS:
            yield Finding(Verdict.WARNING, _few_copies(brokers))
        for plan in plan_topics(settings, brokers):
            yield from _topic(plan, admin)
        if shortfall := offsets_shortfall(admin, settings):
            yield Finding(Verdict.WARNING, shortfall)
    except BridgeError as error:
        yield Finding(Verdict.WRONG, str(error))


def _few_copies(brokers: int) -> str:
    keep = "keeps" if brokers == 1 else "keep"
    return f"{counted(brokers, 'broker')} {keep} fewer than 3 copies of an event: a lost disk can lose events"


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


def _schema(registry: SchemaRegistry, subject: str) -> Iterator[Finding]:
    try:
        found = [registry.find(subject, release.text) for release in CATALOG.releases]
        for release, schema_id in zip(CATALOG.releases, found, strict=True):
            named = f"schema registry {registry.safe_url}: release {release.version} of the schema"
            if schema_id is None:
                yield Finding(Verdict.WARNING, f"{named} is missing; `init`, `serve` and `publish` register it")
            else:
                yield Finding(Verdict.OK, f"{named} has the id {schema_id}")
        if any(schema_id is not None for schema_id in found):
            yield from _level(registry, subject)
    except BridgeError as error:
        yield Finding(Verdict.WRONG, str(error))


def _level(registry: SchemaRegistry, subject: str) -> Iterator[Finding]:
    level = registry.compatibility(subject)
    if level != FULL_TRANSITIVE:
        told = f"compatibility {level}" if level else "no compatibility of its own"
        told = f"subject {subject} has {told} instead of {FULL_TRANSITIVE}"
        yield Finding(Verdict.WARNING, f"{told}; `init`, `serve` and `publish` set it")


def _address(endpoint: EndpointSettings, reach: Connect) -> Finding:
    url = urlsplit(endpoint.url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        reach(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding(Verdict.WRONG, f"endpoint {endpoint.name}: cannot reach {host}:{port}: {reason}")
    return Finding(Verdict.OK, f"endpoint {endpoint.name}: {host}:{port} can be reached")
