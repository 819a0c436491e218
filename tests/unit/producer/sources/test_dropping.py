"""Members cut out of JSON text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.sources.dropping import without

NAMES = st.sampled_from(["a", "b", "c", "é", 'q"', ""])
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "paths", "left"),
    [
        ('{"a": 1, "b": 2}', ["a"], '{"b": 2}'),
        ('{"a": 1, "b": 2}', ["b"], '{"a": 1}'),
        ('{ "a": 1 }', ["a"], "{  }"),
        ('{"a":1,"b":2,"a":3,"c":4,"a":5}', ["a"], '{"b":2,"c":4}'),
        ('{"a":1,"b":2,"c":3}', ["b", "c"], '{"a":1}'),
        ('{"actor": {"name": "ann", "user": "t"}}', ["actor.user"], '{"actor": {"name": "ann"}}'),
        ('{"\\u0061ctor":{"us\\u0065r":1},"x":2}', ["actor.user"], '{"\\u0061ctor":{},"x":2}'),
        ('[{"a":1},{"b":[{"a":2}]}, 7, [{"a":3}]]', ["a"], '[{},{"b":[{"a":2}]}, 7, [{"a":3}]]'),
        ('{"list":[{"a":1,"b":2},{"a":3}]}', ["list.a"], '{"list":[{"b":2},{}]}'),
        (' {"a":{"b":1}} ', ["a.b.c", "b", "x"], ' {"a":{"b":1}} '),
        ('"a"', ["a"], '"a"'),
    ],
)
def test_only_the_member_is_gone(text: str, paths: list[str], left: str) -> None:
    """With the comma that goes with it; every other byte stays."""
    assert without(text, paths) == left


def dropped(value: Any, names: list[str]) -> Any:
    """The same on values: lists on the way mean their items, but not lists in lists."""
    if isinstance(value, list):
        return [dropped(one, names) if isinstance(one, dict) else one for one in value]
    if not isinstance(value, dict):
        return value
    if len(names) == 1:
        return {name: member for name, member in value.items() if name != names[0]}
    return {name: dropped(member, names[1:]) if name == names[0] else member for name, member in value.items()}


@given(VALUES, st.lists(NAMES.filter(bool), min_size=1, max_size=3), st.sampled_from([None, 0, 2]))
def test_what_is_left_is_json_without_the_member(value: Any, names: list[str], indent: int | None) -> None:
    """Whatever it is in, and however it is written."""
    text = json.dumps(value, indent=indent)
    assert json.loads(without(text, [".".join(names)])) == dropped(value, names)


def test_large_bodies_take_their_size() -> None:
    """A list of 20,000 objects, each with the member."""
    text = json.dumps({"list": [{"a": number, "b": "x" * 20} for number in range(20_000)]})
    assert json.loads(without(text, ["list.a"])) == {"list": [{"b": "x" * 20}] * 20_000}
