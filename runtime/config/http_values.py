"""Header lines and URLs as HTTP takes them; sends nothing.

Headers keep RFC 9110's grammar: names are tokens, values hold no control characters, space around is no part of them.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from runtime import standard_webhooks
from runtime.config import shape as shapes
from runtime.config.document import Scalar
from runtime.config.faults import RefusedValue
from runtime.config.interpolation import interpolate
from runtime.config.reading import Value, show_nothing, show_url
from runtime.config.secrets import MASK, Secret, masked_url, masked_written_url
from runtime.config.shape import shaped
from runtime.config.value_readers import text_or_list

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LITERAL_HOST = re.compile(r"https?://(?:[^/]*@)?[^/$@?#]+/", re.IGNORECASE)
_WRITTEN_ORIGIN = re.compile(r"https?://(?:[^/$?#]|\$\$|\$\{[^}]*\})+(?=/|\Z)", re.IGNORECASE)
_UNFIT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\]")

OURS: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "upgrade",
        "registry-event",
        "registry-name",
        "registry-replay",
        "registry-test",
        standard_webhooks.ID,
        standard_webhooks.SIGNATURE,
        standard_webhooks.TIMESTAMP,
    }
)
"""Headers that frame the request or name the event: the worker's own, whatever the file says."""

IGNORED: Final = frozenset({"content-length", "host", "trailer", "transfer-encoding"})
"""Headers that a registry takes and never sends: Go's client leaves out configured ones (`reqWriteExcludeHeader`)."""

SecretHeaders = tuple[tuple[str, Secret], ...]


@shaped(shapes.mapping(_TOKEN.pattern, shapes.either(shapes.ANY_TEXT, shapes.array(shapes.ANY_TEXT))))
def read_headers(value: Value) -> SecretHeaders:
    """Read a mapping of names to a text or a list of texts, in order; values never show in a fault.

    What a registry takes and does not send is taken and not sent here either, with a warning.
    """
    lines: list[tuple[str, Secret]] = []
    refused = False
    for name, member in value.members():
        try:
            lines += [(name, line) for line in _header_lines(value, name, member.shown_by(show_nothing))]
        except RefusedValue:
            refused = True
    if refused:
        raise RefusedValue
    return tuple(lines)


_AUTHORIZATION: Final = shapes.text(r"\S(.*\S)?")
_EVERYONE: Final = "to allow POSTs from everyone"


@shaped(_AUTHORIZATION)
def read_authorization(value: Value) -> Secret:
    """Read an exact Authorization value that we send; there is no word for sending none."""
    without = "leave the key out to send none"
    return _authorization(value, instead=without, none_is=f"is not a header's value; {without}")


@shaped(_AUTHORIZATION)
def _asked_value(value: Value) -> Secret:
    alone = "must be the only value, not one of a list"
    return _authorization(value, instead=f"write none {_EVERYONE}", none_is=alone)


def _authorization(value: Value, *, instead: str, none_is: str) -> Secret:
    """Read an exact Authorization value; space around it is refused, since no client could send it."""
    value = value.shown_by(show_nothing)
    text = value.text()
    if isinstance(value.node, Scalar) and value.node.kind == "bool":
        value.fail(f"must be a header's value, e.g. Bearer TOKEN; {instead}")
    if not text or text != text.strip() or _CONTROL.search(text):
        value.refuse("is not a header's value; write e.g. Bearer ${TOKEN} (no space around it, no line break in it)")
    if text.lower() == "none":
        value.fail(f"none {none_is}")
    return Secret(text)


@shaped(shapes.either(_asked_value, shapes.array(_asked_value)))
def asked_authorization(value: Value) -> tuple[tuple[Secret, ...], bool]:
    """Read the values of which a client must show one, and whether `none` says that nobody must."""
    if not isinstance(value.node, list) and (text := value.text()).lower() == "none":
        if text != "none":
            value.fail(f"must be none in lower case {_EVERYONE}")
        return (), True
    found = text_or_list(_asked_value)(value)
    if not found:
        value.shown_by(show_nothing).fail(f"is an empty list; write none {_EVERYONE}")
    return found, False


@shaped(shapes.text(_TOKEN.pattern))
def header_name(value: Value) -> str:
    """Read a header's name; in lower case, as case does not count."""
    name = value.text()
    return (
        name.lower() if _TOKEN.fullmatch(name) else value.refuse("is not the name of a header; write e.g. X-Signature")
    )


_ENDPOINT_URL: Final = "https://ci.example.com/hooks/registry"


def http_url(value: Value, example: str = _ENDPOINT_URL) -> tuple[str, str]:
    """Read an http(s) URL; returns it and how a log may show it (what the environment gave stays as written).

    A fault shows it without user info and query, and `example` as what to write.
    """
    value = value.shown_by(show_url)
    text = value.text()
    if fault := url_fault(text, example):
        value.refuse(fault)
    return text, _safe(text, value)


def url_fault(url: str, example: str = _ENDPOINT_URL) -> str | None:
    """Say what keeps a text from being an http(s) URL with a host; None if nothing does."""
    advice = f"write e.g. {example}"
    if _UNFIT_IN_URL.search(url):
        return f"is not a URL (space, control character or backslash); {advice}"
    parts = split_url(url)
    if parts is None:
        return f"is not a URL; {advice}"
    if parts.scheme not in {"http", "https"}:
        return f"is not an http or https URL; {advice}"
    return None if _host_is_legal(parts.hostname) and parts.port != 0 else f"is not a URL with a host; {advice}"


def split_url(url: str) -> SplitResult | None:
    """Split a URL; None if its host or port is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is no number only shows when asked for
    except ValueError:
        return None
    return parts


def _header_lines(section: Value, name: str, value: Value) -> tuple[Secret, ...]:
    if not _TOKEN.fullmatch(name):  # not shown: a forgotten colon makes a name of a secret
        section.fail("has a name that is not a valid header name; write Name: value")
    if name.lower() in OURS:
        value.fail("is set by the worker itself; leave it out")
    lines = text_or_list(_header_value)(value)
    if name.lower() not in IGNORED:
        return lines
    value.warn_alone("is not sent, as a registry does not send it either; leave it out")
    return ()


def _header_value(value: Value) -> Secret:
    text = value.text()
    if _CONTROL.search(text):
        value.refuse("is not a header's value: it holds a line break or another control character")
    return Secret(text.strip(" \t"))


def _host_is_legal(host: str | None) -> bool:
    if not host or ".." in host:
        return False
    return ":" in host or re.fullmatch(r"[\w.~-]+", host) is not None


def _safe(url: str, value: Value) -> str:
    """The URL for a log: its path as it is written, or `/***` where no path is, for a path can be a secret too."""
    if not (value.is_interpolated and isinstance(value.node, Scalar)):
        return masked_url(url)
    written = value.node.written
    if _LITERAL_HOST.match(written):
        return masked_written_url(written)
    origin, path = _origin(url), urlsplit(url).path
    found = _WRITTEN_ORIGIN.match(written)
    if found and interpolate(found[0], value.reading.sources) == origin:
        return masked_written_url(origin + written[found.end() :])
    return masked_url(origin) + (f"/{MASK}" if path.strip("/") else path)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return url[: len(f"{parts.scheme}://{parts.netloc}")]
