"""Places in a topic: text to places, places to offsets, and that consecutive ranges tile."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.places import Bounds, Offsets, Place, PlaceError, TopicMissingError, offsets_at, parse_place, ranges
from runtime.config import Ago, At, Beginning, End
from runtime.kafka.cluster_state import Topic

NOW = 2_000_000_000.0


@dataclass
class FakeLog:
    """A topic `t`: for each partition its first offset and the timestamps (ms) of its records."""

    partitions: dict[int, tuple[int, list[int]]] = field(default_factory=lambda: {0: (0, [])})

    def topic(self, name: str) -> Topic | None:
        """Only `t` is there."""
        return Topic(name, len(self.partitions), 1, {}) if name == "t" else None

    def beginning(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offsets."""
        return {number: self.partitions[number][0] for number in partitions}

    def end(self, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        """The ends."""
        return {number: self.partitions[number][0] + len(self.partitions[number][1]) for number in partitions}

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """As Kafka: the first record with a timestamp not earlier, else the end."""
        found = {}
        for number in partitions:
            first, stamps = self.partitions[number]
            later = (first + index for index, stamp in enumerate(stamps) if stamp >= timestamp_ms)
            found[number] = next(later, first + len(stamps))
        return found


def bounds(log: FakeLog) -> Bounds:
    """What the fake has."""
    return Bounds(log.beginning("t", log.partitions), log.end("t", log.partitions))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("beginning", Beginning()),
        ("end", End()),
        ("1970-01-01T00:01:00Z", At(60.0)),
        ("1970-01-01T01:01:00.5+01:00", At(60.5)),
        ("-24h", Ago(86400.0)),
        ("3:17", Offsets({3: 17})),
        ("0:5,11:0", Offsets({0: 5, 11: 0})),
    ],
)
def test_parse(text: str, place: Place) -> None:
    """Each spelling of a place is read."""
    assert place == parse_place(text)


@pytest.mark.parametrize("text", ["", "new", "24h", "3", "3:", ":3", "3:-1", "3:1,", "3:1;4:1", "now", "-0s", "٣:1"])
def test_parse_refuses(text: str) -> None:
    """What is no place is refused with what would be one, and is not repeated."""
    with pytest.raises(ValueError, match=r"^is not a place in a topic; write beginning, end, .*PARTITION:OFFSET"):
        parse_place(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2026-11-30", "does not say its time zone; write 2026-11-30T00:00:00Z for UTC"),
        ("2026-11-30T14:05", "does not say its time zone; write 2026-11-30T14:05:00Z for UTC"),
        ("2026-11-30 14:05:06", "does not say its time zone; write 2026-11-30T14:05:06Z for UTC"),
        ("2026-11-31", "is not a place in a topic; write beginning, end"),
    ],
)
def test_parse_refuses_a_date_alone(text: str, advice: str) -> None:
    """A day begins at another moment in each zone; what is written in UTC is said, and is a place."""
    with pytest.raises(ValueError, match=f"^{re.escape(advice)}"):
        parse_place(text)
    if "for UTC" in advice:
        assert isinstance(parse_place(advice.split()[-3]), At)


def test_parse_refuses_a_partition_named_twice() -> None:
    """Two offsets of one partition are one too many."""
    with pytest.raises(ValueError, match="names partition 3 twice"):
        parse_place("3:1,3:2")


@given(st.text(max_size=40))
def test_parse_is_total(text: str) -> None:
    """Any text is a place or a ValueError."""
    with suppress(ValueError):
        assert parse_place(text) is not None


def test_whole_topic() -> None:
    """From beginning to end is all that there is."""
    log = FakeLog({0: (5, [1, 2]), 1: (0, [])})
    assert {0: range(5, 7), 1: range(0)} == ranges(log, "t", Beginning(), End(), now=NOW)


def test_partitions_not_named_are_left_out() -> None:
    """PARTITION:OFFSET on either side leaves the other partitions out."""
    log = FakeLog({0: (0, [1] * 9), 1: (0, [1] * 9), 2: (0, [1] * 9)})
    assert {1: range(4, 9)} == ranges(log, "t", Offsets({1: 4}), End(), now=NOW)
    assert {0: range(3), 1: range(4)} == ranges(log, "t", Beginning(), Offsets({0: 3, 1: 4}), now=NOW)
    assert {1: range(4, 6)} == ranges(log, "t", Offsets({1: 4, 2: 0}), Offsets({0: 3, 1: 6}), now=NOW)


