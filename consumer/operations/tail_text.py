"""A record of the log as `tail` shows it: one line for a person, or one of JSON. Pure.

Whatever a registry sent, it shows on a terminal and does nothing there.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Final

from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.cli.terminal import printable
from runtime.rfc3339 import rfc3339_ms, shown_ms
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.event import Event
from schemas.wire import event_json

_ABSENT: Final = "-"
_BETWEEN_TOKENS: Final = re.compile(r"[\t\n\r]+ *")
_OUTSIDE_ASCII: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class TailedRecord:
    """A record, and what is in it."""

    record: Record
    event: Event | None
    """None: this release can read none in it."""
    why: str = ""
    """Why there is no event."""


def tailed_record_of(record: Record) -> TailedRecord:
    """Read the event in a record."""
    try:
        return TailedRecord(record, event_of(record))
    except UndecodableError as error:
        return TailedRecord(record, None, f"undecodable: {error}")
    except UnknownSchemaError as error:
        return TailedRecord(record, None, f"needs a newer version: {error}")


def line_of(tailed: TailedRecord) -> str:
    """One line: time of acceptance, action, target, method, actor, client, registry, format, PARTITION:OFFSET."""
    when, place = shown_ms(tailed.record.timestamp_ms), f"{tailed.record.partition}:{tailed.record.offset}"
    if tailed.event is None:
        return printable(f"{when}  {tailed.why}  {place}")
    event = tailed.event
    request = event.request
    who = (request.method, event.actor.name, request.addr, event.registry, event.source_format)
    cells = (event.action, _subject(event), *who)
    return printable("  ".join((when, *(text or _ABSENT for text in cells), place)))


def json_line(tailed: TailedRecord) -> str:
    """One line of JSON: where it lies, when it was accepted, label, type, source, and the event as it goes out."""
    record, event = tailed.record, tailed.event
    facts = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "accepted_at": rfc3339_ms(record.timestamp_ms),
        "registry": event.registry or None if event else None,
        "content_type": event.content_type or None if event else None,
        "source_format": event.source_format or None if event else None,
        "source_body": event.source_body or None if event else None,
    }
    if event is None:
        raw = None if record.value is None else base64.b64encode(record.value).decode("ascii")
        return json.dumps({**facts, "event": None, "error": tailed.why, "raw": raw})
    return f'{json.dumps(facts)[:-1]}, "event": {on_one_line(event_json(event).decode())}}}'


def on_one_line(text: str) -> str:
    """JSON that means the same, on one line and without a character that a terminal would obey.

    Line ends stand between tokens only, and what is not printable within strings only, where an escape is the same.
    """
    return _OUTSIDE_ASCII.sub(_escaped, _BETWEEN_TOKENS.sub(" ", text))


def _subject(event: Event) -> str:
    """`repository:tag`, else `repository@digest`, else what there is of them."""
    target = event.target
    if target.tag:
        return f"{target.repository or _ABSENT}:{target.tag}"
    return f"{target.repository or _ABSENT}@{target.digest}" if target.digest else target.repository


def _escaped(found: re.Match[str]) -> str:
    if (character := found[0]).isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
