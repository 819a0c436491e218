"""Deep JSON cut into pieces that a parser which recurses can read. Pure.

Python's parser stops at some hundred levels, Go's at 10,000. No manifest has members deeper than a few levels: what
lies deeper must be JSON, and no more is asked of it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from producer.manifest.json_scan import STRING

__all__ = ["MAX_DEPTH", "DepthError", "shallow"]

MAX_DEPTH: Final = 10_000
"""Levels that Go's encoding/json reads."""
KEPT: Final = 300
"""Levels of a piece: fewer than Python's parser takes within a deep stack of calls."""

_FLAT: Final = rf'(?:[^"\[\]{{}}]++|{STRING})*+'
_INNERMOST: Final = rf"[\[{{]{_FLAT}[\]}}]"
_RUN: Final = re.compile(
    rf'(?:[^"\[\]{{}}]++|{STRING}|{_INNERMOST})*+(?:(?P<opening>(?:(?!{_INNERMOST})[\[{{])++)|(?P<closing>[\]}}]++))'
)
"""Brackets without anything between them; those that hold no others are passed over, with their ends."""


class DepthError(ValueError):
    """The text has more levels than Go reads, or its brackets have no others."""


def shallow(text: str, check: Callable[[str], object]) -> str:
    """The text with an empty list for whatever lies deeper than `KEPT` levels, which is given to `check` in pieces.

    Raises:
        DepthError: it is deeper than `MAX_DEPTH`, or is no JSON.
        Exception: what `check` raises for a piece.
    """
    around: list[list[str]] = []
    parts: list[str] = []
    start = 0
    for at, opening in _cuts(text):
        parts.append(text[start:at])
        start = at
        if opening:
            around.append(parts)
            parts = []
        else:
            check("".join(parts))
            parts = around.pop()
            parts.append("[]")
    if around:
        raise DepthError("it ends within a list or an object")
    return "".join([*parts, text[start:]])


def _cuts(text: str) -> Iterator[tuple[int, bool]]:
    """(place, whether a piece begins there or else ends) of each step below or above a multiple of `KEPT` levels."""
    depth = 0
    for run in _RUN.finditer(text):
        opening = run["opening"] is not None
        begin, end = run.span("opening" if opening else "closing")
        if opening:
            yield from ((begin + step, True) for step in range(-depth % KEPT, end - begin, KEPT) if depth + step)
            depth += end - begin
            if depth >= MAX_DEPTH:  # what lies innermost was passed over
                raise DepthError(f"it is deeper than {MAX_DEPTH} levels")
        else:
            steps = range((depth - 1) % KEPT, end - begin, KEPT)
            yield from ((begin + step + 1, False) for step in steps if depth - step - 1 > 0)
            depth -= end - begin
            if depth < 0:
                raise DepthError("a list or an object ends that did not begin")
