"""Events from files, for `publish`: envelopes or bare events, one JSON text or one per line; or what an export wrote.

An Avro container file and a line of an export are known by their look (`exported_files.py`); in any other file
`json_texts.py` finds the JSON texts. Whatever holds no event is refused by name, and what follows is still read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from producer.publish.exported_files import AVRO_MAGIC, PARQUET_MAGIC, avro_events, is_exported_line, line_event
from producer.publish.json_texts import JSONText, json_texts
from schemas.envelope import EnvelopeError, read_envelope, read_event
from schemas.event import Event
from schemas.json_text import WIDE_STARTS, JSONTextError, parse

_NOT_TAKEN: Final = {
    PARQUET_MAGIC: "Parquet is for analysis only; publish an export in avro or ndjson",
    b"\x1f\x8b": "compressed with gzip; publish the output of `gzip -dc`",
    **dict.fromkeys(WIDE_STARTS, "UTF-16 or UTF-32; publish the output of `iconv -t UTF-8`"),
}
"""Files whose first bytes say that no line of them can be read, and why."""
_LINE: Final = re.compile(r"^line (\d+)")
_MEMBERS: Final = frozenset({"id", "timestamp", "action", "target", "request", "actor", "source"})


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A line of a file, for messages."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """The events of one JSON text."""

    position: FilePosition
    events: list[Event]


@dataclass(frozen=True, slots=True)
class RefusedText:
    """A JSON text, or what should be one, that holds no events, and why."""

    position: FilePosition
    reason: str


def events_of(
    lines: Iterable[bytes], file: str, *, content_type: str, registry: str
) -> Iterator[FoundEvents | RefusedText]:
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
    for magic, reason in _NOT_TAKEN.items():
        if first.startswith(magic):
            yield RefusedText(FilePosition(file, 1), reason)
            return
    for text in json_texts(whole):
        position = FilePosition(file, text.first_line)
        try:
            yield FoundEvents(position, _events(text.content, content_type, registry))
        except EnvelopeError as error:
            yield RefusedText(position, _reason(text, error))


def _reason(text: JSONText, error: EnvelopeError) -> str:
    """Why, with the lines that are refused, and the place of the error by the file's own lines."""
    where = _LINE.sub(lambda found: f"line {int(found[1]) + text.first_line - 1}", error.path)
    lines = f"lines {text.first_line} to {text.first_line + text.lines - 1}" if text.lines > 1 else ""
    return ": ".join(part for part in (lines, where, error.reason) if part)


def _records(chunks: Iterator[bytes], file: str) -> Iterator[FoundEvents | RefusedText]:
    """The records of an Avro file; their numbers stand for lines."""
    for number, event in avro_events(chunks):
        position = FilePosition(file, number)
        yield RefusedText(position, event) if isinstance(event, str) else FoundEvents(position, [event])


def _events(text: bytes, content_type: str, registry: str) -> list[Event]:
    try:
        value = parse(text.decode())
    except (ValueError, JSONTextError):
        value = None  # the envelope reader says what is wrong
    if isinstance(value, list):
        raise EnvelopeError("a list; publish its items one after another, such as the output of `jq -c .[]`")
    if is_exported_line(value):
        return [line_event(value, text.decode(), content_type=content_type, registry=registry)]
    if isinstance(value, dict) and "events" not in value:
        if not _MEMBERS & value.keys():
            known = ", ".join(sorted(_MEMBERS))
            raise EnvelopeError(f"neither an envelope nor an event: it has neither `events` nor any of {known}")
        return [read_event(text.decode().strip(), content_type=content_type, registry=registry)]
    return read_envelope(text, content_type=content_type, registry=registry)
