"""Where delivery behaves otherwise than the registry's own would with the same keys, in sentences; pure.

A sentence that holds for every endpoint stands once; one that holds for some names them. The registry's behaviour is
that of distribution 2.8 to 3.1 (`notifications/endpoint.go`, `sinks.go`, `http.go`).
"""

from collections.abc import Iterator

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.settings import Settings
from runtime.counts import counted, noun
from runtime.units import format_duration

_REFUSALS_AT_MOST = 3
"""Tries answered with one of `reject_statuses` after which an event is a dead letter, however many `attempts`."""


def differences(settings: Settings) -> tuple[str, ...]:
    """One sentence a difference; none without endpoints."""
    concerned: dict[str, list[str]] = {}
    comparable = [endpoint for endpoint in settings.endpoints if endpoint.sink is None]  # the registry has no sinks
    for endpoint in comparable:
        for sentence in _of(endpoint, settings):
            concerned.setdefault(sentence, []).append(endpoint.name)
    everywhere = len(comparable)
    return tuple(
        sentence if len(names) == everywhere else f"{noun(len(names), 'endpoint')} {', '.join(names)}: {sentence}"
        for sentence, names in concerned.items()
    )


def _of(endpoint: EndpointSettings, settings: Settings) -> Iterator[str]:
    yield from _failures(endpoint)
    yield from _order(endpoint)
    yield from _requests(endpoint)
    yield from _what_is_kept(endpoint, format_duration(settings.topics.retention_s))


def _failures(endpoint: EndpointSettings) -> Iterator[str]:
    first, last = format_duration(endpoint.backoff_s), format_duration(endpoint.max_backoff_s)
    growth = f"doubles from {first} up to {last}" if first != last else f"is {first}"
    registry = f"the registry tries at once up to the threshold, then every {first}"
    yield f"the wait after a failure {growth} and begins with the first failure ({registry})"
    yield (
        "after Retry-After the endpoint gets no requests for that time, after 429 or 503 fewer requests at once "
        "(the registry retries as after any failure)"
    )
    yield "a 3xx answer is a failure and is not followed (the registry follows it, or counts it as delivered)"
    refusals = min(endpoint.attempts, _REFUSALS_AT_MOST)
    refused, failed = counted(refusals, "time"), counted(endpoint.attempts, "time")
    yield (
        f"an event that is refused {refused} (reject_statuses) or fails {failed} becomes a dead letter; "
        "an endpoint that cannot be reached makes none (the registry retries for ever, and all later events wait)"
    )


def _order(endpoint: EndpointSettings) -> Iterator[str]:
    if endpoint.concurrency > 1:
        yield f"up to {endpoint.concurrency} requests run at once in each worker (the registry sends one at a time)"
    if endpoint.ordering == "repository":
        yield "events are in order within a repository (the registry's are in order of arrival over all repositories)"
    else:
        yield "events are in no order (the registry's are in order of arrival)"


def _requests(endpoint: EndpointSettings) -> Iterator[str]:
    configured = {name.lower() for name, _ in endpoint.headers}
    yield (
        "HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment are not used; set the endpoint's proxy instead "
        "(the registry uses them)"
    )
    yield (
        "requests also carry webhook-id, webhook-timestamp and registry-event, and no Accept-Encoding; connections are "
        "kept for the next request (the registry opens one for each event)"
    )
    if "user-agent" not in configured:
        yield "the User-Agent is registry-worker/VERSION (the registry's is Go-http-client/1.1)"
    if "content-type" in configured:
        yield "the configured Content-Type replaces the event's own (the registry sends both, on two lines)"


def _what_is_kept(endpoint: EndpointSettings, retention: str) -> Iterator[str]:
    yield (
        f"events wait in Kafka for {retention} (topics.retention), through restarts (the registry keeps them in memory "
        "without limit, and loses them when it stops)"
    )
    if endpoint.disabled:
        yield (
            "a disabled endpoint keeps its place in the log and gets what it missed when enabled "
            "(the registry drops these events)"
        )
    if endpoint.ignored_actions and not endpoint.ignored_media_types:
        yield "ignore.actions works without ignored media types too (the registry before 3.1 then ignores it)"
