"""docs/migrating.md: each key that it names is taken or refused by the reader as the page says."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from runtime.config import ConfigurationError
from runtime.config.endpoint_section import GITLAB
from runtime.config.load import settings_from
from tests.kit.paths import DOCS

PAGE = (DOCS / "migrating.md").read_text("utf-8")
BASE = {"kafka": {"bootstrap.servers": "127.0.0.1:9092"}}
ENDPOINT = {"name": "e", "url": "http://127.0.0.1:9/"}
ROW = re.compile(r"^\| `(.+?)` \| (taken|refused) \| (?:`([^`]+)`)?", re.MULTILINE)
ROWS: Mapping[str, tuple[str, str]] = {shown: (verdict, text) for shown, verdict, text in ROW.findall(PAGE)}
ENDPOINT_KEYS = {
    *("name", "disabled", "url", "headers", "timeout", "threshold", "backoff", "ignoredmediatypes"),
    *("ignore.mediatypes", "ignore.actions"),
}
"""Of `Endpoint` and `Ignore` in distribution's configuration/configuration.go; 2.8.3 and 3.1.1 have the same."""
OF_THE_FILE = ("notifications", "events", "endpoints", "REGISTRY_NOTIFICATIONS_ENDPOINTS")


def configured(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with this at its top, or in its endpoint."""
    if next(iter(shown)).startswith(OF_THE_FILE):
        return {**BASE, **shown}
    return {**BASE, "endpoints": [{**ENDPOINT, **shown}]}


def names(shown: Mapping[str, Any]) -> set[str]:
    """The keys that a row is about, with the section's name before those of a section."""
    return {
        f"{key}.{below}" if key == "ignore" else key
        for key, value in shown.items()
        for below in (value if key == "ignore" else [key])
    }


@pytest.mark.parametrize("shown", [shown for shown, (verdict, _) in ROWS.items() if verdict == "taken"])
def test_what_is_taken(shown: str) -> None:
    """A registry's key with a registry's value makes a difference to the endpoint, and no warning."""
    settings = settings_from(configured(yaml.safe_load(shown)))
    assert settings.warnings == ()
    assert settings.endpoints[0] != settings_from({**BASE, "endpoints": [ENDPOINT]}).endpoints[0]


@pytest.mark.parametrize("shown", [shown for shown, (verdict, _) in ROWS.items() if verdict == "refused"])
def test_what_is_refused(shown: str) -> None:
    """With the words that the page quotes."""
    with pytest.raises(ConfigurationError) as caught:
        settings_from(configured(yaml.safe_load(shown)))
    assert ROWS[shown][1]
    assert [fault for fault in caught.value.faults if ROWS[shown][1] in fault], caught.value.faults


def test_every_key_of_the_registries_has_a_row() -> None:
    """Those of distribution are taken, those of GitLab's fork are refused."""
    taken = set().union(*(names(yaml.safe_load(shown)) for shown, (verdict, _) in ROWS.items() if verdict == "taken"))
    refused = set().union(
        *(names(yaml.safe_load(shown)) for shown, (verdict, _) in ROWS.items() if verdict == "refused")
    )
    assert taken == ENDPOINT_KEYS
    assert set(GITLAB) <= refused
