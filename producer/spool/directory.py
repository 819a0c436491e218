"""The folder of a spool: made for its owner alone, and what there is to know of the file system below it."""

import errno
import os
from pathlib import Path
from typing import Final

from producer.spool.errors import SpoolDiskError

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "glusterfs", "fuse.glusterfs", "fuse.sshfs"}
)
_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


def make_folder(folder: Path) -> None:
    """Make the folder if it is missing, so that only its owner may enter it; one that is there stays as it is.

    Raises:
        SpoolDiskError: it cannot be made, or is no folder that this user may write to.
    """
    try:
        made = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if made:
            sync_folder(folder.parent)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise SpoolDiskError(f"the folder of the spool cannot be written to: {folder}")
    except OSError as error:
        raise SpoolDiskError(f"the folder of the spool cannot be made: {folder}: {error.strerror}") from error


def standing_folder(folder: Path) -> Path:
    """The folder, or the one above it in which `make_folder` would begin; it makes nothing.

    Raises:
        SpoolDiskError: `make_folder` would not get a folder that this user may write to.
    """
    found = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    if not found.is_dir():
        raise SpoolDiskError(f"the folder of the spool cannot be made: {folder}: {found} is not a folder")
    if found == folder.absolute():
        if not os.access(found, os.R_OK | os.W_OK | os.X_OK):
            raise SpoolDiskError(f"the folder of the spool cannot be written to: {folder}")
    elif not os.access(found, os.W_OK | os.X_OK):
        is_read_only = os.statvfs(found).f_flag & os.ST_RDONLY
        why = os.strerror(errno.EROFS if is_read_only else errno.EACCES)
        raise SpoolDiskError(f"the folder of the spool cannot be made: {folder}: {found}: {why}")
    return found


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read, if it is missing.

    Raises:
        OSError: it cannot be made.
    """
    if path.exists():
        return
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write the folder's entries to disk, so that a new file is there after a loss of power.

    Raises:
        OSError: it cannot be done.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """What this user may still write to the file system.

    Raises:
        OSError: it does not say.
    """
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def file_bytes(*paths: Path) -> int:
    """The size of these files together; one that is not there has none."""
    return sum(path.stat().st_size for path in paths if path.exists())


def doubt_of_file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """Why what is written there may not last or not be locked; empty if nothing is known against it."""
    kind = _file_system(folder, mounts)
    if kind in _NETWORK:
        return f"{kind} is a network file system: locks and fsync may not hold there; use a local disk"
    if kind in _MEMORY:
        return f"{kind} is kept in memory: a restart of the machine loses what is there; use a disk"
    return ""


def _file_system(folder: Path, mounts: Path) -> str:
    """The kind of file system, by the longest mount point above the folder; empty where the system does not say."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    path, best, kind = str(folder.resolve()), "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        is_above = path == point or path.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(best):
            best, kind = point, after.split()[0]
    return kind
