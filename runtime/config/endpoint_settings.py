"""One endpoint as delivery sees it; knows nothing of YAML. The registry's own keys have the registry's defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from runtime import standard_webhooks
from runtime.config.networks import ANY_NETWORK, Networks
from runtime.config.secrets import Secret, masked_url
from runtime.config.start import New, Start
from runtime.config.template import NOTHING, Template

Ordering = Literal["repository", "none"]
SigningScheme = Literal["standard-webhooks", "generic-hmac", "github"]
NamedFormat = Literal["registry", "registry-v1", "registry-v2", "cloudevents", "cloudevents-binary", "source", "acr"]
WebhookFormat = Literal[NamedFormat, "template"]
WebhookForm: TypeAlias = NamedFormat | Template
"""What events are sent as: a format that is known by its name alone, or a template."""

SIGNATURE_HEADERS: Final[Mapping[SigningScheme, str]] = {
    "standard-webhooks": standard_webhooks.SIGNATURE,
    "generic-hmac": "x-signature",
    "github": "x-hub-signature-256",
}
"""Where each scheme has its signature."""
ONE_BY_ONE: Final[frozenset[WebhookFormat]] = frozenset({"cloudevents-binary", "source", "acr", "template"})
"""Formats that carry one event a request."""
DEFAULT_TIMEOUT_S: Final = 1.0
LONGEST_TIMEOUT_S: Final = 12 * 3600.0
"""Kafka's client bounds the time between two polls by 24 h, and a drain must fit into it."""
DEFAULT_THRESHOLD: Final = 10
DEFAULT_BACKOFF_S: Final = 1.0
DEFAULT_MAX_BACKOFF_S: Final = 300.0
DEFAULT_REJECT_STATUSES: Final = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 422, 431, 501, 505})


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettings:
    """Several events in one POST."""

    max_events: int = 1
    """Events in a POST at most; 1 as the registry sends them."""
    linger_s: float = 0.0
    """Seconds to wait for more; none, as waiting only delays when there is nothing to gather."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningSettings:
    """How requests are signed."""

    secrets: tuple[Secret, ...]
    """For `standard-webhooks`: `whsec_` and base64 of 24 to 64 bytes each; several while rotating, every request
    carries a signature of each. For the other schemes one text, whose bytes are the key."""
    scheme: SigningScheme = "standard-webhooks"

    @property
    def header(self) -> str:
        """The header that carries the signature, in lower case."""
        return SIGNATURE_HEADERS[self.scheme]


@dataclass(frozen=True, kw_only=True, slots=True)
class TLSSettings:
    """How whoever we connect to proves itself, and we to it."""

    ca: Path | None = None
    """PEM file of authorities to trust beside the system's."""
    cert: Path | None = None
    """PEM file of our client certificate; comes with `key`."""
    key: Path | None = None
    """PEM file of its private key."""
    verify: bool = True
    """False trusts any certificate: for a test bench only."""
    contents: str = field(default="", repr=False)
    """Digest of what the files held when they were read: with a file that is replaced, the settings are others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointSettings:
    """A named webhook target."""

    name: str
    """Unique; names the consumer group, the metrics' label and the dead letters."""
    url: str = field(default="", repr=False)
    """Where to POST, user info and query included: for the wire, never for a log. Empty for a sink."""
    safe_url: str = ""
    """The same for logs: user info, query and what the environment put into it are masked. Of a sink `python:SINK`."""
    sink: str | None = None
    """`MODULE:FACTORY`, which makes the object in Python that events are written to; None: events go to `url`."""
    options: Secret | None = None
    """Keyword arguments of the factory, as the text of a JSON object."""
    factory: Callable[..., object] | None = field(default=None, repr=False, compare=False)
    """The factory itself, where a program gives it; else it is imported by the name in `sink`."""
    disabled: bool = False
    """Keeps its cursor; gets what it missed when enabled."""
    headers: tuple[tuple[str, Secret], ...] = ()
    """Sent with every request, in the file's order, a line for each value."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Seconds for the exchange up to the end of the answer's headers; the registry's default."""
    threshold: int = DEFAULT_THRESHOLD
    """Outcomes in a row other than delivered that open the breaker; the registry's default."""
    backoff_s: float = DEFAULT_BACKOFF_S
    """Seconds of the first wait, which doubles; the registry's default."""
    max_backoff_s: float = DEFAULT_MAX_BACKOFF_S
    """Seconds at which the doubling ends: an endpoint that comes back is found within 5 minutes."""
    ignored_media_types: frozenset[str] = frozenset()
    """Exact types; "" is an event without one. As in the registry, the union of
    `ignoredmediatypes` and `ignore.mediatypes`."""
    ignored_actions: frozenset[str] = frozenset()
    """Exact actions."""
    ignored_methods: frozenset[str] = frozenset()
    """Exact request methods; HEAD drops the pulls that only asked."""
    registries: frozenset[str] = frozenset()
    """Labels given at intake; empty: all, labelled or not."""
    repositories: tuple[str, ...] = ()
    """Globs in order, `!` negates, the last that matches decides; empty: all."""
    tags: tuple[str, ...] = ()
    """Globs likewise; if there are any, only events that carry a matching tag."""
    actors: tuple[str, ...] = ()
    """Globs over the name of who caused the event, which is no path; empty: all, known or not."""
    useragents: tuple[str, ...] = ()
    """Globs over the user agent of the request that caused it, likewise."""
    delay_s: float = 0.0
    """Seconds that an event must be old, since its acceptance, before it is sent; what comes behind it waits too."""
    dedupe_s: float = 0.0
    """Seconds for which the same event is not sent again; 0: it is sent as often as it comes."""
    start: Start = field(default_factory=New)
    """Where to begin without a cursor; new, as history is replayed on purpose or not at all."""
    concurrency: int = 64
    """Requests in flight at most, per worker process."""
    ordering: Ordering = "repository"
    """`repository`: one at a time within a repository, in log order; `none`: no order."""
    batch: BatchSettings = BatchSettings()
    format: WebhookFormat = "registry"
    """`registry` sends what the registry sent, `source` what a source of another format sent; others render it anew."""
    template: Template | None = None
    """What format `template` sends."""
    attempts: int = 10
    """Burnt tries after which an event is a dead letter."""
    reject_statuses: frozenset[int] = DEFAULT_REJECT_STATUSES
    """4xx and 5xx statuses that condemn the event and not the endpoint."""
    signing: SigningSettings | None = None
    tls: TLSSettings = TLSSettings()
    proxy: Secret | None = None
    """URL of an HTTP proxy, user info included; None: none is configured."""
    rate_limit: float | None = None
    """Requests a second at most, per worker process; None: as fast as it answers."""
    networks: Networks = ANY_NETWORK
    """What may be connected to for it: the worker's, the same for all endpoints."""

    def __post_init__(self) -> None:
        shown = masked_url(self.url) if self.sink is None else f"python:{self.sink}"
        object.__setattr__(self, "safe_url", self.safe_url or shown)

    @property
    def form(self) -> WebhookForm:
        """What its events are sent as."""
        if self.format == "template":
            return self.template or NOTHING
        return self.format
