"""What the pages name in passing: each key of the configuration, metric and log event is one that there is."""

import re
from pathlib import Path

import msgspec
import pytest

from schemas import Event
from tests.kit.code_texts import literals
from tests.kit.configuration_page import documented_keys
from tests.kit.paths import DOCS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
KEY = re.compile(r"(?:topics|schema_registry|intake|worker|tracing|endpoints\[\])(?:\.[a-z_]+)+")
DOTTED = re.compile(r"[a-z_]+\.[a-z_]+")
FILE = re.compile(r".+\.(?:py|md|sql|toml|yaml|xml|json|properties|rb|typed)")
METRIC = re.compile(r"\bregistry_(?:bridge|worker|notifications)_[a-z_]+[a-z](?![a-z_*{])")
OF_A_HISTOGRAM = re.compile(r"_(?:bucket|sum|count|created)$")
OF_OTHERS = {
    "notifications.endpoints",  # the registry's file
    "actor.user",  # GitLab's events
    "actor.user_type",
    "ghcr.io",  # a registry
    "app.ini",  # Gitea's
    "harbor.yml",  # Harbor's
    "group.version",  # Kafka's
    "advertised.listeners",
    "max.message.bytes",
    "security.protocol",
    "random.random",  # Python's
    "error.path",  # ours, of an object
}
"""Dotted names that are neither keys nor log events."""


MEMBERS = {
    f"{section.encode_name}.{member.encode_name}"
    for section in msgspec.structs.fields(Event)
    if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct)
    for member in msgspec.structs.fields(section.type)
}
"""Of an event, as its JSON names them: `target.tag`."""


def keys() -> set[str]:
    """Every key and section, in full and as the section of an endpoint has it."""
    full = set(documented_keys())
    sections = {key.rsplit(".", depth)[0] for key in full for depth in (1, 2)}
    lists = {section.removesuffix("[]") for section in sections}
    return full | sections | lists | {key.removeprefix("endpoints[].") for key in full}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_dotted_names_are_keys_or_log_events(page: Path) -> None:
    """A key that was renamed, or a line that is logged no more, is found."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    spans = {span for span in SPAN.findall(text) if KEY.fullmatch(span) or DOTTED.fullmatch(span)}
    unknown = spans - keys() - MEMBERS - literals() - OF_OTHERS
    assert sorted(span for span in unknown if not FILE.fullmatch(span)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_metrics_are_those_of_the_page_of_metrics(page: Path) -> None:
    """docs/metrics.md itself is held to the code by test_docs."""
    known = set(METRIC.findall((DOCS / "metrics.md").read_text("utf-8")))
    named = {OF_A_HISTOGRAM.sub("", name) for name in METRIC.findall(page.read_text("utf-8"))}
    assert sorted(named - known) == []
