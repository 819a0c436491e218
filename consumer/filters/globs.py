"""Globs over names of repositories, tags, actors and user agents (docs/configuration.md). Pure.

`*` stays within a path component, `**` crosses, `?` is one character of a component. In a list the last pattern that
matches decides; `!` negates; if the first is negative, everything else is included. Where a text is no path, all of it
is one component.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

_STAR: Final = re.compile(r"(\*\*|\*)")
_REMEMBERED: Final = 1024
"""Names of which a list remembers whether it lets them pass."""
_LONGEST_REMEMBERED: Final = 255
"""Characters: the longest name that a registry takes."""
_IN_PATHS: Final = {"**": ".", "*": "[^/]", "?": "[^/]"}
"""What each sign stands for."""
_IN_TEXTS: Final = {"**": ".", "*": ".", "?": "."}
"""The same in texts that are no paths."""


class Globs:
    """A list of patterns, compiled once; empty lets everything pass."""

    def __init__(self, patterns: Sequence[str], *, paths: bool = True) -> None:
        """Compile the patterns; `paths` says whether slashes part what they match into components."""
        signs = _IN_PATHS if paths else _IN_TEXTS
        self._rules = [
            (not pattern.startswith("!"), _compiled(pattern.removeprefix("!"), signs)) for pattern in patterns
        ]
        self.only_negative: Final = not any(positive for positive, _ in self._rules)
        """Whether no pattern asks for anything: an empty or all-negative list."""
        self._otherwise = not self._rules or not self._rules[0][0]
        self._verdict = lru_cache(_REMEMBERED)(self._match)  # the same names come again and again

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, text: str) -> bool:
        """Whether the list lets this text pass."""
        return self._verdict(text) if len(text) <= _LONGEST_REMEMBERED else self._match(text)

    def match_if_any(self, name: str) -> bool:
        """The same of a name that may be missing, which is empty: it passes only where no pattern asks for one."""
        return self.match(name) if name else self.only_negative

    def _match(self, text: str) -> bool:
        return next((positive for positive, rule in reversed(self._rules) if rule.fullmatch(text)), self._otherwise)


def _compiled(pattern: str, signs: Mapping[str, str]) -> re.Pattern[str]:
    """A regular expression that does not try the same text over and over, however many stars the pattern has.

    What follows a star may be taken at its first place for good (an atomic group) where the next star can take up
    whatever lies behind it: after one that stays within a component always, after one that crosses if the next does.
    """
    head, *rest = _STAR.split(pattern)
    stars, bodies = [signs[star] for star in rest[::2]], [_body(text, signs["?"]) for text in rest[1::2]]
    parts = [_body(head, signs["?"])]
    for star, following, body in zip_longest(stars, stars[1:], bodies, fillvalue=""):
        settled = following and (star != "." or following == ".")
        parts.append(f"(?>{star}*?{body})" if settled else f"{star}*{body}")
    return re.compile("".join(parts), re.DOTALL)


def _body(text: str, one: str) -> str:
    """Literal text and `?`, which is `one` character."""
    return one.join(map(re.escape, text.split("?")))
