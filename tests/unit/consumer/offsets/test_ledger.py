"""The ledger, rule by rule; histories of every kind are in the property tests."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.offsets.ledger import WINDOW, Ledger, Novelty, Snapshot


def _ledger(*offsets: int, start: int = 0, window: int = WINDOW) -> Ledger:
    ledger = Ledger(start, end=max(offsets, default=start) + 1, window=window)
    for offset in offsets:
        ledger.admit(offset)
    return ledger


def test_an_empty_ledger_says_its_start() -> None:
    """Before anything is read, the commit is where reading begins."""
    ledger = Ledger(7, end=7)
    assert Snapshot(7) == ledger.snapshot()
    assert (7, 0, 0, False) == (ledger.next, ledger.unfinished, ledger.expired, ledger.is_full)


def test_commits_never_pass_what_is_unfinished() -> None:
    """The commit stays at the lowest unfinished offset; what is finished above it is said by the holes."""
    ledger = _ledger(0, 1, 2, 3)
    ledger.finish(1)
    ledger.finish(3)
    assert Snapshot(0, (0, 2), 3) == ledger.snapshot()
    ledger.finish(0)
    assert Snapshot(2, (2,), 3) == ledger.snapshot()
    ledger.finish(2)
    assert Snapshot(4) == ledger.snapshot()


def test_what_is_unfinished_above_the_top_is_no_hole() -> None:
    """Only offsets below a finished one need a place in the map."""
    ledger = _ledger(0, 1, 2)
    ledger.finish(0)
    assert Snapshot(1) == ledger.snapshot()


def test_offsets_that_never_appear_are_finished() -> None:
    """Gaps of compaction and transaction markers hold nothing back."""
    ledger = _ledger(3, 10)
    ledger.finish(3)
    assert Snapshot(10) == ledger.snapshot()
    ledger.finish(10)
    assert Snapshot(11) == ledger.snapshot()


def test_what_lies_behind_the_last_record_is_passed_over() -> None:
    """Once reading has come past markers at the end, the commit does too; never past what is unfinished."""
    ledger = _ledger(3, 4)
    ledger.finish(3)
    ledger.pass_over(7)
    assert (Snapshot(4), 7, 7) == (ledger.snapshot(), ledger.next, ledger.unknown_from)
    ledger.finish(4)
    assert Snapshot(7) == ledger.snapshot()
    ledger.pass_over(5)
    assert Snapshot(7) == ledger.snapshot()
    ledger.admit(7)
    assert Snapshot(7) == ledger.snapshot()


def test_what_the_map_says_is_finished_is_known_before_it_is_read() -> None:
    """Unread offsets below the map's top are either holes, which are counted as unfinished, or finished."""
    ledger = Ledger(3, Snapshot(3, (3, 5), 8), end=20)
    assert (3, 9, 2) == (ledger.next, ledger.unknown_from, ledger.unfinished)
    ledger.pass_over(20)
    assert (Snapshot(20), 2, 0) == (ledger.snapshot(), ledger.expired, ledger.unfinished)


def test_finishing_twice_or_the_unknown_changes_nothing() -> None:
    """An offset that is not unfinished is left alone."""
    ledger = _ledger(0, 1)
    ledger.finish(0)
    ledger.finish(0)
    ledger.finish(99)
    assert Snapshot(1) == ledger.snapshot()
    assert 1 == ledger.unfinished


def test_offsets_come_in_order() -> None:
    """Reading backwards is a fault of the caller, said with both offsets."""
    ledger = _ledger(5)
    with pytest.raises(ValueError, match="offset 5 was read after 5"):
        ledger.admit(5)


def test_a_map_is_taken_up_again() -> None:
    """After a restart, what the map calls finished is left and its holes are delivered."""
    ledger = Ledger(2, Snapshot(2, (2, 4), 6), end=9)
    assert Snapshot(2, (2, 4), 6) == ledger.snapshot()
    found = [ledger.admit(offset) for offset in range(2, 9)]
    new, finished = Novelty.NEW, Novelty.FINISHED
    assert [new, finished, new, finished, finished, new, new] == found
    assert [2, 4, 7, 8] == list(ledger._unfinished)


def test_an_early_commit_keeps_the_map() -> None:
    """A snapshot before anything is read again says what the map said."""
    committed = Snapshot(2, (2, 4), 6)
    assert committed == Ledger(2, committed, end=7).snapshot()


@pytest.mark.parametrize("end", [6, 4, 2])
def test_a_map_beyond_the_end_of_the_log_is_not_used(end: int) -> None:
    """An unclean election lost what the map speaks of: others may come to stand there."""
    ledger = Ledger(2, Snapshot(2, (2, 4), 6), end=end)
    assert Snapshot(2) == ledger.snapshot()
    assert [Novelty.NEW] * 4 == [ledger.admit(offset) for offset in (2, 3, 4, 5)]


def test_a_map_above_the_start_is_not_used() -> None:
    """A reset to an older offset is a replay: all is delivered again."""
    ledger = Ledger(0, Snapshot(2, (2, 4), 6), end=7)
    assert Snapshot(0) == ledger.snapshot()
    assert [Novelty.NEW] * 7 == [ledger.admit(offset) for offset in range(7)]


