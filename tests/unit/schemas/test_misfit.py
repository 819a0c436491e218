"""Members that no record can hold are named."""

from typing import Any

import pytest

from schemas.event import Descriptor, Event, RequestRecord, SourceRecord, Target
from schemas.misfit import misfit_of

HALF = "\ud800"
"""Half of a surrogate pair."""
ODD: Any = 5
"""A value of another kind than its member's."""
HALVED = "contains half of a surrogate pair, which is not a character"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (Event(source=SourceRecord(instance_id=HALF)), f"source.instanceID: {HALVED}"),
        (Event(request=RequestRecord(useragent=HALF)), f"request.useragent: {HALVED}"),
        (Event(original=HALF), f"original: {HALVED}"),
        (Event(target=Target(annotations={HALF: "a"})), f"target.annotations, a key: {HALVED}"),
        (
            Event(target=Target(references=[Descriptor(), Descriptor(urls=["a", HALF])])),
            f"target.references[1].urls[1]: {HALVED}",
        ),
        (Event(target=Target(length=-(2**63) - 1)), "target.length: expected int >= -9223372036854775808"),
        (Event(target=Target(size=ODD)), ""),
        (Event(id=ODD), "id: expected str, got int"),
        (Event(target=Target(annotations={ODD: "a"})), "target.annotations: of a key, expected str, got int"),
        (Event(actor=ODD), "actor: expected object, got int"),
    ],
)
def test_the_member_is_named(event: Event, says: str) -> None:
    """By its name in the registry's JSON, with what is wrong with it."""
    assert says == misfit_of(event)


def test_a_value_that_is_no_data_is_told() -> None:
    """Its member is not known, but its kind is."""
    odd: Any = object()
    assert "Encoding objects of type object is unsupported" == misfit_of(Event(source=odd))
