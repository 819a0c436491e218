"""Where each value stands in JSON text; what is JSON is tested by envelopes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from schemas.json_text import items_of, members_of

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
indents = st.sampled_from([None, 0, 3])


@given(st.dictionaries(st.text(), values), indents)
def test_members_are_found(value: dict[str, object], indent: int | None) -> None:
    """Each with its key and its text."""
    text = json.dumps(value, indent=indent)
    places = list(members_of(text))
    assert {place.name: json.loads(text[place.start : place.end]) for place in places} == value
    assert [json.loads(f"{{{text[place.begin : place.end]}}}") for place in places] == [
        {k: v} for k, v in value.items()
    ]


@given(st.lists(values), indents)
def test_items_are_found(value: list[object], indent: int | None) -> None:
    """Each with its text."""
    text = " " + json.dumps(value, indent=indent)
    assert [json.loads(text[start:end]) for start, end in items_of(text)] == value
