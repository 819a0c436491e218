"""SQLite's log is read as SQLite reads it: whole transactions, a torn end, damage before the end."""

import io
import sqlite3
from pathlib import Path

import pytest

from producer.spool.database import FILE, SpoolDatabase
from producer.spool.write_ahead_log import LogState, state_of
from tests.kit.spools import ROOM, crashed, drafts, log_of

HEADER, FRAME, PAGE = 32, 24, 4096


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a process that was killed after six transactions: the sixth with several pages."""
    folder = tmp_path_factory.mktemp("log")
    SpoolDatabase(folder, ROOM).close()
    database = SpoolDatabase(folder, ROOM)
    for number in range(5):
        database.append([drafts(number, number)])
    database.append([drafts(5, 40, size=1000)])
    copy = crashed(folder, folder.parent / "killed")
    database.close()
    return copy


@pytest.fixture(scope="module")
def log(killed: Path) -> bytes:
    """Their log."""
    return log_of(killed).read_bytes()


def state(log: bytes) -> LogState:
    """What is in it."""
    return state_of(io.BytesIO(log))


def frames(log: bytes) -> list[int]:
    """Where the frames of the log's own generation begin."""
    starts = range(HEADER, len(log), FRAME + PAGE)
    return [at for at in starts if log[at + 8 : at + 16] == log[16:24]]


def commits(log: bytes) -> list[int]:
    """Where the last frames of transactions end."""
    return [at + FRAME + PAGE for at in frames(log) if log[at + 4 : at + 8] != b"\0" * 4]


def flipped(log: bytes, at: int) -> bytes:
    """The log with one bit turned over."""
    return log[:at] + bytes([log[at] ^ 4]) + log[at + 1 :]


def test_a_whole_log(log: bytes) -> None:
    """All of it verifies, and nothing follows but what an earlier generation left."""
    assert LogState(commits=6) == state(log)


def test_no_log() -> None:
    """An empty file, one that was begun, or one of zeros alone holds nothing."""
    assert LogState() == state(b"") == state(b"\x37\x7f") == state(b"\0" * 9000)


def test_sqlite_reads_as_much(killed: Path, log: bytes, tmp_path: Path) -> None:
    """Cut anywhere, the log holds as many transactions as SQLite itself takes from it."""
    ends = commits(log)
    for cut in [*range(0, HEADER + 2, 8), *(at + step for at in ends for step in (-1, 0, 1, 30))]:
        folder = crashed(killed, tmp_path / str(cut))
        log_of(folder).write_bytes(log[:cut])
        connection = sqlite3.connect(folder / FILE)
        [(rows,)] = connection.execute("SELECT next - 1 FROM span").fetchall()
        connection.close()
        found = state(log[:cut])
        assert not found.is_damaged_within
        assert [0, 1, 2, 3, 4, 5, 41][found.commits] == rows
        assert sum(end <= cut for end in ends) == found.commits


def test_a_torn_end(log: bytes) -> None:
    """What a crash in the middle of the last write leaves is a tail of so many bytes, whichever pages are missing."""
    *_, before, _ = [HEADER, *commits(log)]
    last = [at for at in frames(log) if at >= before]
    assert len(last) > 3
    for kept in range(1, len(last)):
        torn = log[: last[kept] + 100]
        is_last = kept == len(last) - 1
        assert LogState(commits=5, tail_bytes=len(torn) - before, tail_commits=int(is_last)) == state(torn)
    hole = log[: last[1]] + b"\0" * (FRAME + PAGE) + log[last[2] :]
    found = state(hole)
    assert (5, 1, False) == (found.commits, found.tail_commits, found.is_damaged_within)
    assert found.tail_bytes == (len(last) - 1) * (FRAME + PAGE)


def test_damage_before_the_end(log: bytes) -> None:
    """A bit anywhere in a write that another one follows is damage within: SQLite would drop both without a word."""
    before = commits(log)[-2]
    for at in frames(log):
        for offset in (0, 4, 8, 13, 17, 21, FRAME, FRAME + 2000, FRAME + PAGE - 1):
            found = state(flipped(log, at + offset))
            looks_like_an_end = offset == 4 and at >= before  # rather refused than cut
            assert found.is_damaged_within == (at < before) or looks_like_an_end, (at, offset)
            assert found.tail_bytes > 0
            assert found.commits < 6


def test_a_damaged_header(log: bytes) -> None:
    """A bit of the header: SQLite would take nothing of the log."""
    for at in range(0, HEADER, 2):
        found = state(flipped(log, at))
        assert (True, True, 0) == (found.header_is_damaged, found.is_damaged_within, found.commits)
