"""One entry of `endpoints`: the keys of the registry's own file, same names and defaults, and ours behind them."""

from typing import Final, NamedTuple

from runtime.config import shape as shapes
from runtime.config.endpoint_rules import read_rules
from runtime.config.endpoint_settings import (
    DEFAULT_BACKOFF_S,
    DEFAULT_MAX_BACKOFF_S,
    DEFAULT_REJECT_STATUSES,
    DEFAULT_THRESHOLD,
    DEFAULT_TIMEOUT_S,
    LONGEST_TIMEOUT_S,
    ONE_BY_ONE,
    BatchSettings,
    EndpointSettings,
    Ordering,
    TLSSettings,
    WebhookFormat,
)
from runtime.config.faults import RefusedValue
from runtime.config.http_values import http_url, read_headers
from runtime.config.names import endpoint_name
from runtime.config.quantities import duration, registry_duration
from runtime.config.reading import Section, Value
from runtime.config.secrets import Secret
from runtime.config.shape import shaped
from runtime.config.signing_section import read_signing, refuse_signed_headers
from runtime.config.sink_values import factory_name, read_options
from runtime.config.start import START_EXAMPLES, New, parse_start
from runtime.config.template_section import hold_against_format, read_template
from runtime.config.tls_section import read_tls
from runtime.config.value_readers import all_of, number, one_of, parsed, truth, whole_number

GITLAB: Final = {
    "maxretries": "is GitLab's; here attempts says how often an event is tried before it is a dead letter",
    "queuesizelimit": "is GitLab's; here events wait in the log, which topics.retention bounds",
    "queuepurgetimeout": "is GitLab's; here nothing is lost at shutdown, and worker.drain bounds the wait for answers",
    "fanouttimeout": "is GitLab's; here nothing is lost at shutdown, and worker.drain bounds the wait for answers",
}
"""Keys that only GitLab's fork of the registry knows, each with its counterpart here."""

_ORDERINGS: Final[tuple[Ordering, ...]] = ("repository", "none")
_FORMATS: Final[tuple[WebhookFormat, ...]] = (
    "registry",
    "registry-v1",
    "registry-v2",
    "cloudevents",
    "cloudevents-binary",
    "source",
    "acr",
    "template",
)
OF_REQUESTS: Final = ("headers", "batch", "format", "template", "reject_statuses", "signing", "tls", "proxy")
"""Keys that only an endpoint with a URL has."""
_MILLISECOND, _MINUTE, _DAY = 0.001, 60.0, 86400.0
_STATUS = whole_number(400, 599)
_TIMEOUT = registry_duration(DEFAULT_TIMEOUT_S, _MILLISECOND, LONGEST_TIMEOUT_S)
_START = parsed(
    parse_start, f"is not a place to start; {START_EXAMPLES}", shapes.text(r"new|beginning|end|-.+|[0-9]{4}-.+")
)


def read_endpoint(value: Value) -> EndpointSettings:
    """Read one endpoint; raises RefusedValue with the faults recorded."""
    section = Section(value)
    name = section.require("name", endpoint_name, "every endpoint has one of its own")
    disabled = section.read("disabled", truth, default=False)
    to = _destination(section, disabled=disabled)
    backoff_s = section.read("backoff", registry_duration(DEFAULT_BACKOFF_S, _MILLISECOND, _DAY), DEFAULT_BACKOFF_S)
    endpoint = EndpointSettings(
        name=name or "",
        **(to or _Destination(safe_url="?"))._asdict(),
        disabled=disabled,
        headers=section.read("headers", read_headers, ()),
        timeout_s=section.read("timeout", _TIMEOUT, DEFAULT_TIMEOUT_S),
        threshold=section.read("threshold", _threshold, DEFAULT_THRESHOLD),
        backoff_s=backoff_s,
        max_backoff_s=_max_backoff(value, section, backoff_s),
        **read_rules(section),
        start=section.read("start", _START, New()),
        concurrency=section.read("concurrency", whole_number(1, 10_000), 1 if to and to.sink else 64),
        ordering=section.read("ordering", one_of(_ORDERINGS), "repository"),
        batch=section.read("batch", _batch, BatchSettings()),
        format=section.read("format", one_of(_FORMATS), "registry"),
        template=section.read("template", read_template, None),
        attempts=section.read("attempts", whole_number(1, 1_000_000), 10),
        reject_statuses=section.read("reject_statuses", _statuses, DEFAULT_REJECT_STATUSES),
        signing=section.read("signing", read_signing, None),
        tls=section.read("tls", read_tls, TLSSettings()),
        proxy=section.read("proxy", _proxy, None),
        rate_limit=section.read("rate_limit", number(0.001, 1_000_000), None),
    )
    _hold_together(section, endpoint)
    section.close(GITLAB)
    if name is None or to is None:
        raise RefusedValue
    return endpoint


