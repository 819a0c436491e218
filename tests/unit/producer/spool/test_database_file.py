"""What the database file says by itself: whose it is, and whether a log must stand beside it. Nothing is changed."""

import resource
import sqlite3
from pathlib import Path

import pytest

from producer.spool.database import FILE, SpoolDatabase
from producer.spool.errors import SpoolDamagedError, SpoolDiskError
from tests.kit.spools import SMALL, crashed, drafts, has_room, log_of, numbers, opened


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_another_database_is_refused(tmp_path: Path) -> None:
    """A file that is none, and a database of somebody else, are named and stay as they are."""
    (tmp_path / FILE).write_bytes(b"no database at all".ljust(5000))
    before = content(tmp_path)
    with pytest.raises(SpoolDamagedError, match="is not a spool of this version"):
        opened(tmp_path)
    assert before == content(tmp_path)
    (tmp_path / FILE).unlink()
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = content(tmp_path)
    with pytest.raises(SpoolDamagedError, match="is not a spool of this version"):
        opened(tmp_path)
    assert before == content(tmp_path)


def killed(folder: Path, to: Path) -> Path:
    """What a process leaves that was killed with five rows in its log."""
    folder.mkdir()
    database = opened(folder)
    database.try_to_write(10)
    database.append([drafts(1, 5)])
    copy = crashed(folder, to)
    database.close()
    return copy


def test_a_log_that_is_missing_is_damage(tmp_path: Path) -> None:
    """SQLite would take it for an empty one, and the rows in it would be gone without a word; so each time."""
    copy = killed(tmp_path / "spool", tmp_path / "copy")
    log = log_of(copy).read_bytes()
    log_of(copy).unlink()
    before = content(copy)
    for _ in range(2):
        with pytest.raises(SpoolDamagedError, match=r"spool\.db-wal is missing, which held the events"):
            opened(copy)
        assert before == content(copy)
    log_of(copy).write_bytes(log)
    again = opened(copy)
    assert [1, 2, 3, 4, 5] == numbers(again)
    again.close()


def test_a_log_that_was_written_back_in_part(tmp_path: Path) -> None:
    """Because the disk was full: the file is not whole, and the log has all that it lacks."""
    (tmp_path / "spool").mkdir()
    database = opened(tmp_path / "spool")
    database.try_to_write(10)
    database.append([drafts(1, 500, size=1000)])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(SpoolDiskError, match="writing the log of the spool back"):
            database.try_to_write(10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    copy = crashed(tmp_path / "spool", tmp_path / "copy")
    database.close()
    assert 100_000 == (copy / FILE).stat().st_size
    again = opened(copy)
    assert list(range(1, 501)) == numbers(again)
    again.close()


def test_a_spool_that_was_killed_when_it_was_made(tmp_path: Path) -> None:
    """Nothing is in it yet, with or without its log."""
    (tmp_path / "spool").mkdir()
    database = SpoolDatabase(tmp_path / "spool", SMALL)
    with_log, without = (crashed(tmp_path / "spool", tmp_path / name) for name in ("with", "without"))
    log_of(without).unlink()
    database.close()
    for folder in (with_log, without):
        opened(folder).close()


def test_a_log_that_is_given_up(tmp_path: Path) -> None:
    """An empty file says so; then the spool is as any other, and is found so when it was closed."""
    copy = killed(tmp_path / "spool", tmp_path / "copy")
    log_of(copy).write_bytes(b"")
    again = opened(copy)
    assert [] == numbers(again)
    again.try_to_write(10)
    again.append([drafts(8, 9)])
    again.close()
    assert not log_of(copy).exists()
    again = opened(copy)
    assert [8, 9] == numbers(again)
    again.close()


def test_no_log_is_missed_after_a_full_disk(tmp_path: Path) -> None:
    """A spool that cannot note that it is closed keeps a log, though SQLite removes it."""
    database = SpoolDatabase(tmp_path, SMALL)
    database.try_to_write(10)
    while has_room(database, drafts(1, 100, size=2100)):
        pass
    database._connection.execute("PRAGMA query_only = ON")
    database.close()
    assert 0 == log_of(tmp_path).stat().st_size
    opened(tmp_path).close()
