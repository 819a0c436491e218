"""What `check` says that the registry's own pipeline would do otherwise, and of which endpoints."""
# ruff: noqa: E501 - lines stand whole, as a user sees them

from typing import Any

from runtime.config.differences import differences
from runtime.config.load import settings_from

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}
WAIT = "the wait after a failure doubles from 1s up to 5m and begins with the first failure (the registry tries at once up to the threshold, then every 1s)"
DEFAULT = (
    WAIT,
    "after Retry-After the endpoint gets no requests for that time, after 429 or 503 fewer requests at once (the registry retries as after any failure)",
    "a 3xx answer is a failure and is not followed (the registry follows it, or counts it as delivered)",
    "an event that is refused 3 times (reject_statuses) or fails 10 times becomes a dead letter; an endpoint that cannot be reached makes none (the registry retries for ever, and all later events wait)",
    "up to 64 requests run at once in each worker (the registry sends one at a time)",
    "events are in order within a repository (the registry's are in order of arrival over all repositories)",
    "HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment are not used; set the endpoint's proxy instead (the registry uses them)",
    "requests also carry webhook-id, webhook-timestamp and registry-event, and no Accept-Encoding; connections are kept for the next request (the registry opens one for each event)",
    "the User-Agent is registry-worker/VERSION (the registry's is Go-http-client/1.1)",
    "events wait in Kafka for 30d (topics.retention), through restarts (the registry keeps them in memory without limit, and loses them when it stops)",
)


def said(*endpoints: dict[str, Any]) -> tuple[str, ...]:
    """Of endpoints with these keys, named a, b, c."""
    named = [{"name": name, "url": "http://x", **keys} for name, keys in zip("abc", endpoints, strict=False)]
    return differences(settings_from({"kafka": KAFKA, "endpoints": named}))


def test_every_difference_of_the_defaults_is_said_once() -> None:
    """However many endpoints there are."""
    assert said({}) == DEFAULT
    assert said({}, {}, {}) == DEFAULT


def test_without_endpoints_there_is_none() -> None:
    """The intake alone behaves like no registry."""
    assert said() == ()


def test_what_holds_for_some_names_them() -> None:
    """With their own numbers; what holds for all stays without names."""
    found = said({}, {}, {"backoff": "2s", "max_backoff": "2s", "attempts": 1, "ordering": "none", "concurrency": 1})
    assert found[:2] == (f"endpoints a, b: {WAIT}", DEFAULT[1])
    assert set(found) - set(DEFAULT) == {
        f"endpoints a, b: {WAIT}",
        "endpoint c: the wait after a failure is 2s and begins with the first failure (the registry tries at once up to the threshold, then every 2s)",
        f"endpoints a, b: {DEFAULT[3]}",
        "endpoint c: an event that is refused 1 time (reject_statuses) or fails 1 time becomes a dead letter; an endpoint that cannot be reached makes none (the registry retries for ever, and all later events wait)",
        f"endpoints a, b: {DEFAULT[4]}",
        f"endpoints a, b: {DEFAULT[5]}",
        "endpoint c: events are in no order (the registry's are in order of arrival)",
    }


def test_what_only_some_keys_bring() -> None:
    """Sentences about keys that are not written are left out."""
    keys = {"disabled": True, "ignore": {"actions": ["pull"]}, "headers": {"User-Agent": "x", "content-type": "a/b"}}
    assert [sentence for sentence in said(keys) if sentence not in DEFAULT] == [
        "the configured Content-Type replaces the event's own (the registry sends both, on two lines)",
        "a disabled endpoint keeps its place in the log and gets what it missed when enabled (the registry drops these events)",
        "ignore.actions works without ignored media types too (the registry before 3.1 then ignores it)",
    ]
    assert DEFAULT[8] not in said(keys)
