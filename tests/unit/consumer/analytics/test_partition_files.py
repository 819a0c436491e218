"""Files of an export: names, days, rolling, gaps, leftovers, the lock, and where the next run goes on."""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from consumer.analytics.directory import LocalDirectory
from consumer.analytics.files import (
    FORMATS,
    Covered,
    FailedWriteError,
    NamedFile,
    OutputError,
    awaited,
    covered_by,
    directory_of,
    file_name,
    unfinished_name,
)
from consumer.analytics.formats import format_named
from consumer.analytics.gaps import Gap
from consumer.analytics.partition_files import ExportTarget, PartitionFiles
from consumer.analytics.plan import plan_of
from consumer.log.record_batch import DAY_MS, RecordBatch
from consumer.places import Offsets
from runtime.config import Beginning, End
from runtime.kafka.cluster_state import Topic
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from schemas.event import Event

TOPIC = "registry.events-eu"
VALUE = frame(CATALOG.latest.id, encode(Event(id="x")))


def batch(*records: tuple[int, int], log_begins: int = 0) -> RecordBatch:
    """Records at (offset, milliseconds)."""
    offsets, times = [at for at, _ in records], [ms for _, ms in records]
    return RecordBatch(TOPIC, 2, offsets, times, [VALUE] * len(records), lambda _: (), log_begins=log_begins)


def target(output: Path, roll_s: float | None = None, full_bytes: int = 1 << 30) -> ExportTarget:
    """Files of lines."""
    return ExportTarget(LocalDirectory(output), TOPIC, "ndjson", format_named("ndjson"), roll_s, full_bytes)


def written(output: Path) -> dict[str, list[int]]:
    """The offsets in each file, by its path."""
    return {
        str(path.relative_to(output)): [json.loads(line)["kafka_offset"] for line in path.read_bytes().splitlines()]
        for path in sorted(output.rglob("*.ndjson"))
    }


def path_of(day: str, first: int, last: int) -> str:
    """The path of a file of lines."""
    return f"accepted_date={day}/{file_name(TOPIC, 2, first, last, 'ndjson')}"


def test_a_file_ends_with_the_day(tmp_path: Path) -> None:
    """The day after the file's begins a new one; a record that is earlier than the one before does not."""
    files = PartitionFiles(target(tmp_path), 2, 5)
    files.write(batch((5, DAY_MS - 1), (6, DAY_MS), (7, DAY_MS - 2), (8, DAY_MS + 5)))
    files.close()
    assert {path_of("1970-01-01", 5, 5): [5], path_of("1970-01-02", 6, 8): [6, 7, 8]} == written(tmp_path)


def test_a_batch_of_the_next_day_begins_a_file(tmp_path: Path) -> None:
    """Where the day changes between two batches, none of the second stands with the first."""
    files = PartitionFiles(target(tmp_path), 2, 5)
    files.write(batch((5, DAY_MS - 1)))
    files.write(batch((6, DAY_MS), (7, DAY_MS)))
    files.close()
    assert {path_of("1970-01-01", 5, 5): [5], path_of("1970-01-02", 6, 7): [6, 7]} == written(tmp_path)


def announced(day: str, first: int, last: int) -> NamedFile:
    """A file that an earlier run announced."""
    return NamedFile(path_of(day, first, last), TOPIC, 2, first, last, "ndjson")


def test_an_announced_file_is_written_as_announced(tmp_path: Path) -> None:
    """It has its offsets and its path, whatever the day, the size or `roll`; those around it have none of its own."""
    wanted = announced("1970-01-01", 3, 6)
    files = PartitionFiles(replace(target(tmp_path, roll_s=1.0, full_bytes=1), awaited={2: wanted}), 2, 0)
    files.write(batch((0, 0), (1, 0), (3, 0), (4, DAY_MS)))
    files.close_if_old()
    files.write(batch((5, DAY_MS), (6, DAY_MS), (7, DAY_MS)))
    files.close()
    assert {
        path_of("1970-01-01", 0, 1): [0, 1],
        wanted.path: [3, 4, 5, 6],
        path_of("1970-01-02", 7, 7): [7],
    } == written(tmp_path)
    assert (3, 7) == (files.files, files.records)


