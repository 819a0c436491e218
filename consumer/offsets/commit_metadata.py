"""The holes of a snapshot as commit metadata: text that only the commit it came with may use. Pure.

`R1` and base 85 of: one byte (0 raw, 1 deflated), CRC-32 over group, topic, partition, offset and body, then the body:
a bitset from the committed offset up to the top, 1 for a hole. The checksum ties it to the very offset it was
committed with; a map under another offset would skip records.
"""

import base64
import struct
import zlib
from typing import Final

from consumer.offsets.ledger import WINDOW, Snapshot

MAX_CHARACTERS: Final = 4095
"""The broker keeps 4,096, of which the client spends one on a NUL."""
_MARK: Final = "R1"
_RAW, _DEFLATED = 0, 1
_HEADER: Final = struct.Struct(">BI")
_MAX_BITSET: Final = (WINDOW + 7) // 8 + 1


class ForeignMetadataError(ValueError):
    """The metadata is not ours, not of this offset, or damaged: it must be ignored."""


def encode(snapshot: Snapshot, *, group: str, topic: str, partition: int) -> str:
    """The metadata to commit with `snapshot.offset`; empty if it has no holes."""
    if not snapshot.holes:
        return ""
    bits = bytearray((snapshot.top - snapshot.offset) // 8 + 1)
    for hole in snapshot.holes:
        at = hole - snapshot.offset
        bits[at >> 3] |= 1 << (at & 7)
    raw = bytes(bits)
    deflated = zlib.compress(raw, 6)
    kind, body = (_DEFLATED, deflated) if len(deflated) < len(raw) else (_RAW, raw)
    # the top itself is finished, so its bit is 0: its place is kept by the two bytes in front
    body = (snapshot.top - snapshot.offset).to_bytes(2, "big") + body
    checksum = _checksum(group, topic, partition, snapshot.offset, body)
    return _MARK + base64.b85encode(_HEADER.pack(kind, checksum) + body).decode("ascii")


def decode(metadata: str, offset: int, *, group: str, topic: str, partition: int) -> Snapshot:
    """The snapshot that was committed as `offset` with this metadata.

    Raises:
        ForeignMetadataError: see there.
    """
    if not metadata:
        return Snapshot(offset)
    kind, body = _opened(metadata, offset, group, topic, partition)
    reach, packed = int.from_bytes(body[:2], "big"), body[2:]
    raw = _inflated(packed) if kind == _DEFLATED else packed
    if kind not in {_RAW, _DEFLATED} or reach >= WINDOW or len(raw) != reach // 8 + 1:
        raise ForeignMetadataError("the bitset is of another kind or length than it says")
    holes = tuple(offset + at for at in range(reach) if raw[at >> 3] >> (at & 7) & 1)
    if not holes or holes[0] != offset:
        raise ForeignMetadataError("the committed offset itself must be a hole")
    return Snapshot(offset, holes, offset + reach)


def _opened(metadata: str, offset: int, group: str, topic: str, partition: int) -> tuple[int, bytes]:
    if not metadata.startswith(_MARK) or len(metadata) > MAX_CHARACTERS:
        raise ForeignMetadataError("it was not written by the bridge")
    try:
        content = base64.b85decode(metadata[len(_MARK) :])
        kind, checksum = _HEADER.unpack_from(content)
    except (ValueError, struct.error) as error:
        raise ForeignMetadataError("it is damaged") from error
    body = content[_HEADER.size :]
    if base64.b85encode(content).decode("ascii") != metadata[len(_MARK) :]:  # the last group has several spellings
        raise ForeignMetadataError("it is damaged")
    if checksum != _checksum(group, topic, partition, offset, body):
        raise ForeignMetadataError("its checksum is that of another commit")
    return kind, body


def _inflated(packed: bytes) -> bytes:
    opened = zlib.decompressobj()
    try:
        return opened.decompress(packed, _MAX_BITSET)
    except zlib.error as error:
        raise ForeignMetadataError("it is damaged") from error


def _checksum(group: str, topic: str, partition: int, offset: int, body: bytes) -> int:
    return zlib.crc32(f"{group}\0{topic}\0{partition}\0{offset}\0".encode() + body)
