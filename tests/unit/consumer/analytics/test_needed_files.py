"""The files of an export that a range of times needs."""

from collections.abc import Sequence

import pytest

from consumer.analytics.files import directory_of, file_name
from consumer.analytics.needed_files import needed
from consumer.log.record_batch import DAY_MS
from consumer.places import Offsets, Place, PlaceError
from runtime.config import Ago, At, Beginning, End

DAY_S = DAY_MS // 1000
DAY = 20_454
"""2026-01-01."""
NOW = (DAY + 10) * DAY_S


def path(day: int, first: int, last: int, *, partition: int = 0, below: str = "") -> str:
    """A file whose first record was accepted on the n-th of January."""
    return f"{below}{directory_of(DAY + day - 1)}/{file_name('registry.events', partition, first, last, 'parquet')}"


def at(day: int, hour: float = 0) -> At:
    """A time of the n-th of January."""
    return At((DAY + day - 1) * DAY_S + hour * 3600)


WEEK = [path(day, 100 * day, 100 * day + 99) for day in range(1, 8)]


@pytest.mark.parametrize(
    ("from_", "to", "days"),
    [
        (Beginning(), End(), range(1, 8)),
        (at(3, 12), End(), range(3, 8)),
        (at(3, 12), at(5, 12), range(3, 6)),
        (at(3), at(3, 1), [3]),
        (Ago(6 * DAY_S), End(), range(5, 8)),
        (Beginning(), at(2, 1), [1, 2]),
        (at(9), End(), []),
        (Offsets({0: 300}), at(3), range(1, 8)),
        (at(3), Offsets({0: 400}), range(1, 8)),
    ],
)
def test_only_those_of_the_days(from_: Place, to: Place, days: Sequence[int]) -> None:
    """Times choose files by their day; places that are offsets choose none."""
    assert [WEEK[day - 1] for day in days] == needed(WEEK, from_, to, now=NOW)


def test_each_partition_for_itself() -> None:
    """Wherever the directories of days are."""
    paths = [path(day, day, day, partition=number, below="eu/") for day in (1, 2, 3) for number in (0, 1)]
    assert sorted(paths[2:4]) == needed(paths, at(2), at(2, 23), now=NOW)


def test_files_behind_a_clock_that_went_back() -> None:
    """A file of an earlier day that follows one of the range is within the range."""
    paths = [path(1, 0, 9), path(2, 10, 19), path(1, 20, 29), path(3, 30, 39)]
    assert paths[1:3] == needed(paths, at(2), at(2, 23), now=NOW)


def test_the_end_of_the_range_behind_a_gap() -> None:
    """It is told by the file that follows the gap, which is read too."""
    paths = [path(1, 0, 9), path(2, 10, 19), path(3, 25, 29), path(4, 30, 39)]
    assert paths[1:3] == needed(paths, at(2), at(2, 23), now=NOW)


def test_other_files_among_them() -> None:
    """A file whose name or directory says nothing makes all needed."""
    for other in ("mine.parquet", f"{directory_of(DAY)}/mine.parquet", WEEK[0].rpartition("/")[2]):
        assert [*WEEK, other] == needed([*WEEK, other], at(3), at(3, 1), now=NOW)


def test_a_range_that_ends_before_it_begins() -> None:
    """Is refused, before anything is downloaded."""
    with pytest.raises(PlaceError, match="--from is after --to"):
        needed(WEEK, at(3), at(2), now=NOW)
