"""`registry-bridge check`: what is wrong, what only falls short of production, and what differs from the registry."""

from collections.abc import Iterator
from typing import Final

from producer.check.endpoints import Connect, addresses, client_settings, connect, judged_at_the_proxy
from producer.check.findings import Finding, Severity
from producer.check.groups import cluster_version, group_protocol
from producer.check.listeners import listener_findings
from producer.check.pauses import pause_findings
from producer.check.sources import kept_findings, source_findings, takes_envelopes
from producer.check.spool import spool_findings
from runtime.clock import SystemClock
from runtime.config.differences import differences as endpoint_differences
from runtime.config.settings import Settings
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.topics import TopicPlan, differences, offsets_shortfall, plan_attempts, plan_tags, plan_topics
from runtime.schema_registry import FULL_TRANSITIVE, SchemaRegistry
from runtime.tracing.opening import require_tracing
from schemas.catalog import CATALOG
from schemas.names import subject_of

_PRODUCTION_BROKERS: Final = 3


def check_settings(settings: Settings) -> Iterator[Finding]:
    """What can be known of a configuration that loads without asking anybody."""
    if takes_envelopes(settings.intake):
        for sentence in endpoint_differences(settings):
            yield Finding(Severity.NOTE, sentence)
    for warning in settings.warnings:
        yield Finding(Severity.WARNING, warning)
    yield from client_settings(settings.endpoints)
    yield from listener_findings(settings, SystemClock().wall())
    yield from source_findings(settings.intake)
    yield from kept_findings(settings)
    yield from judged_at_the_proxy(settings.endpoints)
    try:
        require_tracing(settings.tracing)
    except BridgeError as error:
        yield Finding(Severity.WRONG, str(error), error.exit_code)


def check_installation(
    settings: Settings, admin: Admin, registry: SchemaRegistry | None, reach: Connect = connect
) -> Iterator[Finding]:
    """What Kafka, the schema registry and the endpoints' addresses show; delivers nothing."""
    yield from _kafka(settings, admin)
    if settings.intake.spool is not None:
        yield from spool_findings(settings.intake.spool, max_body_bytes=settings.intake.max_body_bytes)
    if registry is not None:
        yield from _schema(registry, subject_of(settings.topics.events))
    yield from addresses(settings.endpoints, reach)


def _kafka(settings: Settings, admin: Admin) -> Iterator[Finding]:
    try:
        brokers = admin.brokers()
        yield Finding(Severity.OK, f"Kafka answers, with {counted(brokers, 'broker')}")
        if brokers < _PRODUCTION_BROKERS:
            yield Finding(Severity.WARNING, _few_copies(brokers))
        for plan in plan_topics(settings, brokers):
            yield from _topic(plan, admin, made_by="`init`, `serve` and `publish` create it")
        if (attempts := plan_attempts(settings, brokers)) is not None:
            yield from _topic(attempts, admin, made_by="`init` and `registry-worker deliver` create it")
        if (tags := plan_tags(settings, brokers)) is not None:
            yield from _topic(tags, admin, made_by="`init` and `registry-worker materialize` create it")
        yield from pause_findings(settings, admin, brokers)
        yield cluster_version(admin.broker_settings())
        yield from group_protocol(settings)
        if shortfall := offsets_shortfall(admin, settings):
            yield Finding(Severity.WARNING, shortfall)
    except BridgeError as error:
        yield Finding(Severity.WRONG, str(error))


def _few_copies(brokers: int) -> str:
    keep = "keeps" if brokers == 1 else "keep"
    return f"{counted(brokers, 'broker')} {keep} fewer than 3 copies of an event: a lost disk can lose events"


def _topic(plan: TopicPlan, admin: Admin, *, made_by: str) -> Iterator[Finding]:
    found = admin.topic(plan.name)
    if found is None:
        yield Finding(Severity.WARNING, f"topic {plan.name} is missing; {made_by}")
        return
    sentences = differences(plan, found)
    if not sentences:
        yield Finding(Severity.OK, f"topic {plan.name} is as configured")
    for sentence in sentences:
        too_small = "max.message.bytes" in sentence and _below(plan, found.settings.get("max.message.bytes"))
        compacts = "compact" in found.settings.get("cleanup.policy", "") and "cleanup.policy" in sentence
        yield Finding(Severity.WRONG if too_small or compacts else Severity.WARNING, sentence)


def _below(plan: TopicPlan, value: str | None) -> bool:
    return value is None or int(value) < int(plan.settings["max.message.bytes"])


def _schema(registry: SchemaRegistry, subject: str) -> Iterator[Finding]:
    try:
        found = [registry.find(subject, release.text) for release in CATALOG.releases]
        for release, schema_id in zip(CATALOG.releases, found, strict=True):
            named = f"schema registry {registry.safe_url}: release {release.version} of the schema"
            if schema_id is None:
                yield Finding(Severity.WARNING, f"{named} is missing; `init`, `serve` and `publish` register it")
            else:
                yield Finding(Severity.OK, f"{named} has the id {schema_id}")
        if any(schema_id is not None for schema_id in found):
            yield from _level(registry, subject)
    except BridgeError as error:
        yield Finding(Severity.WRONG, str(error))


def _level(registry: SchemaRegistry, subject: str) -> Iterator[Finding]:
    level = registry.compatibility(subject)
    if level != FULL_TRANSITIVE:
        level_text = f"compatibility {level}" if level else "no compatibility of its own"
        shortfall = f"subject {subject} has {level_text} instead of {FULL_TRANSITIVE}"
        yield Finding(Severity.WARNING, f"{shortfall}; `init`, `serve` and `publish` set it")
