"""Configurations held against each other: each key of the file is known, and no secret is shown."""

from dataclasses import fields
from typing import Any

import pytest

from runtime.config import EndpointSettings, Settings
from runtime.config.comparison import changed_keys, digests, endpoint_values, process_values
from runtime.config.load import settings_from
from tests.kit.configuration_page import documented_keys

SECRET = "only-for-tests"
ENDPOINT: dict[str, Any] = {"name": "ci", "url": "http://127.0.0.1:9/hooks"}
CHANGES: dict[str, Any] = {
    "disabled": True,
    "url": f"https://user:{SECRET}@127.0.0.1:9/hooks",
    "headers": {"Authorization": [f"Bearer {SECRET}"], "x-team": "a"},
    "timeout": "5s",
    "threshold": 3,
    "backoff": "2s",
    "ignoredmediatypes": ["application/octet-stream"],
    "ignore": {"mediatypes": ["a/b"], "actions": ["pull"], "methods": ["HEAD"]},
    "registries": ["eu"],
    "repositories": ["library/*"],
    "tags": ["v*"],
    "actors": ["!robot*"],
    "useragents": ["!trivy/*"],
    "delay": "5s",
    "dedupe": "10m",
    "start": "-24h",
    "concurrency": 7,
    "ordering": "none",
    "batch": {"max_events": 5, "linger": "1s"},
    "format": "cloudevents",
    "attempts": 4,
    "reject_statuses": [400],
    "max_backoff": "1m",
    "signing": {"scheme": "github", "secrets": [SECRET]},
    "proxy": f"http://user:{SECRET}@127.0.0.1:3128",
    "rate_limit": 9.5,
}


def endpoint(**keys: Any) -> EndpointSettings:
    """Settings of one endpoint."""
    return settings(endpoints=[{**ENDPOINT, **keys}]).endpoints[0]


def settings(**sections: Any) -> Settings:
    """Settings with these sections."""
    return settings_from({"kafka": {"bootstrap.servers": "127.0.0.1:9092"}, **sections})


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_is_told_by_the_keys_of_the_file(key: str) -> None:
    """By the path of each key that differs, and by nothing else."""
    found = changed_keys(endpoint_values(endpoint()), endpoint_values(endpoint(**{key: CHANGES[key]})))
    below = [f"{key}.{name}" for name in CHANGES[key]] if isinstance(CHANGES[key], dict) else [key]
    expected = ["ignore.mediatypes"] if key == "ignoredmediatypes" else below
    assert sorted(expected) == found


def test_settings_that_differ_have_a_key_that_differs() -> None:
    """Every setting of an endpoint is compared: no change is applied in silence, none is told that is not there."""
    alone = {"name", "networks", "options", "safe_url", "sink", "template", "tls"}
    changed = {field.name for field in fields(EndpointSettings)} - alone
    told = {key.split(".")[0] for key in endpoint_values(endpoint(**CHANGES))}
    assert len(changed) <= len(told) + 2, "ignore has three settings"
    assert [] == changed_keys(endpoint_values(endpoint()), endpoint_values(endpoint()))


def test_a_sink_and_its_options_are_compared() -> None:
    """Each by its own key; options are shown no more than headers are."""
    one, other, third = (
        settings(endpoints=[{"name": "audit", "sink": sink, "options": {"path": path}}]).endpoints[0]
        for sink, path in (("a.b:c", SECRET), ("a.b:c", "x"), ("a.b:d", "x"))
    )
    assert ["options"] == changed_keys(endpoint_values(one), endpoint_values(other))
    assert ["sink"] == changed_keys(endpoint_values(other), endpoint_values(third))
    assert SECRET not in repr(endpoint_values(one))


def test_a_template_is_compared_as_a_whole() -> None:
    """Any change of it is one of the key `template`, and nothing of it is shown."""
    one, other = (endpoint(format="template", template={"text": text}) for text in (SECRET, "{tag}"))
    assert ["template"] == changed_keys(endpoint_values(one), endpoint_values(other))
    assert "a template" == endpoint_values(one)["template"].shown
    assert SECRET not in repr(endpoint_values(one))


