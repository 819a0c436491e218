"""`template` of an endpoint: a YAML value, read to the JSON text around its placeholders.

A placeholder stands in a text: `{tag}` is what the event's exported column of that name holds, `{tag|digest}` the first
of several that the event has, `{{` and `}}` are plain braces. Numbers, switches and null are what they are in JSON.
"""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Final

from runtime.config import shape as shapes
from runtime.config.document import Scalar
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.faults import quoted
from runtime.config.reading import Section, Value
from runtime.config.secrets import Secret
from runtime.config.shape import shaped
from runtime.config.template import COLUMNS, LISTS, Slot, Template, TemplatePiece

_PART: Final = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<names>[^{}]*)\}|(?P<broken>[{}])|(?P<text>[^{}]+)")
_JSON_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TRUE: Final = frozenset({"true", "yes", "on"})


@shaped(shapes.ANYTHING)
def read_template(value: Value) -> Template:
    """Read a template."""
    secrets: list[Secret] = []
    pieces = _joined(_pieces(value, secrets))
    return Template(tuple(pieces), tuple(secrets))


def hold_against_format(section: Section, endpoint: EndpointSettings) -> None:
    """A template is for the format of that name, which cannot do without it."""
    if endpoint.format == "template" and section.take("template") is None:
        section.fault("template", 'is missing; format template sends it, e.g. {text: "{action} {repository}:{tag}"}')
    if endpoint.format != "template" and endpoint.template is not None:
        section.fault("template", f"is not sent by format {endpoint.format}; write format: template")


def _pieces(value: Value, secrets: list[Secret]) -> Iterator[TemplatePiece]:
    match value.node:
        case dict():
            yield from _mapping(value, secrets)
        case list():
            yield "["
            for index, member in enumerate(value.items()):
                yield "," if index else ""
                yield from _pieces(member, secrets)
            yield "]"
        case Scalar(kind="text"):
            yield from _text(value, secrets)
        case scalar:
            yield _plain(value, scalar)


def _mapping(value: Value, secrets: list[Secret]) -> Iterator[TemplatePiece]:
    yield "{"
    for index, (key, member) in enumerate(value.members()):
        if "{" in key or "}" in key:
            member.fail("a key is sent as it is and has no placeholder; only values do")
        yield f"{',' if index else ''}{_json(key)}:"
        yield from _pieces(member, secrets)
    yield "}"


def _plain(value: Value, scalar: Scalar) -> str:
    """A number, a switch, or null, as JSON has it."""
    match scalar.kind:
        case "null":
            return "null"
        case "bool":
            return "true" if scalar.written.lower() in _TRUE else "false"
    if not _JSON_NUMBER.fullmatch(scalar.written):
        value.refuse("is not a number of JSON; write it in quotes, or as one")
    return scalar.written


def _text(value: Value, secrets: list[Secret]) -> Iterator[TemplatePiece]:
    text = value.text()
    if value.is_interpolated:
        secrets.append(Secret(text))
    parts = list(_PART.finditer(text))
    if len(parts) == 1 and parts[0]["names"] is not None:
        yield Slot(_columns(value, parts[0]["names"]), within_text=False)
        return
    yield '"'
    for part in parts:
        yield _part(value, part)
    yield '"'


def _part(value: Value, part: re.Match[str]) -> TemplatePiece:
    if part["broken"]:
        value.refuse("has a brace that is part of no placeholder; write {{ or }} for a plain one")
    if part["names"] is None:
        return _json(part["text"] or part["brace"][0])[1:-1]
    columns = _columns(value, part["names"])
    for name in LISTS.intersection(columns):
        value.refuse(f"has {name}, which is a list, among other text; it must be the whole text")
    return Slot(columns, within_text=True)


def _columns(value: Value, names: str) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in names.split("|"))
    for name in columns:
        if name not in COLUMNS:
            _refuse_name(value, name)
    return columns


def _refuse_name(value: Value, name: str) -> None:
    if value.is_interpolated:  # the name may be a part of a secret
        value.refuse("has a placeholder that is none; write {{ and }} for plain braces")
    near = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.55)
    guess = f"did you mean {near[0]}?" if near else f"known are {', '.join(COLUMNS)}"
    value.refuse(f"has the placeholder {quoted(name)}, which is not known; {guess}")


def _joined(pieces: Iterator[TemplatePiece]) -> Iterator[TemplatePiece]:
    """The same, neighbouring texts as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        yield text
        yield piece
        text = ""
    yield text


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
