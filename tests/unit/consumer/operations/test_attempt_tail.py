"""Following attempts: each is seen once, however often it is found."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.found import FoundAttempts, merged
from consumer.attempts.question import AttemptQuestion
from consumer.operations.attempt_tail import AttemptTail
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED


class Kept:
    """What a worker keeps: all that was attempted."""

    def __init__(self) -> None:
        self.attempts: list[EventAttempt] = []
        self.asked: list[AttemptQuestion] = []
        self.silent = False
        self.since: datetime | None = None

    def found(self, question: AttemptQuestion) -> FoundAttempts:
        """As a worker does."""
        self.asked.append(question)
        if self.silent:
            return FoundAttempts(unknown_because=["it does not answer"])
        matching = [one for one in self.attempts if question.matches(one)]
        return merged(question, [FoundAttempts(matching, {} if self.since is None else {"ci": self.since})])


def at(offset: int, seconds: float) -> EventAttempt:
    """One that ended so many seconds after the first."""
    return replace(EXPECTED, offset=offset, time=EXPECTED.time + timedelta(seconds=seconds))


def seen(tail: AttemptTail) -> list[int]:
    """The offsets of what is new."""
    return [one.offset for one in tail.unseen().attempts]


def test_begins_with_the_last_ones() -> None:
    """As many as were asked for, the oldest first; then all that come."""
    kept = Kept()
    tail = AttemptTail(kept, AttemptQuestion(limit=2))
    kept.attempts += [at(1, 1), at(2, 2), at(3, 3)]
    assert seen(tail) == [2, 3]
    assert seen(tail) == []
    kept.attempts += [at(4, 4), at(5, 5), at(6, 6)]
    assert seen(tail) == [4, 5, 6]


def test_begins_with_nothing() -> None:
    """Then all that comes is new, however much it is."""
    kept = Kept()
    tail = AttemptTail(kept, AttemptQuestion(limit=2))
    assert seen(tail) == []
    kept.attempts += [at(1, 1), at(2, 2), at(3, 3)]
    assert seen(tail) == [1, 2, 3]


def test_a_worker_that_is_silent_at_first() -> None:
    """The tail begins when it answers."""
    kept = Kept()
    kept.silent = True
    tail = AttemptTail(kept, AttemptQuestion(limit=2))
    kept.attempts += [at(1, 1), at(2, 2), at(3, 3)]
    assert tail.unseen() == FoundAttempts(unknown_because=["it does not answer"])
    kept.silent = False
    assert seen(tail) == [2, 3]


def test_one_that_is_found_late() -> None:
    """Is not missed if it is seconds late."""
    kept = Kept()
    tail = AttemptTail(kept, AttemptQuestion())
    kept.attempts += [at(1, 100)]
    assert seen(tail) == [1]
    kept.attempts += [at(2, 96), at(3, 94)]
    assert seen(tail) == [2]


def test_some_that_were_gone_before_they_were_seen() -> None:
    """Are said to be: the worker was restarted, or more ended between two looks than it keeps."""
    kept = Kept()
    kept.attempts += [at(1, 1)]
    kept.since = EXPECTED.time
    tail = AttemptTail(kept, AttemptQuestion())
    assert tail.unseen().unknown_because == []
    kept.since = EXPECTED.time + timedelta(seconds=7)
    assert tail.unseen().unknown_because == ["attempts at ci that ended before 2023-11-14T22:13:27.250Z are not kept"]
    kept.attempts += [at(2, 8)]
    tail.unseen()
    assert tail.unseen().unknown_because == []


@given(st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=8))
def test_each_is_seen_once(steps: list[list[int]]) -> None:
    """Whatever comes between two looks."""
    kept, now, found = Kept(), 0, list[int]()
    tail = AttemptTail(kept, AttemptQuestion())
    for step in steps:
        for wait in step:
            now += wait
            kept.attempts.append(at(len(kept.attempts), now))
        found += seen(tail)
    assert sorted(found) == [one.offset for one in kept.attempts]
    assert all(one.after is None or one.after >= EXPECTED.ended - 5 for one in kept.asked)
