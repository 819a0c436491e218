"""The standard streams of a command that outlives its terminal.

Messages to standard error are dropped where nobody can read them, so that work goes on and ends in order. Results on
standard output are another matter: a command whose results nobody can read ends.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any, Final, TextIO, cast

GONE: Final = frozenset({errno.EPIPE, errno.EIO})
"""A pipe without a reader, a terminal that was closed: they do not come back."""


class LossyStream:
    """A text stream that drops what cannot be written; when writing works again, a line says that messages are missing.

    Buffered text that its end refuses would be written again at exit, and make that fail: a stream whose end is gone
    is led to /dev/null.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._missing_because = ""

    def write(self, text: str) -> int:
        """Write it or drop it."""
        try:
            if self._missing_because:
                self._stream.write(f"messages are missing before this one: {self._missing_because}\n")
                self._stream.flush()
                self._missing_because = ""
            self._stream.write(text)
        except OSError as error:
            self._drop(error)
        return len(text)

    def flush(self) -> None:
        """Flush it, or drop what it still holds."""
        try:
            self._stream.flush()
        except OSError as error:
            self._drop(error)

    def _drop(self, error: OSError) -> None:
        if error.errno in GONE:
            discard(self._stream)
        else:
            self._missing_because = error.strerror or str(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Standard error takes every message while this lasts, and the process ends well whatever became of its streams."""
    _open_missing()
    stderr = sys.stderr
    try:
        with redirect_stderr(cast("TextIO", LossyStream(stderr))):
            yield
    finally:
        for stream in (sys.stdout, stderr):
            _end(stream)


def discard(stream: TextIO) -> None:
    """Lead a stream to /dev/null, what it holds included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _end(stream: TextIO) -> None:
    """Python flushes once more at exit, and would turn a stream that refuses into exit 120."""
    try:
        stream.flush()
    except OSError:
        discard(stream)


def _open_missing() -> None:
    """A process started without a stream (`2>&-`) gets /dev/null, lest a socket takes the stream's number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
