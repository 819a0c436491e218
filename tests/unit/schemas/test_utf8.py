"""Long texts are encoded in parts, and nobody can tell."""

import pytest

from schemas.utf8 import LONG, utf8


@pytest.mark.parametrize("character", ["a", "ü", "\u2028", "\U0001f600"])
@pytest.mark.parametrize("length", [0, 1, LONG - 1, LONG, LONG + 1, 3 * LONG, 3 * LONG + 7])
def test_it_is_utf8(character: str, length: int) -> None:
    """Of characters of every width, whatever the length."""
    text = ("x" + character) * length
    assert text.encode() == utf8(text)


@pytest.mark.parametrize("length", [1, LONG + 1])
def test_lone_surrogates_have_none(length: int) -> None:
    """At any length."""
    with pytest.raises(UnicodeEncodeError):
        utf8("\ud800" * length)
