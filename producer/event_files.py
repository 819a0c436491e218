"""Events from files, for `publish`: envelopes or bare events, one JSON text or one per line; or what an export wrote.

An Avro container file and a line of an export are known by their look (`exported_files.py`). A file whose first line
is a whole JSON text is read line by line, however long it is; any other is read as JSON texts one after another.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from producer.exported_files import AVRO_MAGIC, PARQUET_MAGIC, avro_events, is_exported_line, line_event
from schemas.envelope import EnvelopeError, read_envelope, read_event
from schemas.event import Event

_MEMBERS: Final = frozenset({"id", "timestamp", "action", "target", "request", "actor", "source"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Found:
    """The events of one JSON text."""

    place: Place
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Refused:
    """A JSON text, or what should be one, that holds no events, and why."""

    place: Place
    reason: str


def events_of(lines: Iterable[bytes], file: str, *, content_type: str, registry: str) -> Iterator[Found | Refused]:
    """What each JSON text of a file holds, in order.

    Args:
        lines: the file's lines.
        file: its name, for messages.
        content_type: as if the events had come in by a POST with it; what an export says goes before it.
        registry: the label of the registry they come from, or empty; likewise.
    """
    rest = iter(lines)
    first = next(rest, b"")
    whole = chain([first], rest)
    if first.startswith(AVRO_MAGIC):
        yield from _records(whole, file)
        return
    if first.startswith(PARQUET_MAGIC):
        yield Refused(Place(file, 1), "Parquet is for analysis only; publish an export in avro or ndjson")
        return
    for place, text in _texts(whole, file):
        try:
            yield Found(place, _events(text, content_type, registry))
        except EnvelopeError as error:
            yield Refused(place, str(error))


def _records(chunks: Iterator[bytes], file: str) -> Iterator[Found | Refused]:
    """The records of an Avro file; their numbers stand for lines."""
    for number, event in enumerate(avro_events(chunks), 1):
        yield Refused(Place(file, number), event) if isinstance(event, str) else Found(Place(file, number), [event])


def _texts(lines: Iterator[bytes], file: str) -> Iterator[tuple[Place, bytes]]:
    number = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            if not _is_json(line):
                yield from _documents(b"".join([line, *lines]), file, number)
                return
            yield Place(file, number), line
            break
    for following, line in enumerate(lines, number + 1):
        if line.strip():
            yield Place(file, following), line


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return False
    return True


def _documents(content: bytes, file: str, first_line: int) -> Iterator[tuple[Place, bytes]]:
    """JSON texts one after another; after one that is none, nothing can be found any more."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield Place(file, first_line), content
        return
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    while at < len(text):
        place = Place(file, first_line + text.count("\n", 0, at))
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield place, text[at:].encode()
            return
        yield place, text[at:end].encode()
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _events(text: bytes, content_type: str, registry: str) -> list[Event]:
    try:
        value = json.loads(text.decode())
    except (ValueError, RecursionError):
        value = None  # the envelope reader says what is wrong
    if is_exported_line(value):
        return [line_event(value, text.decode(), content_type=content_type, registry=registry)]
    if isinstance(value, dict) and "events" not in value:
        if not _MEMBERS & value.keys():
            known = ", ".join(sorted(_MEMBERS))
            raise EnvelopeError(f"neither an envelope nor an event: it has no `events` and none of {known}")
        return [read_event(text.decode().strip(), content_type=content_type, registry=registry)]
    return read_envelope(text, content_type=content_type, registry=registry)
