"""A spool's folder: made for its owner, on a file system that is known by its mount."""

import stat
from pathlib import Path

import pytest

from producer.spool.directory import doubt_of_file_system, make_folder
from producer.spool.errors import SpoolDiskError

MOUNTS = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:26 / /srv rw - nfs4 nas:/srv rw
31 22 0:27 / /srv/local\\040disk rw - xfs /dev/vdb rw
32 22 0:28 / /dev/shm rw shared:3 - tmpfs tmpfs rw
"""


def test_a_new_folder_is_for_its_owner(tmp_path: Path) -> None:
    """With the folders above it; one that is there stays as it is."""
    folder = tmp_path / "a" / "b"
    make_folder(folder)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(0o770)
    make_folder(folder)
    assert 0o770 == stat.S_IMODE(folder.stat().st_mode)


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    (tmp_path / "file").touch()
    with pytest.raises(SpoolDiskError, match=r"the folder of the spool cannot be made: .*/file: File exists"):
        make_folder(tmp_path / "file")


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("/var/lib/spool", ""),
        ("/srv/spool", "nfs4 is a network file system"),
        ("/srv/local disk/spool", ""),
        ("/srvx", ""),
        ("/dev/shm/x", "tmpfs is kept in memory"),
    ],
)
def test_file_systems(folder: str, says: str, tmp_path: Path) -> None:
    """By the longest mount point above the folder."""
    (tmp_path / "mounts").write_text(MOUNTS)
    assert doubt_of_file_system(Path(folder), tmp_path / "mounts").startswith(says)
    assert bool(says) == bool(doubt_of_file_system(Path(folder), tmp_path / "mounts"))


def test_a_system_that_does_not_say(tmp_path: Path) -> None:
    """Nothing is known against it."""
    assert "" == doubt_of_file_system(tmp_path, tmp_path / "none")
