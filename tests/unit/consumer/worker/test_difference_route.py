"""What a worker says of another configuration: what its reload would do, by digests, and nothing of secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.worker.difference_route import difference
from consumer.worker.reload_plan import chosen, plan_of, restart_keys
from runtime.config import Settings
from runtime.config.difference import ConfigurationDifference, compared
from runtime.config.load import settings_from

SALT = b"0123456789abcdef"
KAFKA = {"bootstrap.servers": "127.0.0.1:9092"}


@dataclass(frozen=True)
class InForce:
    """A worker's settings."""

    settings: Settings


def settings(*endpoints: dict[str, Any], **sections: Any) -> Settings:
    """A configuration."""
    ends = [{"url": "http://127.0.0.1:9/", **endpoint} for endpoint in endpoints]
    return settings_from({"kafka": KAFKA, "endpoints": ends, **sections})


def between(before: Settings, after: Settings, names: Sequence[str] = ()) -> ConfigurationDifference:
    """What a worker with the first says of the second."""
    return difference(InForce(before), names, compared(after, SALT), SALT)


def test_equal() -> None:
    """Nothing would change, whatever else the file has that a worker does not use."""
    same = {"name": "ci", "headers": {"a": "only-for-tests"}}
    found = between(settings(same), settings(same, intake={"path": "/other"}))
    assert ConfigurationDifference(added=[], changed={}, removed=[], taken={}, needs_restart={}) == found


def test_values_in_force_are_shown_without_secrets() -> None:
    """A value that is not set is null."""
    before = settings({"name": "ci", "headers": {"a": "only-for-tests"}, "timeout": "2s"})
    found = between(before, settings({"name": "ci", "headers": {"a": "x"}, "timeout": "3s", "rate_limit": 5}))
    assert {"headers.a": "***", "timeout": "2s", "rate_limit": None} == found.changed["ci"].keys
    assert "only-for-tests" not in repr(found)


@pytest.mark.parametrize(("key", "value", "begins_anew"), [("headers", {"a": "b"}, False), ("attempts", 3, True)])
def test_what_needs_a_new_beginning(key: str, value: Any, begins_anew: bool) -> None:  # noqa: FBT001
    """As the reload itself decides."""
    found = between(settings({"name": "ci"}), settings({"name": "ci", key: value}))
    assert begins_anew == found.changed["ci"].begins_anew


ENDPOINTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc")},
        optional={
            "disabled": st.booleans(),
            "attempts": st.integers(1, 2),
            "headers": st.sampled_from([{}, {"x": "1"}, {"x": "2"}, {"y": "1"}]),
            "proxy": st.just("http://127.0.0.1:3128"),
        },
    ),
    unique_by=lambda one: one["name"],
    max_size=3,
)
DRAINS = st.sampled_from(["1s", "2s"])
WORKER = st.fixed_dictionaries({}, optional={"drain": DRAINS, "deny_networks": st.just(["::/0"])})


@given(before=ENDPOINTS, after=ENDPOINTS, one=WORKER, other=WORKER, names=st.sampled_from([(), ("a",), ("b", "c")]))
def test_it_is_what_the_reload_does(
    before: list[dict[str, Any]], after: list[dict[str, Any]], one: Any, other: Any, names: tuple[str, ...]
) -> None:
    """The same endpoints and keys, of any two configurations."""
    old, new = settings(*before, worker=one), settings(*after, worker=other)
    found, plan = between(old, new, names), plan_of(chosen(old, names), old, new, names)
    assert sorted(found.added) == sorted(endpoint.name for endpoint in plan.added)
    assert sorted(found.removed) == sorted(plan.removed)
    assert {name: sorted(changed.keys) for name, changed in found.changed.items()} == plan.keys
    assert {name for name, changed in found.changed.items() if changed.begins_anew} == {
        endpoint.name for endpoint in plan.changed
    }
    assert sorted(found.needs_restart) == sorted(restart_keys(old, new))
