"""The reserve takes room once, gives it back once, and never makes anything fail."""

from pathlib import Path

from producer.spool.reserve import DiskReserve
from producer.spool.room import RESERVE_BYTES


def test_room_is_taken_and_given_back(tmp_path: Path) -> None:
    """As real blocks of the disk."""
    reserve = DiskReserve(tmp_path)
    assert not reserve.release()
    reserve.keep()
    reserve.keep()
    found = reserve.file.stat()
    assert (RESERVE_BYTES, True) == (found.st_size, found.st_blocks * 512 >= RESERVE_BYTES)
    assert [True, False] == [reserve.release(), reserve.release()]


def test_a_disk_that_takes_none(tmp_path: Path) -> None:
    """Is no fault: only a full disk cannot be emptied then."""
    DiskReserve(tmp_path / "missing").keep()
    assert [] == list(tmp_path.iterdir())
