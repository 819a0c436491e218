"""Random exports: what a range of times selects among the needed files is what it selects among all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from consumer.analytics.files import directory_of, file_name
from consumer.analytics.needed_files import needed
from consumer.log.record_batch import DAY_MS, day_of
from consumer.places import Place, PlaceError, ranges
from runtime.config import Ago, At, Beginning, End
from runtime.kafka.cluster_state import Topic

TOPIC = "registry.events"
QUARTER_MS = DAY_MS // 4
NOW = 8 * DAY_MS / 1000

Records = Sequence[tuple[int, int]]
"""Offset and time of acceptance in milliseconds."""


@dataclass
class ExportedLog:
    """A topic of two partitions, as far as its files are there."""

    files: Sequence[Records]
    """Of partition 0; partition 1 has none."""

    @property
    def records(self) -> list[tuple[int, int]]:
        """All records that are there."""
        return [one for file in self.files for one in file]

    def topic(self, name: str) -> Topic:
        """Always there."""
        return Topic(name, 2, 0, {})

    def beginning(self, _: str, partitions: Iterable[int]) -> dict[int, int]:
        """The first offset."""
        return dict.fromkeys(partitions, 0) | {0: min((offset for offset, _ in self.records), default=0)}

    def end(self, _: str, partitions: Iterable[int]) -> dict[int, int]:
        """The offset behind the last."""
        return dict.fromkeys(partitions, 0) | {0: max((offset + 1 for offset, _ in self.records), default=0)}

    def at(self, topic: str, partitions: Iterable[int], timestamp_ms: int) -> dict[int, int]:
        """The first offset with a record not before a time."""
        found = [offset for offset, ms in self.records if ms >= timestamp_ms]
        return self.end(topic, partitions) | ({0: min(found)} if found else {})

    def selected(self, from_: Place, to: Place) -> range:
        """The offsets of a range; those of none are all alike."""
        return ranges(self, TOPIC, from_, to, now=NOW)[0] or range(0)


def files_of(records: Records, ends: Iterable[bool]) -> list[list[tuple[int, int]]]:
    """Files as an export cuts them: at the end of a day, and wherever a run ended."""
    files: list[list[tuple[int, int]]] = []
    for one, is_first in zip(records, ends, strict=False):
        if not files or is_first or day_of(one[1]) > day_of(files[-1][0][1]):
            files.append([])
        files[-1].append(one)
    return files


def path_of(file: Records) -> str:
    """The path of a file with these records."""
    return f"{directory_of(day_of(file[0][1]))}/{file_name(TOPIC, 0, file[0][0], file[-1][0], 'parquet')}"


TIMES = st.integers(-2, 34).map(lambda quarters: At(quarters * QUARTER_MS / 1000))
AGO = st.integers(0, 34).map(lambda quarters: Ago(quarters * QUARTER_MS / 1000))


@given(
    steps=st.lists(st.tuples(st.sampled_from([1, 1, 1, 2]), st.sampled_from([0, 0, 1, 2, 5, -1, -4])), max_size=25),
    ends=st.lists(st.booleans(), min_size=25, max_size=25),
    from_=st.one_of(st.just(Beginning()), TIMES, AGO),
    to=st.one_of(st.just(End()), TIMES, AGO),
)
def test_a_range_is_the_same(steps: Sequence[tuple[int, int]], ends: Sequence[bool], from_: Place, to: Place) -> None:
    """Whatever the clock did, wherever the log had lost offsets; and no other record is in the range."""
    offsets = accumulate(offset for offset, _ in steps)
    times = accumulate(quarters * QUARTER_MS for _, quarters in steps)
    files = files_of([(offset, max(0, ms)) for offset, ms in zip(offsets, times, strict=True)], ends)
    by_path = {path_of(file): file for file in files}
    try:
        expected = ExportedLog(files).selected(from_, to)
    except PlaceError:
        return
    found = ExportedLog([by_path[path] for path in needed(list(by_path), from_, to, now=NOW)])
    assert expected == found.selected(from_, to)
    wanted = [one for one in ExportedLog(files).records if one[0] in expected]
    assert wanted == [one for one in sorted(found.records) if one[0] in expected]
