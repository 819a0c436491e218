"""What `check` finds: a severity, a sentence, and what it means for the exit status."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from runtime.counts import counted


class Severity(Enum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Works, but unlike the registry's own."""
    WARNING = "warning"
    """Works, but falls short of production."""
    WRONG = "wrong"
    """Does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    severity: Severity
    text: str
    exit_code: int = 1
    """Of `check`, if the severity is `WRONG`; 2 where the configuration is what must change."""


def worst_last(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Notes and what is well as they are found, then the warnings, then the faults: they stand above the result."""
    kept: dict[Severity, list[Finding]] = {Severity.WARNING: [], Severity.WRONG: []}
    for finding in findings:
        if finding.severity in kept:
            kept[finding.severity].append(finding)
        else:
            yield finding
    yield from (finding for same in kept.values() for finding in same)


def exit_code_of(findings: Sequence[Finding]) -> int:
    """0 if nothing is wrong, else the highest that something wrong asks for."""
    return max((finding.exit_code for finding in findings if finding.severity is Severity.WRONG), default=0)


def summary_of(findings: Sequence[Finding]) -> str:
    """What was found, in a line."""
    severities = [finding.severity for finding in findings]
    wrong, warnings = severities.count(Severity.WRONG), severities.count(Severity.WARNING)
    return f"{counted(wrong, 'fault')}, {counted(warnings, 'warning')}"
