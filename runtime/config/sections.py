"""The sections `topics`, `schema_registry`, `intake` and `worker`: keys, bounds and defaults."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from runtime.config import shape as shapes
from runtime.config.addresses import ADDRESS_EXAMPLES, parse_address
from runtime.config.attempts_section import read_attempts
from runtime.config.endpoint_settings import TLSSettings
from runtime.config.http_values import asked_authorization, http_url, read_authorization
from runtime.config.names import group_prefix, intake_path, topic_name
from runtime.config.networks import NETWORK_EXAMPLES, NETWORK_PATTERN, IPNetwork, Networks, parse_network
from runtime.config.quantities import duration, size
from runtime.config.reading import Section, Value
from runtime.config.settings import (
    IntakeSettings,
    SchemaRegistrySettings,
    TopicSettings,
    TracingSettings,
    UnknownSchema,
    WorkerSettings,
)
from runtime.config.shape import shaped
from runtime.config.source_section import sources_with
from runtime.config.spool_section import check_room, read_spool
from runtime.config.tls_section import read_listener_tls, read_tls
from runtime.config.value_readers import list_of, one_of, parsed, truth, whole_number

_ADDRESS = parsed(
    parse_address,
    f"is not an address; {ADDRESS_EXAMPLES}",
    shapes.text(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}"),
)
_NETWORK = parsed(parse_network, f"is not a network; {NETWORK_EXAMPLES}", shapes.text(NETWORK_PATTERN))
_NETWORKS = list_of(_NETWORK)
_SECOND, _HOUR, _CENTURY = 1.0, 3600.0, 36_500 * 86400.0
_REGISTRY_URL: Final = "http://127.0.0.1:8081"
_UNKNOWN_SCHEMA: Final[Sequence[UnknownSchema]] = ("wait", "dead-letter")
UNGUARDED: Final = (
    "can be reached from other machines; set intake.authorization, or set it to none to allow POSTs from everyone"
)
"""The fault of an address that `is_unguarded`."""
_COPIES = whole_number(1, 100)
_LARGEST_BODY = 200 * 2**20
"""Bytes. Dead letters take records of 4 times this, and librdkafka none above 1 GB."""


def read_topics(value: Value) -> TopicSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section, default = Section(value), TopicSettings()
    topics = TopicSettings(
        events=section.read("events", topic_name, default.events),
        dead_letters=section.read("dead_letters", topic_name, default.dead_letters),
        control=section.read("control", topic_name, default.control),
        tags=section.read("tags", topic_name, default.tags),
        partitions=section.read("partitions", whole_number(1, 10_000), default.partitions),
        replication_factor=section.read("replication_factor", _replication_factor, None),
        retention_s=section.read("retention", duration(_SECOND, _CENTURY), default.retention_s),
    )
    taken: dict[str, str] = {}
    for key, name in (
        ("events", topics.events),
        ("dead_letters", topics.dead_letters),
        ("control", topics.control),
        *([] if topics.tags is None else [("tags", topics.tags)]),
    ):
        for other in (other for other, same in taken.items() if same == name.replace(".", "_")):
            section.fault(
                key, f"must differ from topics.{other}, and not only in . and _, which Kafka treats as the same"
            )
        taken[key] = name.replace(".", "_")
    section.close()
    return topics


@shaped(shapes.text(shapes.URL))
def _registry_url(value: Value) -> tuple[str, str]:
    return http_url(value, _REGISTRY_URL)


def read_schema_registry(value: Value) -> SchemaRegistrySettings | None:
    """Read the section; None if its url is missing or faulty."""
    section = Section(value)
    url = section.require("url", _registry_url, f"write e.g. {_REGISTRY_URL}")
    authorization = section.read("authorization", read_authorization, None)
    tls = section.read("tls", read_tls, TLSSettings())
    if url and urlsplit(url[0]).query:
        section.fault("url", f"has a query; write the root of the registry, e.g. {_REGISTRY_URL}")
    if url and authorization and urlsplit(url[0]).username is not None:
        section.fault("authorization", "cannot be combined with a user in url; write only one of them")
    section.close()
    return SchemaRegistrySettings(url=url[0], safe_url=url[1], authorization=authorization, tls=tls) if url else None


def read_intake(value: Value) -> IntakeSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section, default = Section(value), IntakeSettings()
    before = len(value.reading.faults)
    authorization, is_open = section.read("authorization", asked_authorization, ((), False))
    intake = IntakeSettings(
        listen=section.read("listen", _ADDRESS, default.listen),
        path=section.read("path", intake_path, default.path),
        authorization=authorization,
        is_open=is_open,
        max_body_bytes=section.read("max_body", size(1024, _LARGEST_BODY), default.max_body_bytes),
        tls=section.read("tls", read_listener_tls, None),
        spool=section.read("spool", read_spool, None),
        sources=section.read("sources", sources_with(authorization), ()),
    )
    section.close()
    if len(value.reading.faults) == before and intake.spool is not None:
        check_room(value.at("spool"), intake.spool, intake.max_body_bytes)
    if len(value.reading.faults) == before and is_unguarded(intake):
        value.at("listen").note(UNGUARDED)
    return intake


def read_worker(value: Value) -> WorkerSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section, default = Section(value), WorkerSettings()
    authorization, is_open = section.read("authorization", asked_authorization, ((), False))
    worker = WorkerSettings(
        listen=section.read("listen", _ADDRESS, default.listen),
        authorization=authorization,
        is_open=is_open,
        group_prefix=section.read("group_prefix", group_prefix, default.group_prefix),
        drain_s=section.read("drain", duration(0.0, _HOUR), default.drain_s),
        unknown_schema=section.read("unknown_schema", one_of(_UNKNOWN_SCHEMA), default.unknown_schema),
        attempts=section.read("attempts", read_attempts, None),
        tls=section.read("tls", read_listener_tls, None),
        networks=Networks(
            allow=section.read("allow_networks", _allowed_networks, ()),
            deny=section.read("deny_networks", _NETWORKS, ()),
        ),
    )
    section.close()
    return worker


@shaped(shapes.array(_NETWORK))
def _allowed_networks(value: Value) -> tuple[IPNetwork, ...]:
    return _NETWORKS(value) or value.fail("is an empty list; leave it out to allow all networks that are not denied")


def read_tracing(value: Value) -> TracingSettings:
    """Read the section; what is faulty is recorded and stands at its default."""
    section = Section(value)
    tracing = TracingSettings(enabled=section.read("enabled", truth, default=False))
    section.close()
    return tracing


def is_unguarded(intake: IntakeSettings) -> bool:
    """Tell whether other machines reach an intake that neither asks for authorization nor is meant to be open."""
    return not (intake.listen.is_loopback or intake.authorization or intake.is_open)


@shaped(shapes.either({"const": "auto"}, _COPIES))
def _replication_factor(value: Value) -> int | None:
    return None if value.text() == "auto" else _COPIES(value)
