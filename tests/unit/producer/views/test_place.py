"""The names of tables and views."""

import pytest

from producer.views.place import EventsPlace


@pytest.mark.parametrize(
    ("topic", "view"),
    [("registry.events", "registry_events"), ("eu-west.events", "eu_west_events"), ("1st", "_1st")],
)
def test_names_follow_the_topic(topic: str, view: str) -> None:
    """They need no quotation marks in any engine."""
    place = EventsPlace(topic=topic, brokers="", schema_url="", files="", releases=())
    assert (view, f"{view}_topic") == (place.view, place.source)
