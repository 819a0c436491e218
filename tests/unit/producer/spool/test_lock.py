"""One process a folder."""

import os
from pathlib import Path

import pytest

from producer.spool.errors import SpoolLockedError
from producer.spool.lock import FolderLock


def test_the_second_is_told_who_has_it(tmp_path: Path) -> None:
    """In one line, with the process and what to do; when the first has let go, the next one gets it."""
    with (
        FolderLock(tmp_path),
        pytest.raises(
            SpoolLockedError, match=rf"in use by process {os.getpid()} on .*: give each intake a folder"
        ) as error,
    ):
        FolderLock(tmp_path)
    assert "\n" not in str(error.value)
    FolderLock(tmp_path).release()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes us write elsewhere."""
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        FolderLock(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
