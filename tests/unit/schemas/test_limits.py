"""What counts as a value of an event, in its JSON and against its Avro."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.limits import MAX_EVENTS, MAX_REFERENCES, MAX_VALUES, has_more_values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a",[]{}\\ ü'), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.sampled_from('a"\\,{'), max_size=3), inner),
    max_leaves=30,
)


def values_of(value: Any) -> int:
    """The members and items of a value, counted one by one."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(1 + values_of(one) for one in inner)


@given(value=JSON, indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
def test_values_are_members_and_items(value: Any, indent: int | None, *, ascii_only: bool) -> None:
    """At every depth, whatever strings contain and however the text is indented."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    count = values_of(value)
    assert not has_more_values(text, count)
    assert count == 0 or has_more_values(text, count - 1)


@pytest.mark.parametrize(("item", "each"), [(b"{}", 1), (b'",,,[[[{{{"', 1), (b"[ \t\n]", 1), (b'{"a":[1,2]}', 4)])
def test_what_has_no_members_and_what_is_in_texts(item: bytes, each: int) -> None:
    """Empty lists and objects have none; commas and brackets of a text are no values."""
    text = b"[" + b",".join([item] * 1000) + b"]"
    assert not has_more_values(text, 1000 * each)
    assert has_more_values(text, 1000 * each - 1)


def test_no_registry_sends_more() -> None:
    """The largest manifest's references, and the most values of the largest envelope as a registry indents it."""
    reference = b'{"mediaType":"","size":0,"digest":"sha256:' + b"a" * 64 + b'"},'
    assert 4 * 2**20 // len(reference) <= MAX_REFERENCES
    in_urls = len(b"\n" + b" " * 21 + b'"",')
    assert 8 * 2**20 // in_urls <= MAX_VALUES
    assert MAX_EVENTS >= 1000