def test_a_part_of_an_announced_file_is_left(tmp_path: Path) -> None:
    """A run that stops in the middle of it leaves no file; where the log has lost its last record, the rest is it."""
    wanted = announced("1970-01-01", 3, 6)
    files = PartitionFiles(replace(target(tmp_path), awaited={2: wanted}), 2, 3)
    files.write(batch((3, 0), (4, 0)))
    files.close()
    assert ({}, 0, 0) == (written(tmp_path), files.files, files.records)
    files = PartitionFiles(replace(target(tmp_path), awaited={2: wanted}), 2, 3)
    files.write(batch((3, 0), (4, 0)))
    files.write(batch((9, 0)))
    files.close()
    assert {wanted.path: [3, 4], path_of("1970-01-01", 9, 9): [9]} == written(tmp_path)


def test_a_file_rolls(tmp_path: Path) -> None:
    """A record accepted `roll` after the file's first begins a new one."""
    files = PartitionFiles(target(tmp_path, roll_s=60.0), 2, 0)
    files.write(batch((0, 0), (1, 59_999), (2, 60_000), (3, 200_000)))
    files.close()
    assert [[0, 1], [2], [3]] == list(written(tmp_path).values())


def test_a_file_ends_when_it_is_full(tmp_path: Path) -> None:
    """At the limit of bytes a file ends."""
    files = PartitionFiles(target(tmp_path, full_bytes=1), 2, 0)
    for offset in range(200):
        files.write(batch((offset, 0)))
    files.close()
    offsets = list(written(tmp_path).values())
    assert len(offsets) > 2
    assert list(range(200)) == list(chain.from_iterable(offsets))


def test_gaps_are_noted(tmp_path: Path) -> None:
    """Offsets that retention took are named; those that held no record, behind where the log begins, are no gap."""
    files = PartitionFiles(target(tmp_path), 2, 0)
    files.write(batch((3, 0), (4, 0), (7, 0), log_begins=7))
    assert [Gap(2, 0, 2), Gap(2, 5, 6)] == files.gaps
    assert "partition 2: the log no longer has offsets 5 to 6" == str(files.gaps[1])
    files.write(batch((9, 0), (14, 0), (15, 0), (17, 0), log_begins=12))
    assert [Gap(2, 8, 8), Gap(2, 10, 11)] == files.gaps[2:]
    files.write(batch((30, 0)))
    assert 4 == len(files.gaps)
    files.abandon()


def test_nothing_unfinished_is_seen(tmp_path: Path) -> None:
    """Until a file is whole it has another name; abandoned, it is gone; the next run removes a killed one's."""
    files = PartitionFiles(target(tmp_path), 2, 0)
    files.write(batch((0, 0)))
    assert {} == covered_by(LocalDirectory(tmp_path).paths(), TOPIC, "ndjson")
    files.abandon()
    (tmp_path / "accepted_date=1970-01-01" / unfinished_name(TOPIC, 2, 0, "ndjson")).write_bytes(b"half")
    with LocalDirectory(tmp_path).held():
        assert [] == list((tmp_path / "accepted_date=1970-01-01").iterdir())


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    """While one export holds the directory, another is told so."""
    held = LocalDirectory(tmp_path).held
    with held(), pytest.raises(OutputError, match="another export is writing there"), held():
        pass
    with held():
        pass


def test_names_tell_what_is_there(tmp_path: Path) -> None:
    """Topics, formats and partitions are kept apart, though names of topics hold hyphens; overlaps are refused."""
    folder = tmp_path / "accepted_date=1970-01-01"
    folder.mkdir()
    for name in (
        file_name(TOPIC, 2, 0, 4, "avro"),
        file_name(TOPIC, 2, 7, 9, "avro"),
        file_name(TOPIC, 0, 3, 3, "avro"),
        file_name("registry.events", 2, 0, 99, "avro"),
        file_name(TOPIC, 2, 0, 99, "parquet"),
    ):
        (folder / name).touch()
    assert {0: Covered(3, 3), 2: Covered(0, 9)} == covered_by(LocalDirectory(tmp_path).paths(), TOPIC, "avro")
    (folder / file_name(TOPIC, 2, 9, 12, "avro")).touch()
    with pytest.raises(OutputError, match="hold the same offsets"):
        covered_by(LocalDirectory(tmp_path).paths(), TOPIC, "avro")


