"""The last attempts of an endpoint, and what bounds them."""

import sys
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from consumer.attempts.question import AttemptQuestion
from consumer.attempts.recent import AttemptBounds, AttemptRoom, RecentAttempts
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.outcome import Answer, Outcome
from tests.unit.consumer.attempts.test_event_attempt import EXPECTED
from tests.unit.consumer.attempts.test_kept_attempt import delivery


def attempted(offset: int, answer: str, outcome: Outcome = Outcome.DELIVERED) -> Attempt:
    """One of a single event."""
    return Attempt([delivery(offset)], Answer(202, text=answer), outcome, 0.125, 2)


def kept(recent: RecentAttempts) -> list[tuple[int, str | None]]:
    """Offset and answer of each, the newest first."""
    return [(one.offset, one.answer) for one in recent.last(1_000_000)]


def filled(recent: RecentAttempts, answers: Sequence[str]) -> RecentAttempts:
    """With an attempt for each of these answers, at offsets from 0."""
    for offset, answer in enumerate(answers):
        recent.add(attempted(offset, answer))
    return recent


def test_the_oldest_goes() -> None:
    """When there are too many."""
    recent = filled(RecentAttempts("ci", AttemptBounds(3), 0.0), ["a", "", "b", "b", "c"])
    assert kept(recent) == [(4, "c"), (3, "b"), (2, "b")]
    assert [one.offset for one in recent.last(2)] == [4, 3]


def test_the_oldest_answers_go_first() -> None:
    """When they are too long together; equal ones count once, and an attempt without a body keeps its empty answer."""
    recent = filled(RecentAttempts("ci", AttemptBounds(10, 10), 0.0), ["aaaa", "", "bbbb", "bbbb", "cc", "dd"])
    assert kept(recent) == [(5, "dd"), (4, "cc"), (3, "bbbb"), (2, "bbbb"), (1, ""), (0, None)]


@given(st.integers(1, 5), st.integers(0, 12), st.lists(st.text("ab", max_size=6), max_size=30))
def test_is_bounded_and_keeps_what_it_can(most: int, room: int, answers: list[str]) -> None:
    """Never more attempts or characters than allowed; the kept answers are the newest, and one more would not fit."""
    for count in range(len(answers) + 1):
        found = kept(filled(RecentAttempts("ci", AttemptBounds(most, room), 0.0), answers[:count]))
        newest = list(enumerate(answers[:count]))[::-1][:most]
        assert [offset for offset, _ in found] == [offset for offset, _ in newest]
        bodies = [(answer, written) for (_, answer), (_, written) in zip(found, newest, strict=True) if written]
        with_text = [answer for answer, _ in bodies if answer is not None]
        assert with_text == [written for _, written in bodies][: len(with_text)]
        assert sum(map(len, set(with_text))) <= room


def test_says_since_when_all_are_kept() -> None:
    """Since it began, and since the end of the last one that is gone."""
    recent = RecentAttempts("ci", AttemptBounds(2), EXPECTED.ended - 100)
    assert filled(recent, ["a", "b"]).kept_since.timestamp() == EXPECTED.ended - 100
    assert filled(recent, ["c"]).kept_since.timestamp() == EXPECTED.ended


def shared(count: int) -> list[RecentAttempts]:
    """Those of so many endpoints of a process."""
    room = AttemptRoom()
    return [room.of(f"endpoint {number}", 0.0) for number in range(count)]


def test_nothing_is_held_of_what_is_gone() -> None:
    """However often the same is answered."""
    recent = filled(RecentAttempts("ci", AttemptBounds(3), 0.0), ["a", "b"] * 50)
    assert len(recent._answered) == 3
    assert recent._texts == {"a": 1, "b": 2}
    filled(recent, [""] * 3)
    assert (len(recent._answered), recent._texts, recent._size) == (0, {}, 0)


def test_fifty_endpoints_with_long_answers_that_differ() -> None:
    """Take less than 16 MiB of answers, and all of them keep a thousand attempts."""
    recent, *others = shared(50)
    found = filled(recent, [f"{number:01024}" for number in range(1000)]).last(1000)
    assert len(found) == 1000
    size = sum(sys.getsizeof(one.answer) for one in found if one.answer is not None)
    assert (1 + len(others)) * size < 16 * 1024 * 1024


def test_a_thousand_endpoints_share_the_room() -> None:
    """Each of them keeps some, also one that had more while there were fewer."""
    room = AttemptRoom()
    first = filled(room.of("first", 0.0), ["ok"] * 200)
    others = [room.of(str(number), 0.0) for number in range(999)]
    assert len(kept(filled(others[0], ["ok"] * 200))) == 50
    assert len(kept(first)) == 200
    assert len(kept(filled(first, ["ok"]))) == 50


def test_an_endpoint_with_other_settings_keeps_its_attempts() -> None:
    """By its name; those of one that is gone are forgotten."""
    room = AttemptRoom()
    recent = filled(room.of("ci", 0.0), ["ok"])
    assert room.of("ci", 0.0) is recent
    del recent
    assert kept(room.of("ci", 0.0)) == []


def test_a_question() -> None:
    """Is answered with the newest that match."""
    recent = filled(AttemptRoom().of("ci", 0.0), ["a"] * 5)
    recent.add(attempted(9, "a", Outcome.FAILED))
    assert [one.offset for one in recent.found(AttemptQuestion(limit=2))] == [9, 4]
    assert [one.offset for one in recent.found(AttemptQuestion(failed=True))] == [9]
    assert [one.offset for one in recent.found(AttemptQuestion(id="3:2"))] == [2]
