"""Where an endpoint behaves otherwise than the registry's own would with the same keys, in sentences; pure."""

from collections.abc import Iterator

from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.settings import Settings
from runtime.units import format_duration


def differences(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return, for each endpoint's name, one sentence a difference."""
    return {endpoint.name: tuple(_of(endpoint)) for endpoint in settings.endpoints}


def _of(endpoint: EndpointSettings) -> Iterator[str]:
    first, last = format_duration(endpoint.backoff_s), format_duration(endpoint.max_backoff_s)
    growth = f"doubles from {first} up to {last}" if first != last else f"is {first}"
    registry = f"the registry tries at once up to the threshold, then every {first}"
    yield f"the wait after a failure {growth} and begins with the first failure ({registry})"
    yield "a 3xx answer is a failure and is not followed (the registry follows it, or counts it as delivered)"
    yield f"an event that fails {endpoint.attempts} times becomes a dead letter (the registry tries for ever)"
    if endpoint.disabled:
        yield "disabled keeps its place in the log: once enabled it gets what it missed (the registry drops it)"
    if endpoint.ignored_actions and not endpoint.ignored_media_types:
        yield "ignore.actions holds without ignored media types too (the registry before 3.1 then passes over it)"
    if not any(name.lower() == "user-agent" for name, _ in endpoint.headers):
        yield "the User-Agent is registry-worker/VERSION (the registry's is Go-http-client/1.1)"