class Log:
    """A topic of two partitions with offsets 10 to 99."""

    def topic(self, name: str) -> Topic:
        """It is there."""
        return Topic(name, 2, 1, {})

    def beginning(self, topic: str, partitions: object) -> dict[int, int]:
        """The first offsets."""
        return {0: 10, 1: 10}

    def end(self, topic: str, partitions: object) -> dict[int, int]:
        """The ends."""
        return {0: 100, 1: 100}

    def at(self, topic: str, partitions: object, timestamp_ms: int) -> dict[int, int]:
        """No time is asked for."""
        raise AssertionError


def test_where_an_export_goes_on() -> None:
    """Behind the files, else at the beginning; what retention took in between is a gap."""
    plan = plan_of(Log(), TOPIC, {0: Covered(0, 49)}, None, End(), now=0.0)
    assert ({0: range(50, 100), 1: range(10, 100)}, []) == (plan.ranges, plan.gaps)
    plan = plan_of(Log(), TOPIC, {0: Covered(0, 4)}, None, End(), now=0.0)
    assert (range(10, 100), [Gap(0, 5, 9)]) == (plan.ranges[0], plan.gaps)


def test_from_beside_files() -> None:
    """`--from` behind the files' end fills what lies between; before their beginning it is refused."""
    plan = plan_of(Log(), TOPIC, {0: Covered(20, 49)}, Offsets({0: 80}), End(), now=0.0)
    assert ({0: range(50, 100)}, [0]) == (plan.ranges, plan.filled)
    with pytest.raises(OutputError, match="--from begins at 0:10, but the export of partition 0 begins at offset 20"):
        plan_of(Log(), TOPIC, {0: Covered(20, 49)}, Beginning(), End(), now=0.0)


def test_later_partitions() -> None:
    """Partitions that the topic is given later belong to the export, unless `--from` names those that do."""
    assert 2 == plan_of(Log(), TOPIC, {}, None, End(), now=0.0).known
    assert 2 == plan_of(Log(), TOPIC, {}, End(), End(), now=0.0).known
    assert None is plan_of(Log(), TOPIC, {}, Offsets({0: 80, 1: 80}), End(), now=0.0).known


def test_announced_files_come_first() -> None:
    """What may still appear is written whole, whatever `--to`, behind the files that are there or else alone."""
    path = path_of("1970-01-01", 50, 59)
    found = awaited([path, path_of("1970-01-01", 60, 69)], [path_of("1970-01-01", 60, 69)], TOPIC, "ndjson")
    due = {0: found[2]}
    plan = plan_of(Log(), TOPIC, {0: Covered(0, 49)}, None, Offsets({0: 55}), now=0.0, awaited=due)
    assert ({0: range(50, 60)}, []) == (plan.ranges, plan.gaps)
    plan = plan_of(Log(), TOPIC, {}, Offsets({0: 80}), End(), now=0.0, awaited=due)
    assert ({0: range(50, 100)}, [0]) == (plan.ranges, plan.filled)


@pytest.mark.parametrize("covered", [{1: Covered(0, 100)}, {0: Covered(0, 5), 2: Covered(0, 5)}])
def test_a_topic_made_anew_is_refused(covered: dict[int, Covered]) -> None:
    """Files that reach beyond the end of the log, or are of a partition that it has not, are those of another topic."""
    with pytest.raises(OutputError, match="the topic was deleted and created again"):
        plan_of(Log(), TOPIC, covered, None, End(), now=0.0)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_full_disk(tmp_path: Path, format_name: str) -> None:
    """Is named with the file, whatever writes it; and nothing is left of the file."""
    path = tmp_path / directory_of(0) / unfinished_name(TOPIC, 2, 5, format_name)
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    files = PartitionFiles(ExportTarget(LocalDirectory(tmp_path), TOPIC, format_name, format_named(format_name)), 2, 5)

    def write() -> None:
        files.write(batch((5, 0)))
        files.close()

    with pytest.raises(FailedWriteError) as caught:
        write()
    assert f"writing {path}: No space left on device" == str(caught.value)
    assert [] == list(path.parent.iterdir())
