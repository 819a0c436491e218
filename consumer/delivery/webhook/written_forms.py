"""Where secrets stand in a body, however they are written in it. Pure.

What receives a request may answer with its headers as they are, as JSON, HTML, a URL or a form would have them, one in
the other, or in base64 with other things around them. So the body is also looked at as it reads without its escapes,
and a secret is also looked for as base64 has it, which is in one of three ways.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST_FORM: Final = 6
"""Bytes that stand for one, as `\\u0041` and `&#x41;` do."""
_ESCAPE: Final = re.compile(
    rb"%(?P<url>[0-9A-Fa-f]{2})|(?P<utf16>(?:\\u[0-9A-Fa-f]{4})+)|\\x(?P<hex>[0-9A-Fa-f]{2})"
    rb"|&\#(?P<decimal>[0-9]{1,6});|&\#[xX](?P<html>[0-9A-Fa-f]{1,5});|&(?P<name>amp|lt|gt|quot|apos);"
    rb"|\\(?P<character>[\"'/\\])"
)
_NAMED: Final = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_FORM_SPACE: Final = bytes.maketrans(b"+", b" ")
_STANDARD_BASE64: Final = bytes.maketrans(b"-_", b"+/")
_LINE_ENDS: Final = re.compile(rb"[\r\n]+")
_SHORTEST: Final = 6
"""Characters of base64 that are no chance."""

Span = tuple[int, int]
"""From and to, in the body."""


@dataclass(frozen=True, slots=True)
class _View:
    """The body, read in one way."""

    text: bytes
    edits: Sequence[tuple[int, int, int]] = ()
    """What differs from the view before it: from and to there, and how many bytes stand for it here."""
    before: "_View | None" = None
    """None: this is the body itself."""

    def span(self, start: int, end: int) -> Span:
        """Where the bytes of the text from `start` to before `end` are written in the body."""
        if self.before is None:
            return start, end
        return self.before.span(self._written(start)[0], self._written(end - 1)[1])

    def _written(self, at: int) -> Span:
        read = done = 0  # so far here, and in the view before
        for start, end, size in self.edits:
            if at < read + start - done:
                break
            read += start - done
            if at < read + size:
                return start, end
            read, done = read + size, end
        return done + at - read, done + at - read + 1


def needles_of(secrets: Iterable[str]) -> list[bytes]:
    """What to look for: the secrets, and what of them is in base64 the same whatever stands around them."""
    found = set[bytes]()
    for secret in secrets:
        found.add(secret.encode())
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        found.update(inner for form in forms for inner in _in_base64(form.encode()) if len(inner) >= _SHORTEST)
    return sorted(found)


def spans_of(needles: Sequence[bytes], body: bytes) -> list[Span]:
    """Where any of the needles is written in a body, in order, and apart from one another."""
    return _apart(span for view in _views(body) for span in _found(needles, view))


def _in_base64(text: bytes) -> Iterator[bytes]:
    """The characters of which every bit is of the text, by the number of bytes before it."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + text)
        yield encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6]


def _views(body: bytes) -> Iterator[_View]:
    """As it is, without its escapes, and without the escapes that it has then; each also as a form and as base64."""
    view: _View | None = _View(body)
    for _ in range(3):
        if view is None:
            return
        yield view
        yield from _other_characters(view)
        view = _unescaped(view)


def _other_characters(view: _View) -> Iterator[_View]:
    if b"+" in view.text:
        yield _View(view.text.translate(_FORM_SPACE), (), view)
    joined = view.text.translate(_STANDARD_BASE64, b"\r\n")
    if joined != view.text:
        yield _View(joined, [(*ends.span(), 0) for ends in _LINE_ENDS.finditer(view.text)], view)


def _unescaped(view: _View) -> _View | None:
    """As it reads without escapes; None if it has none."""
    text, edits, done = bytearray(), list[tuple[int, int, int]](), 0
    for escape in _ESCAPE.finditer(view.text):
        meant = _meant(escape)
        text += view.text[done : escape.start()] + meant
        edits.append((*escape.span(), len(meant)))
        done = escape.end()
    return _View(bytes(text + view.text[done:]), edits, view) if edits else None


def _meant(escape: re.Match[bytes]) -> bytes:
    """What an escape stands for."""
    kind = str(escape.lastgroup)
    written = escape[kind]
    match kind:
        case "url" | "hex":
            return bytes.fromhex(written.decode())
        case "utf16":
            return bytes.fromhex(written.replace(rb"\u", b"").decode()).decode("utf-16-be", "replace").encode()
        case "decimal" | "html":
            return chr(int(written, 10 if kind == "decimal" else 16)).encode("utf-8", "replace")
        case "name":
            return _NAMED[written]
    return written


def _found(needles: Sequence[bytes], view: _View) -> Iterator[Span]:
    for needle in needles:
        at = view.text.find(needle)
        while at >= 0:
            yield view.span(at, at + len(needle))
            at = view.text.find(needle, at + 1)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """The same places; where two overlap, one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
