"""The rows on disk: appended, read, removed; after a crash as before; within their room; damage is never read over."""

import sqlite3
import stat
from pathlib import Path

import pytest

from producer.spool.amount import SpoolSpan
from producer.spool.database import FILE, LOG, SpoolDatabase
from producer.spool.errors import SpoolDamagedError, SpoolDiskError, SpoolFullError
from producer.spool.room import most_taken_by
from tests.kit.spools import ROOM, SMALL, crashed, drafts, has_room, log_of, numbers, opened


def test_rows_come_back_in_order(tmp_path: Path) -> None:
    """In groups as they were appended; batches end at a number or a size, and hold one row at least."""
    database = opened(tmp_path)
    assert SpoolSpan(1, 1) == database.span
    database.append([drafts(1, 3), drafts(4, 4)])
    database.append([drafts(5, 5, size=5000)])
    assert (5, SpoolSpan(1, 6)) == (database.span.records, database.span)
    assert [1, 2, 3, 4, 5] == numbers(database)
    assert [3, 4] == [row.seq for row in database.read(2, most=2, most_bytes=10**6)]
    assert [1, 2] == [row.seq for row in database.read(0, most=9, most_bytes=250)]
    assert [5] == [row.seq for row in database.read(4, most=9, most_bytes=10)]
    assert [] == database.read(5, most=9, most_bytes=10**6)
    database.close()


def test_removed_rows_are_gone(tmp_path: Path) -> None:
    """From the beginning only; places are never given twice; the empty database gives its room back."""
    database = opened(tmp_path)
    database.append([drafts(1, 2000, size=1000)])
    large = database.amount()
    assert (2000, 1001) == (large.records, large.oldest_ms)
    assert 2_000_000 < large.used_bytes <= large.disk_bytes
    assert 1500 == database.remove_to(1500)
    assert 0 == database.remove_to(1500)
    half = database.amount()
    assert (500, 2501) == (half.records, half.oldest_ms)
    assert half.used_bytes < large.used_bytes / 2
    assert 500 == database.remove_to(5000)
    empty = database.amount()
    assert (0, None) == (empty.records, empty.oldest_ms)
    assert empty.disk_bytes < 5 * 2**20
    database.append([drafts(2001, 2001)])
    assert [2001] == [row.seq for row in database.read(0, most=9, most_bytes=10**6)]
    database.close()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """What was appended and removed is so in a copy of the files, taken at any moment while they are open."""
    (tmp_path / "spool").mkdir()
    database = opened(tmp_path / "spool")
    expected: list[int] = []
    for step in range(1, 9):
        database.append([drafts(step * 10, step * 10 + step, size=900)])
        expected += range(step * 10, step * 10 + step + 1)
        if step % 3 == 0:
            database.remove_to(database.span.first)
            expected = expected[1:]
        copy = opened(crashed(tmp_path / "spool", tmp_path / str(step)))
        assert expected == numbers(copy)
        copy.close()
    database.close()
    again = opened(tmp_path / "spool")
    assert expected == numbers(again)
    again.close()


