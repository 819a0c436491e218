"""What `registry-worker export` wrote, read back: Avro container files, and lines of JSON with where each record lay.

Label and Content-Type are those of the file. An event comes back as it was in the log, its own text included, and what
a source of another format sent.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastavro import block_reader, schemaless_writer

from schemas.avro import UndecodableError, decode, frame
from schemas.catalog import CATALOG
from schemas.envelope import EnvelopeError, read_event
from schemas.event import Event
from schemas.json_text import members_of
from schemas.utf8 import utf8
from schemas.wire import typed_json

AVRO_MAGIC: Final = b"Obj\x01"
PARQUET_MAGIC: Final = b"PAR1"
_SOURCE_TEXTS: Final = ("source_format", "source_content_type", "source_body")
_SHOWN: Final = 200
"""Characters of what fastavro says of a value, which may be as long as the record."""
_LINE_MEMBERS: Final = frozenset({"kafka_topic", "kafka_partition", "kafka_offset", "event"})


class _Chunks(io.RawIOBase):
    """A file that is given as pieces."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._chunks, None)
            if piece is None:
                return 0
            self._rest = piece
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        self._read += len(taken)
        return len(taken)

    def tell(self) -> int:
        return self._read


def avro_events(chunks: Iterator[bytes]) -> Iterator[tuple[int, Event | str]]:
    """The number of each record of a container file, from 1, with its event or why there is none.

    Damage within a block costs the records behind it in that block: their lengths stand nowhere. Damage to the file's
    frame costs all that follows.

    Args:
        chunks: the file's content, in pieces.
    """
    before = 0
    for block in _until_damage(lambda: block_reader(io.BufferedReader(_Chunks(chunks)))):
        if isinstance(block, _Damage):
            yield before + 1, f"{block}: no record from number {before + 1} on can be read"
            return
        last = before + block.num_records
        for number, record in enumerate(_until_damage(lambda: block), before + 1):  # noqa: B023 - used at once
            if isinstance(record, _Damage):
                yield number, f"{record}: records {number} to {last} cannot be read"
            else:
                yield number, _avro_event(record)
        before = last


@dataclass(frozen=True, slots=True)
class _Damage:
    error: Exception

    def __str__(self) -> str:
        return f"damaged Avro file ({': '.join(filter(None, (type(self.error).__name__, str(self.error))))})"


def _until_damage(items: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """Each of the items that fastavro reads; at the first that cannot be read, a `_Damage`, and nothing more."""
    try:
        yield from items()
    except Exception as error:  # noqa: BLE001 - fastavro and the codecs raise whatever the damage leads to
        yield _Damage(error)


def _avro_event(record: Any) -> Event | str:
    if not isinstance(record, dict) or "event" not in record or "offset" not in record:
        return "an Avro file, but not one that `registry-worker export` wrote"
    if record["event"] is None:
        return f"{_place(record, 'topic', 'partition', 'offset')} held no event that could be decoded"
    encoded = io.BytesIO()
    try:
        schemaless_writer(encoded, CATALOG.latest.schema, record["event"])
    except Exception as error:  # noqa: BLE001 - fastavro raises whatever a value of another schema leads to
        return f"not an event of the bridge's schema ({type(error).__name__}: {str(error)[:_SHOWN]})"
    try:
        return decode(frame(CATALOG.latest.id, encoded.getvalue()), None)
    except UndecodableError as error:
        return f"{_place(record, 'topic', 'partition', 'offset')}: {error}"


def is_exported_line(value: Any) -> bool:
    """Whether a JSON value is a line of an export."""
    return isinstance(value, dict) and value.keys() >= _LINE_MEMBERS


def line_event(value: dict[str, Any], text: str, *, content_type: str, registry: str) -> Event:
    """The event of a line of an export.

    Args:
        value: the line's object, as `parse` reads it.
        text: the line.
        content_type: where the line has none.
        registry: where the line has no label.

    Raises:
        EnvelopeError: the line holds no event.
    """
    if value["event"] is None:
        place = _place(value, "kafka_topic", "kafka_partition", "kafka_offset")
        raise EnvelopeError(f"{place} held no event that could be decoded")
    content_type, registry = _text(value, "content_type", content_type), _text(value, "registry", registry)
    original = _text(value, "original", "")
    if original:
        event = read_event(original, content_type=content_type, registry=registry)
        return _with(event, original=original, **_source(value))
    own = _raw_event(text)
    event = read_event(own, content_type=content_type, registry=registry)
    typed = _with(event, original="")
    return _with(typed if _is_same(typed_json(typed), own.encode()) else event, **_source(value))


def _with(event: Event, **members: Any) -> Event:
    return msgspec.structs.replace(event, **members)


def _source(value: dict[str, Any]) -> dict[str, Any]:
    """The members that tell what a source of another format sent."""
    return {**{name: _text(value, name, "") for name in _SOURCE_TEXTS}, "source_headers": _headers(value)}


def _headers(value: dict[str, Any]) -> dict[str, str]:
    headers = value.get("source_headers")
    if headers is None:
        return {}
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        raise EnvelopeError(f"must be an object of texts or null, not {json.dumps(headers)[:40]}", "source_headers")
    return {_whole(name, "source_headers"): _whole(text, "source_headers") for name, text in headers.items()}


class _ExportedLine(msgspec.Struct):
    event: msgspec.Raw


def _raw_event(line: str) -> str:
    try:
        return bytes(msgspec.json.decode(line, type=_ExportedLine).event).decode()
    except msgspec.MsgspecError:  # half of a surrogate pair somewhere: JSON all the same
        [*_, own] = [member for member in members_of(line) if member.name == "event"]
        return line[own.start : own.end]


def _is_same(text: bytes, other: bytes) -> bool:
    """Whether two JSON texts differ in white space alone."""
    try:
        return msgspec.json.format(text, indent=-1) == msgspec.json.format(other, indent=-1)
    except msgspec.MsgspecError:  # half of a surrogate pair, which typed members do not have
        return False


def _text(value: dict[str, Any], name: str, otherwise: str) -> str:
    found = value.get(name)
    if found is None:
        return otherwise
    if not isinstance(found, str):
        raise EnvelopeError(f"must be text or null, not {json.dumps(found)[:40]}", name)
    return _whole(found, name)


def _whole(text: str, name: str) -> str:
    """The text, if UTF-8 can carry it."""
    try:
        utf8(text)
    except UnicodeEncodeError:
        raise EnvelopeError("contains half of a surrogate pair, which is not a character", name) from None
    return text


def _place(value: dict[str, Any], *names: str) -> str:
    return "/".join(str(value.get(name)) for name in names)
