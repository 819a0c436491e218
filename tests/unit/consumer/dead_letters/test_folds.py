"""The folds of the dead-letter topic: which letters are open, and how others were closed."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from consumer.dead_letters.folds import LetterHistory, OpenCounts, OpenLetters
from consumer.dead_letters.letter import ClosingState, Letter
from consumer.dead_letters.record import parse_record
from consumer.dead_letters.selection import LetterSelection
from consumer.record import Record
from tests.kit.letters import DEAD, TOPIC, buried, closed, letter_at, record


def folded(records: Sequence[Record]) -> list[tuple[int, int]]:
    """Where the open letters lie."""
    found = OpenLetters(LetterSelection())
    for one in records:
        found.add(one)
    return [letter.place for letter in found.letters()]


@pytest.mark.parametrize("missing", ["dl-endpoint", "dl-topic", "dl-partition", "dl-offset"])
def test_foreign_records_are_passed_over(missing: str) -> None:
    """A record that does not say whose letter it is, is none, and is counted."""
    letter = buried(record(1), 0)
    headers = tuple(pair for pair in letter.headers if pair[0] != missing)
    foreign = Record(DEAD, 0, 0, 0, letter.key, letter.value, headers)
    assert parse_record(foreign) is None
    found = OpenLetters(LetterSelection())
    found.add(foreign)
    assert (found.foreign, found.letters()) == (1, [])


def test_open_closed_and_open_again() -> None:
    """A closing closes what stands before it, and nothing that comes after it."""
    letter = letter_at(1, 0)
    first, again = buried(record(1), 0), buried(record(1), 2)
    assert folded([first]) == [(0, 0)]
    assert folded([first, *closed(letter, 1)]) == []
    assert folded([first, *closed(letter, 1), again]) == [(0, 2)]
    assert folded([first, *closed(letter, 1), again, *closed(letter, 3, ClosingState.DISCARDED)]) == []


def test_closing_is_of_one_endpoint() -> None:
    """The same event of another endpoint stays open."""
    other = buried(record(1), 1, endpoint="audit")
    assert folded([buried(record(1), 0), other, *closed(letter_at(1, 0), 2)]) == [(0, 1)]


def test_copies_are_one_letter() -> None:
    """Letters of one event in several partitions are offered once, and closed together."""
    records = [buried(record(1), 0, partition=0), buried(record(1), 5, partition=1), buried(record(1), 7, partition=0)]
    found, counts = OpenLetters(LetterSelection()), OpenCounts()
    for one in records:
        found.add(one)
        counts.add(one)
    (letter,) = found.letters()
    assert (letter.place, letter.copies) == ((0, 7), ((1, 5),))
    assert counts.by_endpoint() == {"ci": 1}
    assert folded([*records, *closed(letter, 9)]) == []


def test_events_at_one_place_have_letters_of_their_own() -> None:
    """A topic that was made anew has another event at the place: its letter hides none, and its closing closes none."""
    old, new = buried(record(5, name="old"), 0), buried(record(5, name="new"), 1)
    of_old, of_new = (parse_record(one) for one in (old, new))
    assert isinstance(of_old, Letter)
    assert isinstance(of_new, Letter)
    assert folded([old, new]) == [(0, 0), (0, 1)]
    assert folded([old, new, *closed(of_new, 2)]) == [(0, 0)]
    assert folded([old, new, *closed(of_old, 2)]) == [(0, 1)]
    found, counts = OpenLetters(LetterSelection()), OpenCounts()
    for one in (old, buried(record(5, name="new"), 10, partition=1)):
        found.add(one)
        counts.add(one)
    assert [letter.copies for letter in found.letters()] == [(), ()], "nor is it a copy where it lies elsewhere"
    assert counts.by_endpoint() == {"ci": 2}


def test_records_that_name_no_event_have_letters_of_their_own() -> None:
    """Those of other programs are told by their values; a letter that could hold neither is closed alone."""
    old, new, none = (buried(Record(TOPIC, 0, 5, 0, b"k", value), at) for at, value in enumerate((b"a", b"b", None)))
    assert folded([old, new, none]) == [(0, 0), (0, 1), (0, 2)]
    for at, one in enumerate((old, new, none)):
        letter = parse_record(one)
        assert isinstance(letter, Letter)
        assert folded([old, new, none, *closed(letter, 3)]) == [(0, other) for other in range(3) if other != at]


def test_a_closing_without_an_event_closes_all_at_its_place() -> None:
    """Another program need not say which event it means; what lies in other partitions stays open."""
    letters = [buried(record(5, name="old"), 0), buried(record(5, name="new"), 1)]
    elsewhere = buried(record(5, name="new"), 0, partition=1)
    (closing,) = closed(letter_at(5, 0), 2)
    unnamed = structs.replace(closing, headers=tuple(pair for pair in closing.headers if pair[0] != "dl-event"))
    assert folded([*letters, elsewhere, unnamed]) == [(1, 0)]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_fold_is_what_stands_behind_the_last_closing(steps: list[tuple[int, bool]]) -> None:
    """Whatever the order of letters and closings: open is what has a letter behind its last closing."""
    counts = OpenCounts()
    records, expected = [], dict[int, int]()
    for at, (offset, is_letter) in enumerate(steps):
        records += [buried(record(offset), at)] if is_letter else closed(letter_at(offset, 0), at)
        if is_letter:
            expected[offset] = at
        else:
            expected.pop(offset, None)
    assert sorted((0, at) for at in expected.values()) == sorted(folded(records))
    for one in records:
        counts.add(one)
    assert counts.by_endpoint().get("ci", 0) == len(expected)
    assert counts.by_reason().get("ci", Counter()).total() == len(expected)


def test_history_keeps_how_letters_were_closed() -> None:
    """For `explain`, a closed letter is remembered with its closing, and an open one comes before it."""
    history = LetterHistory(LetterSelection(event="0:1"))
    for one in (buried(record(1), 0), buried(record(2), 1), *closed(letter_at(1, 0), 2, ClosingState.DISCARDED)):
        history.add(one)
    (entry,) = history.entries()
    assert entry.closing is not None
    assert entry.closing.state == "discarded"
    history.add(buried(record(1), 3, partition=1))
    (entry,) = history.entries()
    assert entry.closing is None
    assert entry.letter.event_at == (TOPIC, 0, 1)


def test_history_has_each_event_that_lay_at_a_place() -> None:
    """How the letter of one was closed says nothing of the other."""
    history = LetterHistory(LetterSelection(event="0:5"))
    old, new = buried(record(5, name="old"), 0), buried(record(5, name="new"), 1)
    letter = parse_record(new)
    assert isinstance(letter, Letter)
    for one in (old, new, *closed(letter, 2)):
        history.add(one)
    states = {entry.letter.event_id: entry.closing and entry.closing.state for entry in history.entries()}
    assert states == {"old": None, "new": "redriven"}
