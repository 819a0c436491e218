"""The keys of an endpoint that is a sink in Python."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime.config import ConfigurationError, EndpointSettings
from runtime.config.comparison import changed_keys, endpoint_values
from runtime.config.differences import differences
from runtime.config.load import settings_from
from tests.kit.config_faults import KAFKA, faults

NO_FACTORY = "is not MODULE:FACTORY; write e.g. mypackage.audit:make_sink, which must be importable"
ENVIRON = {"DSN": "postgres://u:hunter2@db/"}


def endpoint(**keys: Any) -> EndpointSettings:
    """The endpoint with these keys."""
    file: Mapping[str, Any] = {
        "kafka": {"bootstrap.servers": "a:1"},
        "worker": {"deny_networks": ["10.0.0.0/8"]},
        "endpoints": [{"name": "audit", **keys}],
    }
    return settings_from(file, ENVIRON).endpoints[0]


def test_a_sink_takes_the_place_of_a_url() -> None:
    """It is shown as such, one call at a time unless the file says otherwise; networks are nothing to it."""
    found = endpoint(sink="audit.sinks:make")
    assert (found.sink, found.safe_url, found.url) == ("audit.sinks:make", "python:audit.sinks:make", "")
    assert found.concurrency == 1
    assert not found.networks.deny
    assert endpoint(sink="a:b", concurrency=8).concurrency == 8
    assert endpoint(url="http://a/").concurrency == 64


def test_options_keep_their_types() -> None:
    """As YAML has them; one with a reference is text."""
    given = {"a": 1, "b": 1.5, "c": True, "d": None, "e": [1, {"f": "x"}], "g": "$$1", "h": "${DSN}", "i": 1e300}
    found = endpoint(sink="a:b", options=given)
    assert found.options is not None
    expected = {**given, "g": "$1", "h": "postgres://u:hunter2@db/"}
    assert json.loads(found.options.reveal()) == expected
    assert "hunter2" not in repr(found)


def test_options_are_secrets_to_whoever_compares() -> None:
    """A change of one is seen, and its value is not."""
    before, after = endpoint(sink="a:b", options={"a": "hunter2"}), endpoint(sink="a:b", options={"a": "hunter3"})
    assert changed_keys(endpoint_values(before), endpoint_values(after)) == ["options"]
    assert "hunter" not in str([value.shown for value in endpoint_values(after).values()])
    moved = endpoint(url="https://x/")
    changed = changed_keys(endpoint_values(before), endpoint_values(moved))
    assert changed == ["concurrency", "options", "sink", "url", "worker.deny_networks"]


def test_the_registry_has_no_sinks() -> None:
    """So nothing differs from what it does with one, and no sentence about the others names them for it."""
    kafka = {"bootstrap.servers": "a:1"}
    sink = {"name": "audit", "sink": "a:b"}
    assert differences(settings_from({"kafka": kafka, "endpoints": [sink]})) == ()
    ci = {"name": "ci", "url": "http://x/"}
    both = differences(settings_from({"kafka": kafka, "endpoints": [sink, ci]}))
    assert both == differences(settings_from({"kafka": kafka, "endpoints": [ci]}))


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        (
            "sink: audit.sinks",
            f'.sink: "audit.sinks" {NO_FACTORY}',
        ),
        ("sink: 'a:b', url: 'http://a/'", ".sink: cannot be combined with url; write only one of them"),
        (
            "url: 'http://a/', options: {a: b}",
            ".options: are arguments of a sink's factory; set sink too, or leave options out",
        ),
        *(
            (
                f"sink: 'a:b', {key}: {value}",
                f".{key}: is for requests to a url, and a sink is called instead; leave it out",
            )
            for key, value in (
                ("headers", "{a: b}"),
                ("batch", "{max_events: 2}"),
                ("format", "registry"),
                ("reject_statuses", "[400]"),
                ("signing", "{secrets: [whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==]}"),
                ("tls", "{verify: false}"),
                ("proxy", "'http://a/'"),
            )
        ),
        ("sink: 'a:b', options: [a]", ".options: must be a mapping, not a list"),
        (
            "sink: 'a:b', options: {a b: c}",
            '.options."a b": is not the name of an argument: letters, digits and _, and no digit first',
        ),
        ("sink: 'a:b', options: {a: .inf}", ".options.a: .inf is not a finite number"),
        ("sink: 'a:b', options: {a: '${UNSET_HERE}'}", None),
    ],
)
def test_what_a_sink_has_not(tmp_path: Path, keys: str, fault: str | None) -> None:
    """One line each."""
    found = faults(tmp_path, f"{KAFKA}endpoints: [{{name: audit, {keys}}}]")
    if fault is not None:
        assert found == [f"endpoints[0]{fault}"]
    else:
        [line] = found
        assert line.startswith("endpoints[0].options.a: ")


def test_two_sinks_of_one_name_are_refused() -> None:
    """As endpoints are."""
    file = {"kafka": {"bootstrap.servers": "a:1"}, "endpoints": [{"name": "a", "sink": "a:b"}] * 2}
    with pytest.raises(ConfigurationError, match="is the name of endpoints"):
        settings_from(file)
