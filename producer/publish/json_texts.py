"""JSON texts in a file's lines: one per line, one over several, or several one after another. Pure; knows no events.

How a text lies is decided anew at each text, so damage costs as little as possible: a line that cannot begin a text
costs that line; a text over several lines that breaks off costs its lines up to the next one that begins a text, but
for those that are whole objects by themselves. Memory holds one text at a time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from producer.manifest.json_scan import NotJSONError, Scan

__all__ = ["BYTE_ORDER_MARK", "JSONText"]

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""UTF-8's, which some programs write at the beginning of a file."""
_SPACE: Final = b" \t\r\n"
_BLANK: Final = re.compile(r"[ \t\r\n]*+")
_BEGINNING: Final = re.compile(r"[ \t\r\n]*+[\[{]")


@dataclass(frozen=True, slots=True)
class JSONText:
    """A JSON text, or a piece of the file that is none."""

    content: bytes
    first_line: int
    lines: int = 1
    """How many lines it runs over."""


def json_texts(lines: Iterable[bytes]) -> Iterator[JSONText]:
    """What the lines hold, in order: objects and lists, and what is neither; all but white space is in a result."""
    reader = _TextSplitter()
    for number, line in enumerate(lines, 1):
        yield from reader.line(number, line)
    yield from reader.end()


class _TextSplitter:
    """Holds the lines of the text that is open, or of one that broke off."""

    def __init__(self) -> None:
        self._scan = Scan()
        self._open: list[JSONText] = []
        self._broken: list[JSONText] = []

    def line(self, number: int, content: bytes) -> Iterator[JSONText]:
        """What is known after this line."""
        if self._open:
            yield from self._further(number, content)
            return
        content = content.removeprefix(BYTE_ORDER_MARK)
        if self._broken and content.strip() and not _begins_text(content):
            self._broken.append(JSONText(content, number))
            return
        yield from self._flushed()
        if _is_one_text(content):
            yield JSONText(content, number)
        else:
            yield from self._beginning(number, content)

    def end(self) -> Iterator[JSONText]:
        """What is known at the end of the file."""
        yield from self._given_up()
        yield from self._flushed()

    def _given_up(self) -> Iterator[JSONText]:
        """The open text did not end: those of its lines that are objects by themselves, and what lies between them."""
        lines, self._open, self._scan = self._open, [], Scan()
        for line in lines:
            if _is_one_object(line.content):
                yield from self._flushed()
                yield line
            else:
                self._broken.append(line)

    def _flushed(self) -> Iterator[JSONText]:
        lines, self._broken = self._broken, []
        yield from _joined(lines)

    def _further(self, number: int, content: bytes) -> Iterator[JSONText]:
        try:
            text = content.decode()
            end = self._scan.feed(text)
        except (NotJSONError, UnicodeDecodeError):
            yield from self._given_up()
            yield from self.line(number, content)
            return
        self._open.append(JSONText(text[:end].encode(), number))
        if self._scan.complete:
            yield from _joined(self._open)
            self._open = []
            yield from self._beginning(number, text[end:].encode())

    def _beginning(self, number: int, content: bytes) -> Iterator[JSONText]:
        """A line, or the rest of one: several texts, the first line of one, or none at all."""
        try:
            text, at = content.decode(), 0
        except UnicodeDecodeError:
            yield JSONText(content, number)
            return
        while not _BLANK.fullmatch(text, at):
            self._scan, start = Scan(), at
            try:
                at = self._scan.feed(text, start) if _BEGINNING.match(text, start) else len(text)
            except NotJSONError:
                at = len(text)
            piece = JSONText(text[start:at].encode(), number)
            if self._scan.open:
                self._open.append(piece)
            else:
                yield piece


def _joined(lines: list[JSONText]) -> Iterator[JSONText]:
    if lines:
        yield JSONText(b"".join(line.content for line in lines), lines[0].first_line, len(lines))


def _is_one_text(line: bytes) -> bool:
    """Whether it is surely one whole text: the quick answer for nearly all lines of nearly all files."""
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _is_one_object(line: bytes) -> bool:
    return line.lstrip(_SPACE).startswith(b"{") and _is_one_text(line)


def _begins_text(line: bytes) -> bool:
    """Whether an object or a list begins there: no event is anything else."""
    return line.lstrip(_SPACE).startswith((b"{", b"["))
