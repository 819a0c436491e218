"""A JSON text recognised piece by piece: whole, open or broken exactly as the standard library has it."""

import json
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.manifest.json_scan import NotJSONError, Scan

DEEP = 20_000
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.builds(json.dumps, VALUES, indent=st.sampled_from([None, 0, 2]), ensure_ascii=st.booleans())
NEAR_TEXTS = st.text(st.sampled_from('{}[],:"0123.eE+-truefalsn\\u \n\t'), max_size=12)


def refuse(constant: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError(constant)


def judged(pieces: list[str]) -> str:
    """`whole` with nothing but white space behind it, `open`, or `broken`."""
    scan, at = Scan(), 0
    try:
        for piece in pieces:
            at = scan.feed(piece)
    except NotJSONError:
        return "broken"
    if not scan.complete:
        return "open"
    return "broken" if pieces[-1][at:].strip(" \t\r\n") else "whole"


@given(TEXTS)
def test_json_is_whole_at_its_end_and_not_before(text: str) -> None:
    """JSON given line by line is whole after its last line, open after each before."""
    lines = text.splitlines(keepends=True) if '"' not in text else [text]
    for end in range(1, len(lines)):
        assert "open" == judged(lines[:end])
    assert "whole" == judged(lines)


@given(NEAR_TEXTS | TEXTS)
def test_verdict_is_that_of_the_standard_library(text: str) -> None:
    """One piece is whole exactly if the standard library reads it."""
    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        assert "whole" != judged([text])
    else:
        assert "whole" == judged([text])


@given(TEXTS, TEXTS)
def test_ends_where_its_text_ends(first: str, second: str) -> None:
    """The rest of a piece is left to the next text."""
    scan = Scan()
    end = scan.feed(f" {first} {second}")
    assert (first, True) == (f" {first} {second}"[1:end], scan.complete)


@pytest.mark.parametrize("text", ["[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP])
def test_depth_costs_no_stack(text: str) -> None:
    """Depth is bounded by memory alone."""
    assert "whole" == judged([text])


@pytest.mark.parametrize("text", ['{"a": {"b":', "[1,", '{"a"', "[[[]", '{"a": 1'])
def test_beginning_is_open(text: str) -> None:
    """What may go on is open."""
    assert "open" == judged([text])


@pytest.mark.parametrize("text", ['{"a": tru', '{"a": "b', "{'a'", "[1 2", '{"a": 01', "NaN", '{"a": {"b": 1]', "}"])
def test_what_cannot_go_on_is_broken(text: str) -> None:
    """A token that cannot stand there, or that is cut, is broken at once."""
    assert "broken" == judged([text])
