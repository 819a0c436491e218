"""Where the head and the body of an HTTP/1.1 request end in a stream of bytes, and how long they may be. Pure.

Follows RFC 9112 sections 6 and 7.1. It reads no more than it needs for that: what the bytes mean, and whether they
are valid, is the parser's business, which is fed exactly what belongs to one request.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, Protocol

from runtime.http.limits import CHUNK_DATA_PER_LINE_BYTE, MAX_CHUNK_LINES_BYTES, MAX_HEAD_BYTES
from runtime.units import format_size

_END: Final = b"\r\n\r\n"
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;|\r\n)")
_LINE_START: Final = 18
"""Bytes of a line that are looked at: more than the longest size."""


class RequestFaultError(Exception):
    """What arrives is no request that is taken."""

    def __init__(self, text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(text)
        self.status: Final = status


class HeadTooLargeError(RequestFaultError):
    """More of a head than is read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what}", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


class Framing(Protocol):
    """A part of a request."""

    is_complete: bool
    """Whether it ends with the bytes taken last."""

    def take(self, data: bytes) -> int:
        """How many of the next bytes belong to it.

        Raises:
            RequestFaultError: it is too long, or its end cannot be known.
        """
        ...


class HeadFraming:
    """A head: it ends with an empty line."""

    def __init__(self) -> None:
        self.is_complete = False
        self._size = 0
        self._last = b""

    def take(self, data: bytes) -> int:
        """See `Framing`."""
        seam = self._last + data if self._last else data
        found = seam.find(_END)
        self.is_complete = found >= 0
        taken = found + len(_END) - len(self._last) if self.is_complete else len(data)
        self._size += taken
        if self._size > MAX_HEAD_BYTES:
            raise HeadTooLargeError(f"request line and headers have more than {format_size(MAX_HEAD_BYTES)}")
        self._last = seam[-3:]
        return taken


class SizedBody:
    """A body of a length that is known, which may be 0."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_complete = length == 0

    def take(self, data: bytes) -> int:
        """See `Framing`."""
        taken = min(self._left, len(data))
        self._left -= taken
        self.is_complete = self._left == 0
        return taken


class ChunkedBody:
    """A body in chunks; it ends with the empty line after the last chunk's and the trailers."""

    def __init__(self) -> None:
        self.is_complete = False
        self._left = 0
        """Bytes of the chunk that are still to come, with the line break behind them."""
        self._data_bytes = 0
        self._line_bytes = 0
        self._trailer_bytes = 0
        self._line = b""
        """The beginning of the line that is being read."""
        self._in_trailers = False

    def take(self, data: bytes) -> int:
        """See `Framing`."""
        at = 0
        while at < len(data) and not self.is_complete:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                self._data_bytes += step
                at += step
            else:
                at = self._take_line(data, at)
        return at

    def _take_line(self, data: bytes, at: int) -> int:
        break_at = data.find(b"\n", at)
        end = len(data) if break_at < 0 else break_at + 1
        self._count(end - at)
        self._line += data[at : min(end, at + _LINE_START)]
        if break_at >= 0:
            self._end_line(self._line)
            self._line = b""
        return end

    def _count(self, size: int) -> None:
        if self._in_trailers:
            self._trailer_bytes += size
            if self._trailer_bytes > MAX_HEAD_BYTES:
                raise HeadTooLargeError(f"trailers have more than {format_size(MAX_HEAD_BYTES)}")
            return
        self._line_bytes += size
        if self._line_bytes > MAX_CHUNK_LINES_BYTES + self._data_bytes // CHUNK_DATA_PER_LINE_BYTE:
            raise RequestFaultError("the body has too many small chunks or too long chunk extensions")

    def _end_line(self, line: bytes) -> None:
        if self._in_trailers:
            self.is_complete = line == b"\r\n"
            return
        found = _CHUNK_SIZE.match(line)
        if found is None:
            raise RequestFaultError("a chunk does not begin with its size")
        size = int(found[1], 16)
        self._in_trailers = size == 0
        self._left = size + 2 if size else 0


def framing_of(headers: Iterable[tuple[bytes, bytes]]) -> Framing:
    """The framing of the body behind these headers, which a parser found valid; names are in lower case.

    A parser refuses both lengths at once, several lengths, and codings that do not end with `chunked`.
    """
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return ChunkedBody()
        if name == b"content-length":
            length = int(value)
    return SizedBody(length)
