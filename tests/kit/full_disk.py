"""A disk that is full when a data file of a table is to be ended: its first bytes are there, and no more fit."""

import errno
import io
import os
from typing import Any, Final

from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO

ROOM: Final = 4
"""Bytes of a Parquet file that are written when it is begun."""


class FullDiskIO(PyArrowFileIO):
    """The files of a catalog that names this class as its `py-io-impl`."""

    def new_output(self, location: str) -> PyArrowFile:
        """A place with no room for rows."""
        place = super().new_output(location)
        return _DataFile(location, place._path, place._filesystem) if location.endswith(".parquet") else place


class _DataFile(PyArrowFile):
    def create(self, overwrite: bool = False) -> Any:  # noqa: FBT001, FBT002 - as pyiceberg has it
        """Begin it."""
        super().create().close()
        return _Stream(self._path, "wb")


class _Stream(io.FileIO):
    def write(self, data: Any, /) -> int:
        """Write all or nothing."""
        if self.tell() + len(data) > ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)
