"""What is counted and logged of sources."""

from typing import Any

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from producer.intake.metrics import BridgeMetrics
from producer.intake.source_log import SourceLog
from runtime.config.source_settings import DEFAULT_DROPS, SourceSettings

GITLAB = SourceSettings(name="git", format="gitlab", registry="git", drop=DEFAULT_DROPS["gitlab"])
AZURE = SourceSettings(name="acr", format="acr", registry="acr")


def watched() -> tuple[SourceLog, CollectorRegistry]:
    """The log of an intake, and its metrics."""
    metrics = BridgeMetrics(CollectorRegistry())
    return SourceLog(metrics), metrics.registry


def count(registry: CollectorRegistry, source: str, kind: str) -> float | None:
    """What was counted."""
    return registry.get_sample_value("registry_bridge_source_events_total", {"source": source, "kind": kind})


def test_every_kind_of_a_source_is_counted_from_its_start() -> None:
    """So that the first of a kind is seen as a rise."""
    log, registry = watched()
    log.known([GITLAB, AZURE])
    assert [count(registry, "acr", kind) for kind in ("image", "ping", "chart", "other")] == [0, 0, 0, 0]
    assert (count(registry, "git", "image"), count(registry, "git", "ping")) == (0, None)
    log.came(AZURE, {"image": 2, "ping": 1})
    assert (count(registry, "acr", "image"), count(registry, "acr", "ping")) == (2, 1)


def test_a_token_that_is_removed_is_told_once() -> None:
    """Also after a reload; not where the file says what is removed."""
    log, _ = watched()
    with capture_logs() as lines:
        for _ in range(2):
            log.known([GITLAB, AZURE])
        log.known([SourceSettings(name="own", format="gitlab", registry="own", drop=("actor",))])
    [line] = lines
    assert (line["event"], line["source"], line["members"]) == ("source.drops", "git", ["actor.user"])


def test_what_is_not_kept_is_told_once() -> None:
    """For each kind of a source that has come."""
    log, _ = watched()
    kept: dict[str, Any] = {"name": "all", "format": "acr", "registry": "all", "keep": "all"}
    with capture_logs() as lines:
        for _ in range(2):
            log.came(AZURE, {"image": 1, "ping": 1})
        log.came(AZURE, {"image": 0, "chart": 1})
        log.came(SourceSettings(**kept), {"ping": 1})
    assert [(line["source"], line["kind"]) for line in lines] == [("acr", "ping"), ("acr", "chart")]
