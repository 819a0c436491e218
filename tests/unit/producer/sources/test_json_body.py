"""A body as JSON."""

import pytest
from msgspec import Struct

from producer.sources.json_body import json_value, members_as
from producer.sources.reading import NotThisFormatError


class Shape(Struct, frozen=True):
    """Two members."""

    name: str = ""
    size: int = 0


def test_members_that_fit_are_taken() -> None:
    """A member of another type is as if absent."""
    assert members_as(b'{"name": 5, "size": 7, "more": []}', Shape) == Shape(size=7)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """Whatever JSON it is."""
    with pytest.raises(NotThisFormatError, match="must be a JSON object"):
        members_as(body, Shape)


@pytest.mark.parametrize(
    ("body", "path"),
    [(b"{", "line 1 column 2"), (b"\n NaN", "line 2 column 2"), (b"[" * 501 + b"]" * 501, "line 1 column 501")],
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, path: str) -> None:
    """Broken off, no JSON to all readers, or too deep."""
    with pytest.raises(NotThisFormatError) as refused:
        json_value(body)
    assert refused.value.path == path
