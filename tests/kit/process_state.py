"""What the kernel says of a process: whether it is there, and what it has open."""

from contextlib import suppress
from pathlib import Path

# How the kernel writes a descriptor that is a socket: socket:[INODE].
SOCKET = "socket:["


def is_running(pid: int) -> bool:
    """Whether a process of this id exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def open_sockets(pid: int) -> set[str]:
    """The inodes of a process's sockets; a descriptor that it closes while they are read is none."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            target = str(descriptor.readlink())
            found.update([target[len(SOCKET) : -1]] if target.startswith(SOCKET) else [])
    return found
