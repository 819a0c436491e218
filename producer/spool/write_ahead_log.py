"""What SQLite's write-ahead log holds, before SQLite opens it: it drops without a word what does not verify. Pure.

Follows "The Write-Ahead Log" of SQLite's database file format (section 4): a header of 32 bytes, then frames, each of
24 bytes and a page. Frames carry the header's salts and a checksum over all that stands before them. The last frame of
a transaction says so. A log that is begun anew has two other salts, so frames with older ones are no part of it.

Each transaction was on disk before the next one began. So what a crash leaves is one transaction at most that does not
verify, at the end; it was never answered. More than one is damage: they were.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_CHECKED_OF_A_HEADER: Final = 24
_CHECKED_OF_A_FRAME: Final = 8
_LITTLE_ENDIAN: Final = 0x377F0682
_BIG_ENDIAN: Final = 0x377F0683
_MASK: Final = 0xFFFFFFFF
_PAGE_SIZES: Final = frozenset(2**power for power in range(9, 17))


@dataclass(frozen=True, slots=True)
class LogState:
    """What is in a log."""

    commits: int = 0
    """Transactions that verify."""
    tail_bytes: int = 0
    """Of the log's own frames after the last of these."""
    tail_commits: int = 0
    """Transactions that end there, as far as their frames say."""
    header_is_damaged: bool = False
    """Frames follow a header that does not verify: SQLite would take none of them."""

    @property
    def is_damaged_within(self) -> bool:
        """Whether transactions that were answered cannot be read."""
        return self.header_is_damaged or self.tail_commits > 1


class _Frame(NamedTuple):
    checksum: tuple[int, int]
    ends_a_transaction: bool
    checked: bytes
    """What its checksum is over, without what stands before the frame."""
    size: int
    is_whole: bool


class _Header(NamedTuple):
    order: str
    """Of the words that checksums are made of, for `struct`."""
    page_bytes: int
    salts: tuple[int, int]
    checksum: tuple[int, int]


def state_of(log: BinaryIO) -> LogState:
    """Read a log from its beginning."""
    start = log.read(_HEADER.size)
    header = _header(start)
    if header is None:
        rest = any(chunk.strip(b"\0") for chunk in iter(lambda: log.read(2**16), b""))
        return LogState(header_is_damaged=rest)
    running = header.checksum
    commits, tail_bytes, tail_commits, is_intact = 0, 0, 0, True
    for frame in _frames(log, header):
        if is_intact:
            running = _checksum(header.order, frame.checked, running)
            is_intact = frame.is_whole and frame.checksum == running
        tail_bytes += frame.size
        if is_intact and frame.ends_a_transaction:
            commits, tail_bytes = commits + 1, 0
        elif frame.ends_a_transaction:
            tail_commits += 1
    return LogState(commits=commits, tail_bytes=tail_bytes, tail_commits=tail_commits)


def _header(start: bytes) -> _Header | None:
    """The header; None if it is not whole."""
    if len(start) < _HEADER.size:
        return None
    magic, _, page_bytes, _, first_salt, second_salt, *checksum = _HEADER.unpack(start)
    order = {_LITTLE_ENDIAN: "<", _BIG_ENDIAN: ">"}.get(magic)
    if order is None or page_bytes not in _PAGE_SIZES:
        return None
    if _checksum(order, start[:_CHECKED_OF_A_HEADER], (0, 0)) != tuple(checksum):
        return None
    return _Header(order, page_bytes, (first_salt, second_salt), (checksum[0], checksum[1]))


def _frames(log: BinaryIO, header: _Header) -> Iterator[_Frame]:
    """The frames with the header's salts, or with one of them, if the other is damaged; a torn one ends in zeros."""
    size = _FRAME.size + header.page_bytes
    while raw := log.read(size):
        padded = raw.ljust(size, b"\0")
        _, pages_after_commit, first_salt, second_salt, *checksum = _FRAME.unpack_from(padded)
        if first_salt != header.salts[0] and second_salt != header.salts[1]:
            continue
        checked = padded[:_CHECKED_OF_A_FRAME] + padded[_FRAME.size :]
        yield _Frame(
            checksum=(checksum[0], checksum[1]),
            ends_a_transaction=pages_after_commit != 0,
            checked=checked,
            size=len(raw),
            is_whole=len(raw) == size and (first_salt, second_salt) == header.salts,
        )


def _checksum(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum: two sums that run over pairs of words."""
    first, second = before
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for one, other in zip(words, words, strict=True):
        first = (first + one + second) & _MASK
        second = (second + other + first) & _MASK
    return first, second
