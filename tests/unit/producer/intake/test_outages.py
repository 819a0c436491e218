"""One line for an outage of Kafka, whoever notices it first."""

import pytest
from structlog.testing import capture_logs

from producer.intake.outages import Outages, meanwhile


class Log:
    """The log, and what is in the way."""

    def __init__(self, obstacle: str | None) -> None:
        self.obstacle = obstacle


@pytest.mark.parametrize(("obstacle", "told"), [(None, ["kafka.away", "kafka.back"]), ("said already", [])])
def test_an_outage_is_told_once(obstacle: str | None, told: list[str]) -> None:
    """What whoever prepares or writes has said is not said again, and neither is its end."""
    outages = Outages(Log(obstacle), meanwhile="all wait")
    with capture_logs() as lines:
        outages.changed("connection refused")
        outages.changed("")
    assert told == [line["event"] for line in lines]


def test_the_consequence_is_that_of_the_intake() -> None:
    """With a spool nobody waits."""
    with capture_logs() as lines:
        for has_spool in (False, True):
            Outages(Log(None), meanwhile=meanwhile(has_spool=has_spool)).changed("no answer")
    assert ["POSTs are answered 503 until Kafka answers", "events are kept in the spool until Kafka answers"] == [
        line["consequence"] for line in lines
    ]