def test_the_order_of_headers_counts() -> None:
    """They are sent in that order, so the settings differ."""
    one, other = endpoint(headers={"a": "1", "b": "2"}), endpoint(headers={"b": "2", "a": "1"})
    assert one != other
    assert ["headers.a", "headers.b"] == changed_keys(endpoint_values(one), endpoint_values(other))


def test_no_secret_is_shown() -> None:
    """Not in what people read, nor in a repr; a digest is another one with each salt."""
    values = endpoint_values(endpoint(**CHANGES))
    assert SECRET not in repr(values)
    assert SECRET in values["headers.Authorization"].exact
    one, other = digests(values, b"1"), digests(values, b"2")
    assert not [key for key in one if one[key] == other[key]]
    assert one == digests(values, b"1")


@pytest.mark.parametrize(
    ("section", "keys", "expected"),
    [
        ("kafka", {"bootstrap.servers": "b:1", "sasl.password": SECRET}, ["bootstrap.servers", "sasl.password"]),
        ("topics", {"events": "e", "partitions": 3, "retention": "1d", "replication_factor": 1}, None),
        ("intake", {"listen": "127.0.0.1:1", "path": "/x", "authorization": "none", "max_body": "1MiB"}, None),
        (
            "worker",
            {"listen": "127.0.0.1:1", "group_prefix": "g", "drain": "1s", "unknown_schema": "dead-letter"},
            None,
        ),
        ("worker", {"allow_networks": ["10.0.0.0/8"], "deny_networks": ["10.1.0.0/16"]}, None),
        ("schema_registry", {"url": f"http://u:{SECRET}@h/"}, ["tls.verify", "url"]),
    ],
)
def test_keys_of_sections(section: str, keys: dict[str, Any], expected: list[str] | None) -> None:
    """By their paths."""
    found = changed_keys(process_values(settings()), process_values(settings(**{section: keys})))
    assert [f"{section}.{key}" for key in expected or sorted(keys)] == found


SOURCE: dict[str, Any] = {"name": "hub", "format": "docker-hub"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"format": "quay"}, ["format"]),
        ({"registry": "eu"}, ["registry"]),
        ({"authorization": f"Bearer {SECRET}"}, ["authorization"]),
        ({"token": SECRET}, ["token"]),
        ({"hmac": {"header": "x-signature", "secret": SECRET}}, ["hmac.header", "hmac.scheme", "hmac.secret"]),
        ({"keep": "all"}, ["keep"]),
        ({"drop": ["a.b"]}, ["drop"]),
        ({"name": "other"}, None),
    ],
)
def test_keys_of_a_source(change: dict[str, Any], expected: list[str] | None) -> None:
    """By its name; no secret is shown."""
    one, other = (
        process_values(settings(intake={"authorization": "Bearer a", "sources": [source]}))
        for source in (SOURCE, SOURCE | change)
    )
    found = changed_keys(one, other)
    assert SECRET not in repr(other)
    if expected is None:
        assert {key.split(".")[2] for key in found} == {"hub", "other"}
    else:
        assert [f"intake.sources.hub.{key}" for key in expected] == found


def test_a_secret_that_changes_is_told() -> None:
    """Though both are shown alike."""
    one, other = (
        process_values(settings(intake={"sources": [SOURCE | {"token": token, "authorization": "none"}]}))
        for token in ("old", "new")
    )
    assert changed_keys(one, other) == ["intake.sources.hub.token"]


def test_a_documented_key_is_a_key_here() -> None:
    """What the page of the configuration lists for an endpoint is what is compared."""
    told = {key.partition("headers.")[0] or "headers" for key in endpoint_values(endpoint(**CHANGES))}
    listed = {key.removeprefix("endpoints[].") for key in documented_keys() if key.startswith("endpoints[].")}
    assert {key for key in told if "." not in key and not key.startswith("worker")} <= listed | {"tls"}
