"""The place of one child among the processes of a command."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from runtime.errors import BridgeError
from runtime.http.bindings import UnixBinding

UP: Final = b"up\n"
"""What a child writes to its standard output when it listens."""
_STDOUT: Final = 1
_LONGEST_FOLDER: Final = 90
"""Bytes: the path of a socket may have 104 to 108, by the system."""


class NoFolderError(BridgeError):
    """There is no place for the sockets by which the processes talk."""


@dataclass(frozen=True, slots=True)
class ChildSlot:
    """A slot outlives its process: the next one has the same number."""

    number: int
    """From 1."""
    folder: Path
    """Of the sockets of parent and children; only their user may enter it."""

    @property
    def is_first(self) -> bool:
        """Whether it is started before all others."""
        return self.number == 1

    @property
    def pages(self) -> Path:
        """The socket of this child's own pages."""
        return self.folder / str(self.number)


class ReloadAnswer(msgspec.Struct, frozen=True):
    """What a child says of a reload, a line on its standard output."""

    number: int
    """Of the order."""
    fault: str
    """Why it has not taken the settings; empty if it has."""

    def tell(self) -> None:
        """Say it, in the child."""
        os.write(_STDOUT, msgspec.json.encode(self) + b"\n")


def parent_pages(folder: Path) -> Path:
    """The socket of a parent's pages."""
    return folder / "parent"


@dataclass(frozen=True, slots=True)
class SlotBinding:
    """The socket of a child's own pages; when it is bound, the parent learns that the child is up."""

    slot: ChildSlot
    tls: None = None
    """Only the parent reaches it."""

    def bind(self) -> socket.socket:
        """Take it, from a process that had the slot before and is gone.

        Raises:
            AddressTakenError: it cannot be made.
        """
        self.slot.pages.unlink(missing_ok=True)
        bound = UnixBinding(self.slot.pages).bind()
        os.write(_STDOUT, UP)
        return bound


@contextmanager
def socket_folder(program: str) -> Iterator[Path]:
    """A folder for the sockets, removed at the end.

    Raises:
        NoFolderError: it cannot be made.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix=f"{program}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise NoFolderError(
            f"--processes needs a folder for temporary files, and none can be written to ({error.strerror or error}): "
            "mount one at /tmp, or name one by TMPDIR"
        ) from error
    with made as folder:
        if len(os.fsencode(folder)) > _LONGEST_FOLDER:
            raise NoFolderError(f"--processes cannot have its sockets in {folder}: name a shorter folder by TMPDIR")
        yield Path(folder)
