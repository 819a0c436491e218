"""What `check` says of an endpoint that the registry's own would do otherwise."""

from typing import Any

from runtime.config import differences, settings_from

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}


def sentences(**keys: Any) -> tuple[str, ...]:
    """Of an endpoint with these keys."""
    tree = {"kafka": KAFKA, "endpoints": [{"name": "ci", "url": "http://ci.example.com", **keys}]}
    return differences(settings_from(tree))["ci"]


def test_check_says_where_an_endpoint_differs_from_the_registrys() -> None:
    """Sentences name the endpoint's own numbers."""
    keys = {"backoff": "2s", "attempts": 3, "disabled": True, "ignore": {"actions": ["pull"]}}
    wait = "the wait after a failure doubles from 2s up to 5m and begins with the first failure"
    assert sentences(**keys, headers={"user-agent": "x"}) == (
        f"{wait} (the registry tries at once up to the threshold, then every 2s)",
        "a 3xx answer is a failure and is not followed (the registry follows it, or counts it as delivered)",
        "an event that fails 3 times becomes a dead letter (the registry tries for ever)",
        "disabled keeps its place in the log: once enabled it gets what it missed (the registry drops it)",
        "ignore.actions holds without ignored media types too (the registry before 3.1 then passes over it)",
    )


def test_check_says_nothing_of_what_an_endpoint_does_not_ask_for() -> None:
    """The sentences about keys that are not written are left out; the wait that does not grow is said so."""
    plain = sentences(backoff="5s", max_backoff="5s")
    assert "the wait after a failure is 5s and begins" in plain[0]
    assert not [sentence for sentence in plain if sentence.startswith(("disabled", "ignore.actions"))]
    assert plain[-1].startswith("the User-Agent is registry-worker/VERSION")
