"""Globs over repository names and tags (docs/configuration.md). Pure.

`*` stays within a path component, `**` crosses, `?` is one character of a component. In a list the last pattern that
matches decides; `!` negates; if the first is negative, everything else is included.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

_STAR: Final = re.compile(r"(\*\*|\*)")
_REMEMBERED: Final = 1024
"""Names of which a list remembers whether it lets them pass."""
_LONGEST_REMEMBERED: Final = 255
"""Characters: the longest name that a registry takes."""
_ANY: Final = {"**": ".", "*": "[^/]"}


class Globs:
    """A list of patterns, compiled once; empty lets everything pass."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._rules = [(not pattern.startswith("!"), _compiled(pattern.removeprefix("!"))) for pattern in patterns]
        self.only_negative: Final = not any(positive for positive, _ in self._rules)
        """Whether no pattern asks for anything: an empty or all-negative list."""
        self._otherwise = not self._rules or not self._rules[0][0]
        self._verdict = lru_cache(_REMEMBERED)(self._match)  # the same names come again and again

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, text: str) -> bool:
        """Whether the list lets this text pass."""
        return self._verdict(text) if len(text) <= _LONGEST_REMEMBERED else self._match(text)

    def _match(self, text: str) -> bool:
        return next((positive for positive, rule in reversed(self._rules) if rule.fullmatch(text)), self._otherwise)


def _compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression that does not try the same text over and over, however many stars the pattern has.

    What follows a star may be taken at its first place for good (an atomic group) where the next star can take up
    whatever lies behind it: after `*` always, after `**` if the next one is `**` too.
    """
    head, *rest = _STAR.split(pattern)
    stars, bodies = rest[::2], [_body(text) for text in rest[1::2]]
    parts = [_body(head)]
    for star, following, body in zip_longest(stars, stars[1:], bodies, fillvalue=""):
        settled = following and (star == "*" or following == "**")
        parts.append(f"(?>{_ANY[star]}*?{body})" if settled else f"{_ANY[star]}*{body}")
    return re.compile("".join(parts), re.DOTALL)


def _body(text: str) -> str:
    """Literal text and `?`."""
    return "[^/]".join(map(re.escape, text.split("?")))
