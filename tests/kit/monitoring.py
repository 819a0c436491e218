"""The alert rules and the dashboard in `deploy/`, as tests read them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.kit.paths import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
RULE_TESTS = ROOT / "deploy" / "prometheus" / "alerts_test.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "registry-event-bridge.json"
RUNBOOKS = "docs/alerts.md"


def alerts() -> list[dict[str, Any]]:
    """The alert rules."""
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found = json.loads(DASHBOARD.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True, slots=True)
class DashboardQuery:
    """One query of the dashboard."""

    panel: str
    text: str
    legend: str

    @property
    def filled_in(self) -> str:
        """As Prometheus gets it."""
        values = {"$__rate_interval": "5m", "$job": ".*", "$endpoint": ".*"}
        text = self.text
        for variable, value in values.items():
            text = text.replace(variable, value)
        assert "$" not in text, text
        return text


def dashboard_queries() -> Iterator[DashboardQuery]:
    """The queries of all panels."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield DashboardQuery(panel["title"], target["expr"], target["legendFormat"])
