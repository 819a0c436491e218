"""The configuration as the rest of the project sees it: typed, frozen, with defaults; knows no YAML and no faults.

No `repr` shows a secret. Below each field stand its unit and why its default is what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from runtime.config.addresses import Address
from runtime.config.endpoint_settings import EndpointSettings, TLSSettings
from runtime.config.listener_tls import ListenerTLS
from runtime.config.networks import ANY_NETWORK, Networks
from runtime.config.secrets import Secret, masked_url
from runtime.config.source_settings import SourceSettings

_INTAKE_LISTEN = Address("127.0.0.1", 5050)
_WORKER_LISTEN = Address("127.0.0.1", 5051)
_TLS = TLSSettings()


@dataclass(frozen=True, kw_only=True, slots=True)
class KafkaSettings:
    """How to reach Kafka: librdkafka's own settings but those that carry the promise, which the bridge sets itself."""

    bootstrap_servers: str
    """Comma-separated HOST:PORT list; there is no default that would be right."""
    properties: Mapping[str, str | Secret] = field(default_factory=dict)
    """The other settings as librdkafka takes them, all as text; secret by name or by interpolation: wrapped."""

    def revealed(self) -> dict[str, str]:
        """Return every setting in clear for a Kafka client's constructor: never for a log."""
        clear = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in self.properties.items()
        }
        return {"bootstrap.servers": self.bootstrap_servers, **clear}


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicSettings:
    """The topics and how they are created if missing; existing ones are never altered."""

    events: str = "registry.events"
    """Topic of every event."""
    dead_letters: str = "registry.dead-letters"
    """Topic of what no endpoint would take; never the events topic."""
    control: str = "registry.control"
    """Topic of what operators asked of all workers, such as pauses; neither of the others."""
    tags: str | None = None
    """Topic of the tags that are there now, none of the others; None: they are kept nowhere."""
    partitions: int = 12
    """Of events and dead letters: divides by 2, 3, 4 and 6 workers; changing it later reorders once."""
    replication_factor: int | None = None
    """None (`auto`): 3 with min.insync.replicas 2 if the cluster has 3 brokers, else 1 and a warning."""
    retention_s: float = 30 * 86400.0
    """Seconds that events are kept: an endpoint may be down for a month. Dead letters never expire by time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaRegistrySettings:
    """A Confluent-compatible schema registry to register with."""

    url: str = field(repr=False)
    """Its root, user info included."""
    safe_url: str = ""
    """The same for logs, user info and query masked."""
    authorization: Secret | None = None
    """The exact `Authorization` value of every request; None: that of the user info, if there is any."""
    tls: TLSSettings = _TLS

    def __post_init__(self) -> None:
        object.__setattr__(self, "safe_url", self.safe_url or masked_url(self.url))


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolSettings:
    """Where the intake keeps events while Kafka cannot take them."""

    folder: Path
    """Of one intake alone; made if it is missing."""
    max_bytes: int = 10 * 2**30
    """Bytes that the events in it may take on disk: about eight million of a common size."""


_LEAST_ROOM: Final = 64 * 2**10


@dataclass(frozen=True, kw_only=True, slots=True)
class IntakeSettings:
    """The HTTP front that registries POST to."""

    listen: Address = _INTAKE_LISTEN
    """Loopback by default: opening it wider is a decision that comes with authorization."""
    path: str = "/events"
    """POSTs go here or one level below, where the level names the registry."""
    authorization: tuple[Secret, ...] = ()
    """The exact Authorization values, of which a POST must carry one; empty: none is asked for."""
    is_open: bool = False
    """The file says `authorization: none`: a non-loopback address without authorization is meant."""
    max_body_bytes: int = 8 * 2**20
    """Bytes of one POST: whatever a registry can send (its own limit on a manifest is 4 MiB)."""
    tls: ListenerTLS | None = None
    """None: plain HTTP, as a registry in the same network or a proxy in front of it speaks."""
    spool: SpoolSettings | None = None
    """None: while Kafka cannot take events, POSTs are answered 503."""
    sources: tuple[SourceSettings, ...] = ()
    """Names unique; a path whose name is none of these takes distribution's envelopes."""

    @property
    def max_event_bytes(self) -> int:
        """The largest record of the events topic, in bytes: an event's own text, its typed members, and room."""
        return 3 * self._room_bytes

    @property
    def max_dead_letter_bytes(self) -> int:
        """The largest record of the dead-letter topic, in bytes: an event's record and why it is there."""
        return 4 * self._room_bytes

    @property
    def _room_bytes(self) -> int:
        """The size of a body for which records have room: what comes on top of a body does not shrink with it."""
        return max(self.max_body_bytes, _LEAST_ROOM)


UnknownSchema = Literal["wait", "dead-letter"]
KeptAttempts = Literal["failures", "all"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptSettings:
    """The topic that attempts are written to."""

    topic: str = "registry.attempts"
    """Created if it is missing; never altered."""
    keep: KeptAttempts = "failures"
    """Which: `all` is a record for each delivery too."""
    retention_s: float = 7 * 86400.0
    """Seconds that they are kept: "we never got it" comes within days."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSettings:
    """The process that serves endpoints."""

    listen: Address = _WORKER_LISTEN
    """Metrics, probes and the status page; loopback as the page names endpoints and repositories."""
    authorization: tuple[Secret, ...] = ()
    """The exact Authorization values, of which a request that acts on an endpoint must carry one; empty: none is asked
    for, and only a loopback address allows acts."""
    is_open: bool = False
    """The file says `authorization: none`: whoever reaches the address may act."""
    group_prefix: str = "registry-worker"
    """The consumer group of endpoint E is PREFIX.E."""
    drain_s: float = 10.0
    """Seconds that requests in flight get at shutdown; an endpoint's own is at least its timeout and 1 s."""
    unknown_schema: UnknownSchema = "wait"
    """What becomes of a record whose schema is that of a newer release: its partition waits, or it is a dead letter."""
    attempts: AttemptSettings | None = None
    """None: attempts are kept in the worker's memory alone."""
    tls: ListenerTLS | None = None
    """None: plain HTTP."""
    networks: Networks = ANY_NETWORK
    """What requests may be sent to; the operator names the endpoints, so everything but clouds' metadata services."""

    def drain_of(self, endpoint: EndpointSettings) -> float:
        """Seconds that this endpoint's requests get."""
        return max(self.drain_s, endpoint.timeout_s + 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class TracingSettings:
    """Spans of the intake and the worker; where they go the OTEL_ variables of the environment say."""

    enabled: bool = False
    """They cost processor time at every event, and need the extra `otel`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """One configuration file, whole."""

    kafka: KafkaSettings
    topics: TopicSettings = TopicSettings()
    schema_registry: SchemaRegistrySettings | None = None
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    tracing: TracingSettings = TracingSettings()
    endpoints: tuple[EndpointSettings, ...] = ()
    """In the file's order, names unique; empty is valid (only `deliver` needs one)."""
    warnings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What stands in the file and has no effect, one line each, which names the key's path and no secret."""
