"""A spool's folder: made for its owner, on a file system that is known by its mount."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from producer.spool.directory import doubt_of_file_system, make_folder, standing_folder
from producer.spool.errors import SpoolDiskError

NOBODY = 65534
MOUNTS = """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:26 / /srv rw - nfs4 nas:/srv rw
31 22 0:27 / /srv/local\\040disk rw - xfs /dev/vdb rw
32 22 0:28 / /dev/shm rw shared:3 - tmpfs tmpfs rw
"""


@pytest.fixture
def others() -> Iterator[Path]:
    """A folder that this user may read and not write to; root, who may everything, is nobody meanwhile."""
    folder = Path(mkdtemp())
    folder.chmod(0o555)
    is_root = os.getuid() == 0
    if is_root:
        os.setresuid(NOBODY, NOBODY, 0)
    yield folder
    if is_root:
        os.setresuid(0, 0, 0)
    folder.rmdir()


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


def test_a_look_makes_nothing(tmp_path: Path) -> None:
    """It finds the folder, or the one above it in which it would be made."""
    assert tmp_path == standing_folder(tmp_path) == standing_folder(tmp_path / "a" / "b")
    assert [] == list(tmp_path.iterdir())


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file on the way, and a link that leads nowhere; making the folder fails there too."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for at in ("file", "link"):
        for folder in (tmp_path / at, tmp_path / at / "spool"):
            says = f"the folder of the spool cannot be made: {folder}: {tmp_path / at} is not a folder"
            with pytest.raises(SpoolDiskError, match=f"^{says}$"):
                standing_folder(folder)
            with pytest.raises(SpoolDiskError):
                make_folder(folder)


def test_a_folder_without_the_right_to_write_is_named(others: Path) -> None:
    """The folder itself, and the one above it."""
    with pytest.raises(SpoolDiskError, match=f"cannot be written to: {others}$"):
        standing_folder(others)
    with pytest.raises(SpoolDiskError, match=f"cannot be made: {others}/a/b: {others}: Permission denied$"):
        standing_folder(others / "a" / "b")


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
