"""CloudEvents 1.0 as the HTTP binding sends them: structured, batched and binary, with JSON as data. Pure.

What the data means is no matter of this module.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from producer.sources.json_body import json_value
from producer.sources.post import ForeignPost
from producer.sources.reading import NotThisFormatError, check_count
from runtime.counts import noun
from schemas.json_text import items_of, members_of
from schemas.lenient import fitting
from schemas.limits import has_more_values
from schemas.wire import media_type

__all__ = ["BATCHED", "STRUCTURED", "CloudEvent", "cloud_event", "cloud_events", "is_cloud_event"]

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"

_REQUIRED: Final = ("specversion", "id", "type", "source")
_PREFIX: Final = "ce-"
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class _TextAttributes(Struct, frozen=True):
    """Those of an object's members that are text."""

    found: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event, whatever the mode it came in."""

    attributes: Mapping[str, str]
    """Those that are text, extensions too."""
    text: str = ""
    """The JSON text of its data; empty if it has none."""
    data: Any = None
    """The value of `text`."""
    item: str = ""
    """The text of the event by itself in structured mode, if it is one of a batch."""

    def attribute(self, name: str) -> str:
        """An attribute; empty if it is not there."""
        return self.attributes.get(name, "")


def is_cloud_event(post: ForeignPost) -> bool:
    """Whether it says that it is one: by its Content-Type, or by the header that binary mode always has."""
    return media_type(post.content_type) in {STRUCTURED, BATCHED} or f"{_PREFIX}specversion" in post.headers


def cloud_event(post: ForeignPost) -> CloudEvent:
    """The event of a POST in structured or binary mode.

    Raises:
        NotThisFormatError: it is no CloudEvent.
    """
    if media_type(post.content_type) == STRUCTURED:
        return _structured(post.body.decode(), json_value(post.body), "")
    return _binary(post)


def cloud_events(post: ForeignPost) -> list[CloudEvent]:
    """The events of a POST in any mode, in order.

    Raises:
        NotThisFormatError: it is no CloudEvent, or one of the batch is none.
        TooManyEventsError: the batch has more than a body may have.
    """
    if media_type(post.content_type) != BATCHED:
        return [cloud_event(post)]
    values = json_value(post.body)
    if not isinstance(values, list):
        raise NotThisFormatError("a batch of CloudEvents must be a list of objects")
    check_count(len(values))
    text = post.body.decode()
    items = [text[start:end] for start, end in items_of(text)]
    return [
        replace(_structured(item, value, f"[{index}]"), item=item)
        for index, (item, value) in enumerate(zip(items, values, strict=True))
    ]


def _structured(text: str, value: Any, path: str) -> CloudEvent:
    if not isinstance(value, dict):
        raise NotThisFormatError("a CloudEvent must be a JSON object", path)
    attributes = fitting({"found": value}, _TextAttributes).found
    _check(attributes, "member", path)
    if isinstance(encoded := value.get("data_base64"), str):
        decoded = _decoded(encoded, f"{path}.data_base64".lstrip("."))
        return CloudEvent(attributes, decoded.decode(), json_value(decoded))
    if "data" not in value:
        return CloudEvent(attributes)
    place = {member.name: member for member in members_of(text)}["data"]
    return CloudEvent(attributes, text[place.start : place.end], value["data"])


def _binary(post: ForeignPost) -> CloudEvent:
    attributes = {
        name.removeprefix(_PREFIX): _unquoted(value, name)
        for name, value in post.headers.items()
        if name.startswith(_PREFIX)
    }
    _check(attributes, "header", "")
    return CloudEvent(attributes, post.body.decode(), json_value(post.body))


def _check(attributes: Mapping[str, str], what: str, path: str) -> None:
    """Every CloudEvent has these, and of another version nothing is known."""
    missing = [name for name in _REQUIRED if not attributes.get(name)]
    if missing:
        prefix = _PREFIX if what == "header" else ""
        named = ", ".join(f"`{prefix}{name}`" for name in missing)
        raise NotThisFormatError(f"a CloudEvent must have the {noun(len(missing), what)} {named}", path)
    if not attributes["specversion"].startswith("1."):
        raise NotThisFormatError("must be of version 1 of CloudEvents", f"{path}.specversion".lstrip("."))


def _decoded(encoded: str, path: str) -> bytes:
    """JSON as binary data: UTF-8, and within the limits of a body."""
    try:
        decoded = b64decode(encoded, validate=True)
        decoded.decode()
    except (Base64Error, ValueError):
        raise NotThisFormatError("must be JSON in UTF-8, in base64", path) from None
    if has_more_values(decoded):
        raise NotThisFormatError("has more values than a body may have", path)
    return decoded


def _unquoted(value: str, header: str) -> str:
    """A header's value: quotes of an older binding are taken off, then percent-encoding (section 3.1.3.2)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED.sub(r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise NotThisFormatError("must be percent-encoded UTF-8", header) from None