def test_the_room_is_kept(tmp_path: Path) -> None:
    """Appending ends with "full" when the rows take `max`, whatever they are; the files never take more than theirs.

    The rows take more than 80 % of it then, at which docs/metrics.md sets an alert. Removing makes room.
    """
    for size in (300, 2100, 9000):
        folder = tmp_path / str(size)
        folder.mkdir()
        database = SpoolDatabase(folder, SMALL)
        while has_room(database, drafts(1, 600_000 // size, size=size)):
            assert database.amount().disk_bytes <= SMALL.files_bytes
        assert 0.9 * SMALL.max_bytes < database.amount().used_bytes <= SMALL.max_bytes
        before = database.span.records
        assert before == len(numbers(database))
        database.remove_to(database.span.first + before // 2)
        database.append([drafts(1, 20, size=size)])
        assert database.amount().disk_bytes <= SMALL.files_bytes
        database.close()


@pytest.mark.parametrize(("rows", "size"), [(1, 100), (1, 1200), (1, 4000), (20, 2100), (1, 9000)])
def test_there_is_no_room_for_a_trial_where_rows_had_none(tmp_path: Path, rows: int, size: int) -> None:
    """Else a full spool would say every second that it has room; where the trial has room, the rows have."""
    database, trial_bytes = SpoolDatabase(tmp_path, SMALL), most_taken_by(rows * size)
    while has_room(database, drafts(1, 400_000 // size, size=size)):
        pass
    while has_room(database, drafts(1, rows, size=size)):
        pass
    with pytest.raises(SpoolFullError):
        database.try_to_write(trial_bytes)
    database.remove_to(database.span.first + database.span.records // 2)
    database.try_to_write(trial_bytes)
    database.append([drafts(1, rows, size=size)])
    database.close()


def test_the_largest_transaction_keeps_the_room(tmp_path: Path) -> None:
    """One write of all that one transaction may have, of rows that fill their pages badly, into a spool nearly full."""
    database = SpoolDatabase(tmp_path, SMALL)
    count = SMALL.transaction_bytes // 2100
    while has_room(database, drafts(1, count, size=2100)):
        assert database.amount().disk_bytes <= SMALL.files_bytes
    assert database.amount().disk_bytes <= SMALL.files_bytes
    database.close()


def test_files_are_for_their_owner(tmp_path: Path) -> None:
    """Nobody else may read what registries say."""
    database = opened(tmp_path)
    database.try_to_write(10)
    database.append([drafts(1, 1)])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert {FILE: 0o600, LOG: 0o600, "reserve": 0o600} == modes
    database.close()


def test_a_torn_end_is_cut(tmp_path: Path) -> None:
    """The write that was under way when the power went is gone; all before it is there."""
    folder = tmp_path / "spool"
    folder.mkdir()
    database = opened(folder)
    database.append([drafts(1, 5)])
    whole = log_of(folder).stat().st_size
    offset = len(log_of(folder).read_bytes())
    database.append([drafts(6, 40, size=1000)])
    copy = crashed(folder, tmp_path / "copy")
    database.close()
    assert whole == offset
    raw = log_of(copy).read_bytes()
    log_of(copy).write_bytes(raw[:-3000] if len(raw) > whole else raw)
    again = opened(copy)
    assert numbers(again) in ([1, 2, 3, 4, 5], list(range(1, 41)))
    again.append([drafts(99, 99)])
    assert 99 == numbers(again)[-1]
    again.close()


def damaged_copies(folder: Path, to: Path, file: str, step: int) -> list[tuple[int, Path]]:
    """Copies of which one bit is turned over, at every `step` bytes."""
    size = (folder / file).stat().st_size
    found = []
    for at in range(0, size, step):
        copy = crashed(folder, to / str(at))
        with (copy / file).open("r+b") as raw:
            raw.seek(at)
            value = raw.read(1)[0]
            raw.seek(at)
            raw.write(bytes([value ^ (1 << at % 8)]))
        found.append((at, copy))
    return found


def test_no_bit_of_the_database_is_read_over(tmp_path: Path) -> None:
    """One bit of the closed database: refused, or without effect on what is read. Never other rows, never fewer."""
    folder = tmp_path / "spool"
    folder.mkdir()
    database = opened(folder)
    database.append([drafts(1, 40, size=300), drafts(41, 42, size=9000)])
    database.remove_to(10)
    database.close()
    expected = [*range(11, 43)]
    refused = 0
    for at, copy in damaged_copies(folder, tmp_path / "copies", FILE, 1531):
        rows, why = read_or_refused(copy)
        assert rows == expected or "move the folder away" in why or "is not a spool" in why, (at, why)
        refused += rows is None
    assert refused > 8


def read_or_refused(folder: Path) -> tuple[list[int] | None, str]:
    """The rows of a folder, or why it is damaged."""
    try:
        found = opened(folder)
    except SpoolDamagedError as error:
        return None, str(error)
    rows = numbers(found)
    found.close()
    return rows, ""


def test_a_missing_row_is_named(tmp_path: Path) -> None:
    """Rows are removed at the beginning only: any other gap is damage, at the end too."""
    for statement, says in [
        ("DELETE FROM record WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM record WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM record WHERE seq >= 5", "events 5 to 6 are missing"),
        ("UPDATE record SET content = x'00' WHERE seq = 4", "event 4 is not as it was written"),
        ("DELETE FROM span", "does not say which events"),
    ]:
        folder = tmp_path / says
        folder.mkdir()
        database = opened(folder)
        database.append([drafts(1, 6)])
        database.close()
        with sqlite3.connect(folder / FILE) as connection:
            connection.execute(statement)
        connection.close()
        with pytest.raises(SpoolDamagedError, match=says):
            opened(folder)


def test_what_was_not_answered_can_be_taken_back(tmp_path: Path) -> None:
    """Rows at the end that came to be on disk though their write had failed."""
    database = opened(tmp_path)
    database.append([drafts(1, 6)])
    database.remove_from(5)
    assert ([1, 2, 3, 4], SpoolSpan(1, 5)) == (numbers(database), database.span)
    database.append([drafts(7, 7)])
    assert [1, 2, 3, 4, 7] == numbers(database)
    database.close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The disk's fault, with the file and the reason."""
    (tmp_path / FILE).mkdir()
    with pytest.raises(SpoolDiskError, match=rf"opening the spool in {tmp_path}"):
        SpoolDatabase(tmp_path, ROOM)
    assert [tmp_path / FILE] == list(tmp_path.iterdir())


def test_a_log_without_its_database_is_damage(tmp_path: Path) -> None:
    """SQLite would make an empty database, and drop the log without a word."""
    (tmp_path / "spool").mkdir()
    database = opened(tmp_path / "spool")
    database.append([drafts(1, 3)])
    copy = crashed(tmp_path / "spool", tmp_path / "copy")
    database.close()
    for spoil in (Path.unlink, lambda file: file.write_bytes(b"")):
        spoil(copy / FILE)
        with pytest.raises(SpoolDamagedError, match=r"spool\.db is missing, though spool\.db-wal is the log of one"):
            opened(copy)
        (copy / FILE).touch()
    assert log_of(copy).stat().st_size
