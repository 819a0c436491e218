"""What an endpoint's filters hold. A value that no event can match is taken, with a warning: it has no effect."""

import re
from typing import Final

from runtime.config.glob_reach import REPOSITORY, TAG, Grammar, shortest_match
from runtime.config.reading import Value, ValueReader
from runtime.config.shape import ANY_TEXT, Shaped, shaped, text
from runtime.config.value_readers import matching
from schemas.actions import ACTIONS, KNOWN_ACTIONS, OTHER_ACTIONS

METHODS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")
"""Of the requests that make events."""

REPOSITORY_NAMES: Final = (
    "a repository's name has components of a-z 0-9 with . _ - between them, separated by single slashes"
)
TAG_NAMES: Final = "a tag has up to 128 of the characters A-Z a-z 0-9 _ . - and does not begin with . or -"

_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+([ \t]*;.*)?", re.DOTALL)
_PATTERN: Final = r"(?s)(?!!$).+"
_glob: Final = matching(_PATTERN, "is an empty pattern; write e.g. library/* or !library/tmp*")
_text_glob: Final = matching(_PATTERN, "is an empty pattern; write e.g. robot* or !*scanner*")
_GLOB_SHAPE: Final = text(r"[^!](.|\n)*|!(.|\n)+")


@shaped(ANY_TEXT)
def action(value: Value) -> str:
    """Read an action, which is compared exactly."""
    text = value.text()
    if text not in (*ACTIONS, *OTHER_ACTIONS):
        value.warn(f"matches nothing: it is not an event's action; known: {KNOWN_ACTIONS}")
    return text


@shaped(ANY_TEXT)
def method(value: Value) -> str:
    """Read a request's method, which is compared exactly."""
    text = value.text()
    if text not in METHODS:
        value.warn(f"matches nothing: it is not the method of a request that makes events; known: {', '.join(METHODS)}")
    return text


@shaped(ANY_TEXT)
def media_type(value: Value) -> str:
    """Read a media type, which is compared exactly; "" stands for an event without one."""
    text = value.text()
    if "*" in text:
        value.warn("matches nothing: media types are compared exactly, and * has no meaning here")
    elif text and not _MEDIA_TYPE.fullmatch(text):
        value.warn("matches nothing: it is not a media type such as application/octet-stream")
    return text


def globs_of(grammar: Grammar, legal: str) -> ValueReader[str]:
    """Make a reader of a glob over names of this grammar; `legal` says what such a name is."""

    def read(value: Value) -> str:
        pattern = _glob(value)
        if shortest_match(pattern.removeprefix("!"), grammar) is None:
            value.warn(f"matches nothing: {legal}")
        return pattern

    return Shaped(read, _GLOB_SHAPE)


repository_glob: Final = globs_of(REPOSITORY, REPOSITORY_NAMES)
tag_glob: Final = globs_of(TAG, TAG_NAMES)


@shaped(_GLOB_SHAPE)
def text_glob(value: Value) -> str:
    """Read a glob over texts of any form."""
    return _text_glob(value)