@pytest.mark.parametrize(
    ("committed", "start", "end", "expired", "base"),
    [
        (Snapshot(5), 5, 9, 0, 5),
        (Snapshot(5), 8, 9, 3, 8),
        (Snapshot(2, (2, 4), 6), 3, 9, 1, 4),
        (Snapshot(2, (2, 4), 6), 5, 9, 2, 7),
        (Snapshot(2, (2, 4), 6), 9, 12, 4, 9),
        (Snapshot(2, (2, 4), 6), 4, 5, 2, 4),
    ],
)
def test_what_retention_took_is_counted(committed: Snapshot, start: int, end: int, expired: int, base: int) -> None:
    """Offsets that were owed and are below the log's beginning are counted, with a usable map or without."""
    ledger = Ledger(start, committed, end=end)
    assert (expired, base) == (ledger.expired, ledger.base)


def test_a_hole_that_reading_passes_is_lost() -> None:
    """A hole of the map that the log no longer has is counted, and holds nothing back."""
    ledger = Ledger(2, Snapshot(2, (2, 3, 5), 6), end=9)
    ledger.admit(2)
    ledger.finish(2)
    ledger.admit(5)
    assert 1 == ledger.expired
    ledger.finish(5)
    assert Snapshot(7) == ledger.snapshot()


def test_the_window_is_measured_from_the_lowest_unfinished() -> None:
    """An offset a window above the lowest unfinished one must wait until that is finished."""
    ledger = _ledger(10, 11, start=10, window=4)
    assert (True, False, False) == (ledger.admits(13), ledger.admits(14), ledger.is_full)
    ledger.admit(13)
    assert ledger.is_full
    ledger.finish(11)
    assert ledger.is_full
    ledger.finish(10)
    assert (True, False) == (ledger.admits(16), ledger.admits(17))


def test_a_gap_wider_than_the_window_is_crossed() -> None:
    """Where nothing is unfinished nothing is waited for: a partition must not stop at a gap of any width."""
    ledger = _ledger(0, window=4)
    assert not ledger.admits(1000)
    ledger.finish(0)
    assert ledger.admits(1000)
    ledger.admit(1000)
    assert Snapshot(1000) == ledger.snapshot()


def test_a_lost_hole_does_not_close_the_window() -> None:
    """A hole that the log lost will never be finished: what lies behind it is read all the same."""
    ledger = Ledger(2, Snapshot(2, (2, 4), 6), end=9, window=8)
    assert ledger.admits(500)
    ledger.admit(500)
    assert (2, Snapshot(500)) == (ledger.expired, ledger.snapshot())


def test_the_age_of_the_oldest_is_known_once_it_is_read() -> None:
    """`oldest_ms` is that of the offset that a commit says; None for a hole that was not read again, and for none."""
    ledger = Ledger(2, Snapshot(2, (2,), 3), end=9)
    told = [ledger.oldest_ms]
    ledger.admit(2, 1700)
    ledger.admit(4, 1800)
    told.append(ledger.oldest_ms)
    ledger.finish(2)
    told.append(ledger.oldest_ms)
    ledger.finish(4)
    told.append(ledger.oldest_ms)
    ledger.admit(5)
    told.append(ledger.oldest_ms)
    assert [None, 1700, 1800, None, 0] == told, "the last one was read, and has no time"


@given(st.sets(st.integers(0, 12)), st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=12))
def test_admitted_and_finished_in_one_step(holes: set[int], steps: list[tuple[int, bool, bool]]) -> None:
    """The ledger is as after both steps, whatever the map of an earlier commit says of the offset."""
    committed = Snapshot(0, (0, *sorted(holes - {0})), 13) if 0 in holes else None
    one, two = (Ledger(0, committed, end=20) for _ in range(2))
    offset = -1
    for gap, is_filtered, is_finished in steps:
        offset += gap
        if is_filtered:
            one.admit_finished(offset)
            two.admit(offset)
            two.finish(offset)
        else:
            for ledger in (one, two):
                ledger.admit(offset)
                if is_finished:
                    ledger.finish(offset)
        assert (one.snapshot(), one.next, one.unfinished, one.expired) == (
            two.snapshot(),
            two.next,
            two.unfinished,
            two.expired,
        )
        assert one.window_end == two.window_end


def test_what_was_read_before_is_not_taken_note_of_again() -> None:
    """As `admit` refuses it."""
    ledger = Ledger(5, end=5)
    with pytest.raises(ValueError, match="offset 4 was read after 4"):
        ledger.admit_finished(4)


def test_the_window_ends_a_window_above_what_waits() -> None:
    """Where nothing waits, it has no end."""
    ledger = Ledger(0, end=0, window=10)
    assert math.inf == ledger.window_end
    ledger.admit(3)
    ledger.admit_finished(4)
    assert 13 == ledger.window_end
    ledger.finish(3)
    assert math.inf == ledger.window_end
