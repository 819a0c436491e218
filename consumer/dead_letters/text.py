"""Dead letters as an operator sees them: a line each, whole, or as JSON. Pure."""

import base64
import json
import re
from contextlib import suppress
from typing import Any, Final

import msgspec

from consumer.dead_letters.letter import Letter
from consumer.dead_letters.record import answer_in, original_of
from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.cli.terminal import printable
from runtime.counts import counted
from runtime.rfc3339 import rfc3339_ms, shown_ms
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.event import Event
from schemas.wire import event_json

_STRING_OR_SPACE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[ \t\n\r]+', re.DOTALL)


def line_of(letter: Letter) -> str:
    """One line: id, endpoint, reason, the event's place, repository, when, and what was answered last."""
    when = letter.last_attempt or shown_ms(letter.written_ms)
    cells = (letter.name, letter.endpoint, letter.reason, letter.event_place, letter.repository or "-", when)
    return printable("  ".join((*cells, letter.error)))


def facts_of(letter: Letter, topic: str) -> dict[str, Any]:
    """The letter for `--json`; what is not known is null. `topic` is that of dead letters."""
    partition, offset = letter.place
    return {
        "event_id": letter.event_id or None,
        "webhook_id": letter.webhook_id or None,
        "endpoint": letter.endpoint,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "repository": letter.repository or None,
        "reason": letter.reason,
        "status": int(letter.status) if letter.status.isdecimal() else None,
        "error": letter.error or None,
        "attempts": int(letter.attempts) if letter.attempts.isdecimal() else None,
        "first_attempt": letter.first_attempt or None,
        "last_attempt": letter.last_attempt or None,
        "letter": {"topic": topic, "partition": partition, "offset": offset, "written": rfc3339_ms(letter.written_ms)},
    }


def json_line(letter: Letter, topic: str) -> str:
    """The letter as one line of JSON."""
    return json.dumps(facts_of(letter, topic))


def json_of(letter: Letter, record: Record, topic: str) -> str:
    """The letter with the answer, its event's headers and JSON, or `raw` (base64) where that is none, as one line."""
    original = original_of(record)
    facts = facts_of(letter, topic)
    facts["answer"] = answer_in(record) or None
    facts["headers"] = [[name, None if value is None else _text(value)] for name, value in original.headers]
    event, why = _event(original)
    facts["source_format"] = event.source_format or None if event else None
    facts["source_body"] = event.source_body or None if event else None
    if event is None:
        raw = None if original.value is None else base64.b64encode(original.value).decode("ascii")
        return json.dumps({**facts, "event": None, "raw": raw, "undecodable": why})
    return f'{json.dumps(facts)[:-1]}, "event": {_on_one_line(_json_text(event))}}}'


def page_of(letter: Letter, record: Record, topic: str) -> str:
    """The letter whole, for a person."""
    original = original_of(record)
    partition, offset = letter.place
    tried = counted(letter.attempts or "0", "attempt")
    if letter.first_attempt:
        tried += f", the first {letter.first_attempt}, the last {letter.last_attempt}"
    lines = [
        letter.name,
        f"  endpoint    {letter.endpoint}",
        f"  reason      {letter.reason}",
        f"  error       {letter.error or '-'}",
        f"  answer      {answer_in(record) or '-'}",
        f"  tried       {tried}",
        f"  event       {original.place}",
        f"  letter      {topic}/{partition}/{offset}, written {shown_ms(letter.written_ms)}",
        f"  repository  {letter.repository or '-'}",
        "  headers",
        *(f"    {name}: {'' if value is None else _text(value)}" for name, value in original.headers),
        *_event_lines(original),
    ]
    return "\n".join(map(printable, lines))


def _event_lines(original: Record) -> list[str]:
    event, why = _event(original)
    if event is not None:
        return ["  the event", *_indented(_json_text(event)), *_source_lines(event)]
    if original.value is None:
        return ["  no event: the record has no value"]
    return [
        f"  no event: {why}",
        f"  the record's value, in base64: {base64.b64encode(original.value).decode('ascii')}",
    ]


def _source_lines(event: Event) -> list[str]:
    """The body of a source that is no distribution registry; none for an envelope."""
    if not event.source_body:
        return []
    came_as = ", ".join(text for text in (event.source_format, event.source_content_type) if text)
    return [f"  the body that the source sent ({came_as})", *_indented(event.source_body)]


def _indented(text: str) -> list[str]:
    """The lines of a JSON text for a person; as it came where the formatter will not have it.

    It will not have half a surrogate pair, say.
    """
    with suppress(msgspec.MsgspecError, RecursionError):
        text = msgspec.json.format(text, indent=2)
    return [f"    {line}" for line in text.split("\n")]


def _on_one_line(event: str) -> str:
    """The JSON without white space; not parsed, so that whatever a registry sent stays what it is."""
    return _STRING_OR_SPACE.sub(lambda found: found[0] if found[0][0] == '"' else "", event)


def _json_text(event: Event) -> str:
    return event_json(event).decode()


def _event(original: Record) -> tuple[Event | None, str]:
    """The event, or None and why there is none."""
    try:
        return event_of(original), ""
    except (UndecodableError, UnknownSchemaError) as error:
        return None, str(error)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
