"""JSON texts recognised piece by piece, without recursion (RFC 8259). Pure; builds nothing and knows no events.

A text that runs over several lines is open until its last bracket, and known to be broken at the first token that
cannot stand where it does: so a reader of lines learns at once that what follows is another text.
"""

import re
from typing import Final

__all__ = ["NotJSONError", "Scan"]

STRING: Final = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_SPACE: Final = r"[ \t\r\n]*+"
_SCALAR: Final = rf"{STRING}|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|true|false|null"

_END: Final = "end"
_VALUE: Final = re.compile(rf"{_SPACE}(?:(?P<scalar>{_SCALAR})|(?P<open>[\[{{])|(?P<end>\Z))")
_FIRST_ITEM: Final = re.compile(rf"{_SPACE}(?:(?P<close>\])|(?P<scalar>{_SCALAR})|(?P<open>[\[{{])|(?P<end>\Z))")
_KEY: Final = re.compile(rf"{_SPACE}(?:(?P<key>{STRING})|(?P<end>\Z))")
_FIRST_KEY: Final = re.compile(rf"{_SPACE}(?:(?P<close>\}})|(?P<key>{STRING})|(?P<end>\Z))")
_COLON: Final = re.compile(rf"{_SPACE}(?:(?P<colon>:)|(?P<end>\Z))")
_AFTER_ITEM: Final = re.compile(rf"{_SPACE}(?:(?P<comma>,)|(?P<close>\])|(?P<end>\Z))")
_AFTER_MEMBER: Final = re.compile(rf"{_SPACE}(?:(?P<comma>,)|(?P<close>\}})|(?P<end>\Z))")


class NotJSONError(ValueError):
    """The text is not JSON."""


class Scan:
    """One JSON text, given in pieces that end between tokens, as lines do."""

    __slots__ = ("_brackets", "_expected", "complete")

    def __init__(self) -> None:
        self._brackets: list[str] = []
        self._expected = _VALUE
        self.complete = False
        """Whether the whole text was there."""

    @property
    def open(self) -> bool:
        """Whether a list or an object has begun and not ended."""
        return bool(self._brackets)

    def feed(self, piece: str, at: int = 0) -> int:
        """Read on from `at`; the place after the text's last character, or the piece's end while it is incomplete.

        Raises:
            NotJSONError: what stands there cannot go on with the text, which is no longer open.
        """
        while not self.complete:
            match = self._expected.match(piece, at)
            if match is None:
                self._brackets.clear()
                raise NotJSONError
            at = match.end()
            if match.lastgroup == _END:
                break
            self._take(str(match.lastgroup), piece[at - 1])
        return at

    def _take(self, kind: str, last: str) -> None:
        match kind:
            case "open":
                self._brackets.append(last)
                self._expected = _FIRST_KEY if last == "{" else _FIRST_ITEM
            case "key":
                self._expected = _COLON
            case "colon":
                self._expected = _VALUE
            case "comma":
                self._expected = _KEY if self._brackets[-1] == "{" else _VALUE
            case _:
                if kind == "close":
                    self._brackets.pop()
                self.complete = not self._brackets
                if self._brackets:
                    self._expected = _AFTER_MEMBER if self._brackets[-1] == "{" else _AFTER_ITEM
