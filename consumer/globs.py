"""Globs over repository names and tags (design section 5). Pure.

`*` stays within a path component, `**` crosses, `?` is one character of a component. In a list the last pattern that
matches decides; `!` negates; if the first is negative, everything else is included.
"""

import re
from collections.abc import Sequence
from typing import Final

_TOKEN: Final = re.compile(r"\*\*|\*|\?|[^*?]+")
_TRANSLATED: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


class Globs:
    """A list of patterns, compiled once; empty lets everything pass."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._rules = [(not pattern.startswith("!"), _compiled(pattern.removeprefix("!"))) for pattern in patterns]
        self.only_negative: Final = not any(positive for positive, _ in self._rules)
        """Whether no pattern asks for anything: an empty or all-negative list."""
        self._otherwise = not self._rules or not self._rules[0][0]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, text: str) -> bool:
        """Whether the list lets this text pass."""
        return next((positive for positive, rule in reversed(self._rules) if rule.fullmatch(text)), self._otherwise)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        "".join(_TRANSLATED.get(token) or re.escape(token) for token in _TOKEN.findall(pattern)), re.DOTALL
    )
