"""A file that only takes room, so that there is some left when the disk is full."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from producer.spool.room import RESERVE_BYTES

_NAME: Final = "reserve"


class DiskReserve:
    """The reserve in a spool's folder."""

    def __init__(self, folder: Path) -> None:
        """Takes no room yet."""
        self.file: Final = folder / _NAME

    def keep(self) -> None:
        """Take the room, if it is not taken and there is that much, on a system that can take room in advance."""
        if self.file.exists() or not hasattr(os, "posix_fallocate"):
            return
        with suppress(OSError):  # without a reserve everything works but for removing rows from a full disk
            descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            except OSError:
                self.release()
            finally:
                os.close(descriptor)

    def release(self) -> bool:
        """Give the room back; whether there was any."""
        with suppress(FileNotFoundError):
            self.file.unlink()
            return True
        return False
