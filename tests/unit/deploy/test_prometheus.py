"""The alert rules: each has a severity, a section that tells what to do, and tests of when it fires and when not."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from consumer.delivery.policy.attempts import Reason
from producer.intake.metrics import REFUSALS
from tests.kit.monitoring import RULE_TESTS, RULES, RUNBOOKS, alerts
from tests.kit.paths import ROOT


def cases() -> list[dict[str, Any]]:
    """What the tests of the rules expect."""
    groups = yaml.safe_load(RULE_TESTS.read_text("utf-8"))["tests"]
    return [case for group in groups for case in group["alert_rule_test"]]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_how_urgent_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    """Its runbook is a section of its own name."""
    assert {"severity"} == alert["labels"].keys()
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "runbook_url"} == alert["annotations"].keys()
    assert f"{RUNBOOKS}#{alert['alert'].lower()}" == alert["annotations"]["runbook_url"]


def test_the_page_has_the_alerts_in_their_order_with_their_severity() -> None:
    """A section for each, and none more."""
    text = (ROOT / RUNBOOKS).read_text("utf-8")
    sections = re.findall(r"^## (\w+)\n\n\*\*(Critical|Warning)\.\*\*", text, re.MULTILINE)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(sections)
    assert [(one["alert"], one["labels"]["severity"].capitalize()) for one in alerts()] == sections


@pytest.mark.parametrize(
    ("names", "reasons"),
    [
        (("RegistryIntakeRefusing", "RegistryIntakeRejecting"), REFUSALS),
        (("RegistryDeadLetters",), [reason.value for reason in Reason]),
    ],
)
def test_a_runbook_says_what_to_do_for_each_reason(names: Sequence[str], reasons: Sequence[str]) -> None:
    """That the alert's label can have."""
    text = (ROOT / RUNBOOKS).read_text("utf-8")
    sections = "".join(text.partition(f"## {alert}\n")[2].partition("\n## ")[0] for alert in names)
    assert [] == [reason for reason in reasons if f"`{reason}`" not in sections]


def test_an_alert_is_tested_both_ways() -> None:
    """Once it fires, and once it does not."""
    names = {alert["alert"] for alert in alerts()}
    fires = {case["alertname"] for case in cases() if case["exp_alerts"]}
    silent = {case["alertname"] for case in cases() if not case["exp_alerts"]}
    assert (names, names) == (fires, silent)


def test_the_tests_read_these_rules() -> None:
    """And no others."""
    assert [RULES.name] == yaml.safe_load(RULE_TESTS.read_text("utf-8"))["rule_files"]
