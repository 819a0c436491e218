"""Whether a glob can match any name that a registry gives: a search through the glob and the names' grammar at once.

The grammars are distribution's (`reference.NameRegexp`, `reference.TagRegexp`), as tables of states; the glob's syntax
is that of docs/configuration.md. Pure.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, digits
from typing import Final

_GlobState = str
_Step = tuple[str, _GlobState]
"""Characters, and the state behind any of them."""

_SAMPLES: Final = "a0A._-/:"
"""One of each class of characters that a grammar tells apart: what a star or `?` is tried with."""
_LOWER: Final = ascii_lowercase + digits
_ANY: Final = ascii_letters + digits
_TOKEN: Final = re.compile(r"\*\*|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The names of something."""

    start: tuple[_GlobState, ...]
    steps: Mapping[_GlobState, tuple[_Step, ...]]
    end: _GlobState
    longest: int

    def behind(self, state: _GlobState, character: str) -> Iterator[_GlobState]:
        """The states that a character leads to."""
        return (following for characters, following in self.steps[state] if character in characters)


REPOSITORY: Final = Grammar(
    start=("component", "host"),
    steps={
        "component": ((_LOWER, "name"),),
        "name": ((_LOWER, "name"), (".", "separated"), ("_", "underscore"), ("-", "dashed"), ("/", "component")),
        "separated": ((_LOWER, "name"),),
        "underscore": ((_LOWER, "name"), ("_", "separated")),
        "dashed": ((_LOWER, "name"), ("-", "dashed")),
        "host": ((_ANY, "host name"),),
        "host name": ((_ANY, "host name"), ("-", "host dashed"), (".", "host"), (":", "port"), ("/", "component")),
        "host dashed": ((_ANY, "host name"), ("-", "host dashed")),
        "port": ((digits, "port number"),),
        "port number": ((digits, "port number"), ("/", "component")),
    },
    end="name",
    longest=255,
)
"""`[HOST[:PORT]/]component(/component)*`; only a host has upper case."""

TAG: Final = Grammar(
    start=("first",),
    steps={"first": ((f"{_ANY}_", "tag"),), "tag": ((f"{_ANY}_.-", "tag"),)},
    end="tag",
    longest=128,
)


def shortest_match(pattern: str, grammar: Grammar) -> str | None:
    """A shortest name that the pattern (without `!`) matches; None if there is none.

    Breadth first over pairs of a place in the pattern and a state of the grammar, no name longer than the grammar's
    longest, so it ends whatever the pattern.
    """
    tokens = _TOKEN.findall(pattern)
    waiting = deque((0, state, "") for state in grammar.start)
    seen: set[tuple[int, _GlobState]] = set()
    while waiting:
        place, state, name = waiting.popleft()
        if (place, state) in seen:
            continue
        seen.add((place, state))
        if place == len(tokens):
            if state == grammar.end:
                return name
            continue
        for further, character in _ways(tokens, place):
            if not character:
                waiting.appendleft((further, state, name))
            elif len(name) < grammar.longest:
                waiting.extend((further, behind, name + character) for behind in grammar.behind(state, character))
    return None


def _ways(tokens: list[str], place: int) -> Iterator[tuple[int, str]]:
    """From a place in the pattern, the places that can follow, each with the character on the way there, if any."""
    match tokens[place]:
        case "**":
            yield place + 1, ""
            yield from ((place, character) for character in _SAMPLES)
        case "*":
            yield place + 1, ""
            yield from ((place, character) for character in _SAMPLES if character != "/")
        case "?":
            yield from ((place + 1, character) for character in _SAMPLES if character != "/")
        case literal:
            yield place + 1, literal
