"""One process a folder: a lock that ends with its process, and names it."""

import fcntl
import os
import socket
from pathlib import Path
from typing import Final, Self

from producer.spool.errors import SpoolLockedError

_NAME: Final = "lock"
_LONGEST: Final = 200


class FolderLock:
    """The lock of a spool's folder; leave it to let go."""

    def __init__(self, folder: Path) -> None:
        """Takes it at once.

        Raises:
            SpoolLockedError: another process has it.
            OSError: the file cannot be made.
        """
        self._file = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            named = os.read(self._file, _LONGEST).decode("utf-8", "replace").strip()
            os.close(self._file)
            raise SpoolLockedError(folder, named or "a process that it does not name") from None
        except BaseException:
            os.close(self._file)
            raise
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let go. Once."""
        os.close(self._file)
