"""Siblings of groups: Java's hash code of both names is one, so that their offsets are in one partition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.kafka.group_sibling import hash_of, sibling_of


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", 0),
        ("a", 97),
        ("hello", 99162322),
        ("polygenelubricants", 2**31),
        ("\N{GRINNING FACE}", 0xD83D * 31 + 0xDE00),
    ],
)
def test_hash_codes_are_javas(name: str, code: int) -> None:
    """As `String.hashCode` gives them, without the sign; UTF-16 code units are what it counts."""
    assert code == hash_of(name)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_sibling_has_the_same_code(group: str) -> None:
    """And another name, which begins with the group's and is printable if that is."""
    sibling = sibling_of(group)
    assert hash_of(group) == hash_of(sibling)
    assert sibling != group
    assert sibling.startswith(group)
    assert sibling[len(group) :].removeprefix(".in-step.").isalpha()
