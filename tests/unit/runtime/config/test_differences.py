"""What is designed but not built is refused by name, and works once its row is gone."""

from collections.abc import Mapping
from typing import Any

import pytest

from runtime.config import NOT_AVAILABLE, ConfigurationError, differences, settings_from

KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}
VALID: dict[str, Any] = {
    "concurrency": 8,
    "ordering": "none",
    "batch": {"max_events": 10, "linger": "1s"},
    "format": "cloudevents",
    "attempts": 3,
    "reject_statuses": [400],
    "signing": {"secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"]},
    "tls": {"verify": False},
    "proxy": "http://127.0.0.1:3128",
    "rate_limit": 0.5,
}
TABLE: Mapping[str, frozenset[str]] = {
    **{f"endpoints[].{key}": frozenset() for key in VALID},
    "endpoints[].ordering": frozenset({"repository"}),
    "endpoints[].format": frozenset({"registry"}),
}
"""A version in which none of these were built but the one ordering and the one format."""


def tree(**keys: Any) -> dict[str, Any]:
    """Make a configuration with one endpoint with these keys."""
    return {"kafka": KAFKA, "endpoints": [{"name": "ci", "url": "http://ci.example.com", **keys}]}


@pytest.mark.parametrize("key", VALID)
def test_an_endpoints_key_is_refused_until_it_is_built(key: str) -> None:
    """A key that would have no effect stops the start; without its row it is read."""
    with pytest.raises(ConfigurationError) as refused:
        settings_from(tree(**{key: VALID[key]}), {}, TABLE)

    assert (f"endpoints[0].{key}: not available in this version",) == refused.value.faults
    built = {name: values for name, values in TABLE.items() if name != f"endpoints[].{key}"}
    assert settings_from(tree(**{key: VALID[key]}), {}, built) != settings_from(tree(), {}, TABLE)


def test_every_key_of_an_endpoint_is_built() -> None:
    """This version refuses none of them."""
    assert [key for key in NOT_AVAILABLE if key.startswith("endpoints")] == []
    assert settings_from(tree(**VALID)) != settings_from(tree())


def test_a_schema_registry_is_refused_until_it_is_built() -> None:
    """A section that would have no effect stops the start too."""
    keys = {"kafka": KAFKA, "schema_registry": {"url": "http://u:pw@127.0.0.1:8081"}}

    with pytest.raises(ConfigurationError) as refused:
        settings_from(keys)

    assert refused.value.faults == ("schema_registry: not available in this version",)
    registry = settings_from(keys, {}, {}).schema_registry
    assert registry is not None
    assert registry.safe_url == "http://***@127.0.0.1:8081"


def test_values_that_ask_for_what_is_built_are_taken() -> None:
    """The one ordering and the one format that are built may be written down."""
    written = settings_from(tree(ordering="repository", format="registry", signing=None), {}, TABLE)

    assert settings_from(tree()) == written


def test_check_says_where_an_endpoint_differs_from_the_registrys() -> None:
    """Sentences name the endpoint's own numbers, and speak only of what is built."""
    keys = {"backoff": "2s", "disabled": True, "ignore": {"actions": ["pull"]}, "headers": {"user-agent": "x"}}
    wait = "the wait after a failure doubles from 2s up to 5m and begins with the first failure"

    assert differences(settings_from(tree(**keys)), TABLE) == {
        "ci": (
            f"{wait} (the registry tries at once up to the threshold, then every 2s)",
            "a 3xx answer is a failure and is not followed (the registry follows it, or counts it as delivered)",
            "disabled keeps its place in the log: once enabled it gets what it missed (the registry drops it)",
            "ignore.actions holds without ignored media types too (the registry before 3.1 then passes over it)",
        )
    }


def test_check_speaks_of_dead_letters_once_attempts_are_built() -> None:
    """What a version does not do, it does not announce; what it does, it does."""
    settings = settings_from(tree())
    sentence = "an event that fails 10 times becomes a dead letter (the registry tries for ever)"

    assert sentence not in differences(settings, TABLE)["ci"]
    assert sentence in differences(settings)["ci"]
