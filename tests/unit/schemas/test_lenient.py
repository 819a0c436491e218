"""A value that does not fit its type is absent; the rest of the event is not the worse for it."""

from typing import Any

import pytest

from schemas import Descriptor, Platform, Target
from schemas.lenient import fitting


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "text", [], [{"size": 1}], {}, {"unknown": 1}, "\ud800"])
def test_what_is_no_object_is_all_defaults(value: Any) -> None:
    """Anything but an object with known members gives the defaults."""
    assert Target() == fitting(value, Target)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        1e300,
        float("inf"),
        float("nan"),
        True,
        "1",
        "",
        "\ud800",
        [],
        [1],
        {},
        {"\ud800": 1},
        2**63,
        -(2**63) - 1,
        10**5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_long_is_absent(value: Any) -> None:
    """Only an integer of 64 bits is a size; its neighbours stay."""
    assert Target(length=3, tag="t") == fitting({"size": value, "length": 3, "tag": "t"}, Target)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0, 1])
def test_ends_of_a_long_fit(value: int) -> None:
    """All of Avro's longs fit."""
    assert value == fitting({"size": value}, Target).size


@pytest.mark.parametrize("value", [1, 1.5, True, [], ["a"], {}, "\ud800", "a\udfff"])
def test_what_is_no_text_is_absent(value: Any) -> None:
    """Only text that UTF-8 can carry is text."""
    assert Target(size=1) == fitting({"digest": value, "size": 1}, Target)


def test_lists_and_maps_keep_what_fits() -> None:
    """In lists and maps each item is judged by itself, in order."""
    value = {
        "urls": ["a", 1, None, "\ud800", "", "b"],
        "annotations": {"a": "1", "b": 2, "\ud800": "3", "d": "\udfff", "": ""},
        "references": [{"size": "1", "digest": "d"}, None, [], "x", {"platform": {"os": "linux", "os.features": 1}}],
        "platform": {},
    }
    expected = Target(
        urls=["a", "", "b"],
        annotations={"a": "1", "": ""},
        references=[Descriptor(digest="d"), Descriptor(platform=Platform(os="linux"))],
        platform=Platform(),
    )
    assert expected == fitting(value, Target)