def test_offsets_are_kept_within_the_log() -> None:
    """What retention took, and what is not written yet, is in no range."""
    log = FakeLog({0: (10, [1] * 5)})
    assert {0: range(10, 15)} == ranges(log, "t", Offsets({0: 2}), Offsets({0: 99}), now=NOW)
    assert {0: range(15, 15)} == ranges(log, "t", Offsets({0: 50}), End(), now=NOW)


def test_time_is_the_first_record_not_earlier() -> None:
    """A fraction of a millisecond counts: the record of the millisecond before it is earlier."""
    log = FakeLog({0: (0, [1000, 2000, 3000])})
    found = [offsets_at(log, "t", At(moment), bounds(log), now=NOW)[0] for moment in (0.5, 2.0, 2.0001, 3.0, 3.001)]
    assert found == [0, 1, 2, 2, 3]


def test_time_ago_counts_from_now() -> None:
    """`-1h` is an hour before the command began."""
    log = FakeLog({0: (0, [int((NOW - 3601) * 1000), int((NOW - 3599) * 1000)])})
    assert {0: range(1, 2)} == ranges(log, "t", Ago(3600.0), End(), now=NOW)


@pytest.mark.parametrize(
    ("from_", "to"),
    [(End(), Beginning()), (At(2.0), At(1.0)), (Ago(1.0), Ago(2.0)), (Ago(5.0), At(NOW - 6))],
)
def test_reversed_is_refused(from_: Place, to: Place) -> None:
    """A range whose end lies before its beginning is a mistake, not an empty range."""
    with pytest.raises(PlaceError, match="--from is after --to"):
        ranges(FakeLog(), "t", from_, to, now=NOW)


def test_a_beginning_in_the_future_is_refused_as_such() -> None:
    """The end is the default of --to, so --to is not named."""
    with pytest.raises(PlaceError, match="--from is in the future"):
        ranges(FakeLog(), "t", At(NOW + 1), End(), now=NOW)


def test_reversed_offsets_name_the_partition() -> None:
    """The partition whose offsets are the wrong way round is named."""
    log = FakeLog({0: (0, [1] * 9), 1: (0, [1] * 9)})
    with pytest.raises(PlaceError, match="--from 1:5 is after --to 1:4"):
        ranges(log, "t", Offsets({0: 1, 1: 5}), Offsets({0: 2, 1: 4}), now=NOW)


def test_unknown_partition_and_topic() -> None:
    """Both are named; the one is wrong use, the other is missing."""
    with pytest.raises(PlaceError, match="no partition 7; it has partitions 0 to 0") as refused:
        ranges(FakeLog(), "t", Offsets({7: 0}), End(), now=NOW)
    assert refused.value.exit_code == 2
    with pytest.raises(TopicMissingError, match="topic other does not exist") as missing:
        ranges(FakeLog(), "other", Beginning(), End(), now=NOW)
    assert missing.value.exit_code == 1


def logs() -> st.SearchStrategy[FakeLog]:
    """Logs of up to three partitions, timestamps in any order."""
    partition = st.tuples(st.integers(0, 20), st.lists(st.integers(0, 100), max_size=20))
    return st.lists(partition, min_size=1, max_size=3).map(lambda found: FakeLog(dict(enumerate(found))))


@given(logs(), st.lists(st.integers(0, 1100), min_size=1, max_size=5))
def test_consecutive_ranges_tile(log: FakeLog, tenths_ms: list[int]) -> None:
    """Ranges from beginning over any moments to the end hold every offset exactly once."""
    cuts: list[Place] = [Beginning(), *(At(tenth / 10_000) for tenth in sorted(tenths_ms)), End()]
    found = [
        (number, offset)
        for from_, to in pairwise(cuts)
        for number, span in ranges(log, "t", from_, to, now=NOW).items()
        for offset in span
    ]
    everything = [
        (number, first + at) for number, (first, stamps) in log.partitions.items() for at in range(len(stamps))
    ]
    assert sorted(everything) == sorted(found)
