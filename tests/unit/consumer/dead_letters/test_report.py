"""The report of a redrive."""

from consumer.dead_letters.report import RedriveReport
from tests.kit.letters import letter_at


def test_report_accounts_for_every_letter() -> None:
    """What was not come to is what is in no list; only a report without rest is complete."""
    one, two, three = (letter_at(offset, offset) for offset in range(3))
    report = RedriveReport("ci", 6, redriven=2, stopped="the run was stopped")
    report.failed.append((one, "exhausted: status 500"))
    report.skipped.append((two, one))
    report.undecodable.append((three, "no event"))
    assert (report.untouched, report.is_complete) == (1, False)
    assert report.as_json()["left"] == 1
    assert report.lines() == [
        "ci: 2 of 6 redriven",
        "  failed again: id-0 (0:0) team/app: exhausted: status 500",
        "  skipped: id-1 (0:1) team/app: behind id-0",
        "  cannot be redriven: id-2 (0:2) team/app: no event",
        "  1 not sent: the run was stopped",
    ]
    assert RedriveReport("ci", 1, redriven=1).is_complete
