"""An event as a record: its key."""

import pytest

from producer.event_record import record_of
from schemas.event import Event, Target


@pytest.mark.parametrize(
    ("repository", "key"), [("", None), ("bücher/é", "bücher/é"), ("ä" * 1024, "ä" * 1024), ("ä" * 2000, "ä" * 1024)]
)
def test_the_key_is_how_the_repository_begins(repository: str, key: str | None) -> None:
    """Whole up to 1,024 characters, which is longer than any registry's: events of one repository have one key."""
    made = record_of(Event(target=Target(repository=repository)), topic="t", accepted_ms=0).key
    assert (made.decode() if made is not None else None) == key
