"""The last line of `check`, and its exit status."""

import pytest

from producer.check.findings import Finding, Severity, exit_code_of, summary_of, worst_last

OK, NOTE, WARNING = (Finding(severity, "") for severity in (Severity.OK, Severity.NOTE, Severity.WARNING))
WRONG, REFUSED = Finding(Severity.WRONG, ""), Finding(Severity.WRONG, "", 2)


@pytest.mark.parametrize(
    ("findings", "code", "summary"),
    [
        ([], 0, "0 faults, 0 warnings"),
        ([OK, NOTE, WARNING], 0, "0 faults, 1 warning"),
        ([WARNING, WRONG, WARNING, OK], 1, "1 fault, 2 warnings"),
        ([REFUSED, WRONG], 2, "2 faults, 0 warnings"),
    ],
)
def test_findings_add_up(findings: list[Finding], code: int, summary: str) -> None:
    """Warnings and notes change nothing; what the configuration is wrong about asks for 2."""
    assert (exit_code_of(findings), summary_of(findings)) == (code, summary)


def test_faults_stand_above_the_result() -> None:
    """The rest is shown as soon as it is found: whoever waits for Kafka sees that something happens."""
    left = iter((WRONG, OK, WARNING, NOTE, REFUSED, WARNING))
    found = worst_last(left)
    assert (next(found), next(left)) == (OK, WARNING)
    assert list(found) == [NOTE, WARNING, WRONG, REFUSED]