def _hold_together(section: Section, endpoint: EndpointSettings) -> None:
    """Refuse keys that do not fit to one another."""
    if endpoint.format in ONE_BY_ONE and endpoint.batch.max_events > 1:
        section.fault("batch.max_events", f"format {endpoint.format} carries one event a request")
    refuse_signed_headers(section, endpoint)
    hold_against_format(section, endpoint)


@shaped(shapes.text(rf"({shapes.URL})?"))
def _url(value: Value) -> tuple[str, str]:
    """Read a URL; its shape is that of a disabled endpoint too."""
    return http_url(value)


class _Destination(NamedTuple):
    """Where events go."""

    url: str = ""
    safe_url: str = ""
    sink: str | None = None
    options: Secret | None = None


def _destination(section: Section, *, disabled: bool) -> _Destination | None:
    """Read the URL or the sink; a disabled endpoint is not asked, and registries' files leave its URL empty or out."""
    sink = section.read("sink", factory_name, None)
    options = section.read("options", read_options, None)
    url = section.read("url", _url_or_nothing if disabled else _url, None)
    has_url, is_sink = section.take("url") is not None, section.take("sink") is not None
    if is_sink:
        _refuse_keys_of_requests(section)
        return None if sink is None else _Destination(sink=sink, options=options)
    if section.take("options") is not None:
        section.fault("options", "are arguments of a sink's factory; set sink too, or leave options out")
    if has_url:
        return None if url is None else _Destination(*url)
    if disabled:
        return _Destination()
    section.fault(
        "url",
        "is missing; write where to POST, e.g. https://ci.example.com/hooks/registry, or a sink instead",
    )
    return None


def _refuse_keys_of_requests(section: Section) -> None:
    if section.take("url") is not None:
        section.fault("sink", "cannot be combined with url; write only one of them")
    for key in OF_REQUESTS:
        if section.take(key) is not None:
            section.fault(key, "is for requests to a url, and a sink is called instead; leave it out")


def _url_or_nothing(value: Value) -> tuple[str, str]:
    return _url(value) if value.text() else ("", "")


@shaped(shapes.text(shapes.URL))
def _proxy(value: Value) -> Secret:
    return Secret(http_url(value, "http://127.0.0.1:3128")[0])


@shaped(shapes.numeric("integer", -(2**31), 2**31 - 1))
def _threshold(value: Value) -> int:
    """Read the registry's threshold, of which 0 and less are the default."""
    found = whole_number(-(2**31), 2**31 - 1)(value)
    return found if found > 0 else DEFAULT_THRESHOLD


def _max_backoff(value: Value, section: Section, backoff_s: float) -> float:
    """Read where the doubling ends; a backoff pasted from a registry may exceed the default, and then is it."""
    default = max(DEFAULT_MAX_BACKOFF_S, backoff_s)
    found = section.read("max_backoff", duration(_MILLISECOND, _DAY), default)
    if found < backoff_s:
        value.at("max_backoff").note("is less than backoff; write at least as much")
    return found


@shaped(shapes.array(_STATUS))
def _statuses(value: Value) -> frozenset[int]:
    return frozenset(all_of(value.items(), _STATUS))


def _batch(value: Value) -> BatchSettings:
    section = Section(value)
    batch = BatchSettings(
        max_events=section.read("max_events", whole_number(1, 1000), 1),
        linger_s=section.read("linger", duration(0.0, _MINUTE), 0.0),
    )
    section.close()
    return batch
