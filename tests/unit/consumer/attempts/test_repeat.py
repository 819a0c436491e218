"""What is kept of an event that was not sent, as it repeats another."""

import pytest

from consumer.attempts.question import AttemptQuestion
from consumer.attempts.recent import AttemptRoom
from consumer.attempts.repeat import MOST_KEPT, repeat_of
from consumer.record import Record
from schemas import names

RECORD = Record("t", 3, 17, 0, b"a", None, ((names.CE_ID, b"one"),))


@pytest.mark.parametrize(("name", "is_it"), [("one", True), ("3:17", True), ("3:1", False), ("two", False)])
def test_it_is_found_by_its_id_or_place(name: str, is_it: bool) -> None:  # noqa: FBT001 - a table
    """As attempts are."""
    repeat = repeat_of("ci", RECORD, "3:16", 1_700_000_000.25)
    assert is_it is repeat.is_of(name)
    assert ("t", 3, 17) == repeat.event_at
    assert "2023-11-14T22:13:20.250000+00:00" == repeat.time.isoformat()


def test_the_last_ones_are_kept() -> None:
    """Of an endpoint so many, for whoever asks for an event by name."""
    recent = AttemptRoom().of("ci", 0.0)
    for number in range(MOST_KEPT + 1):
        recent.add_repeat(Record("t", 0, number, 0, None, None), "0:0", 0.0)
    assert [] == recent.repeats(AttemptQuestion())
    assert [] == recent.repeats(AttemptQuestion(id="0:0"))
    (kept,) = recent.repeats(AttemptQuestion(id=f"0:{MOST_KEPT}"))
    assert ("ci", "0:0") == (kept.endpoint, kept.repeats)
