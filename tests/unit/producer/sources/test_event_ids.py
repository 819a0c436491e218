"""Ids of the events of one body."""

import re

from producer.sources.event_ids import with_ids
from schemas.event import Event


def ids(*given: str, body: bytes = b"{}", source_format: str = "quay") -> list[str]:
    """Of events that have these ids."""
    return [event.id for event in with_ids([Event(id=one) for one in given], source_format, body)]


def test_a_sources_own_id_stays() -> None:
    """If no other event of the body has it."""
    assert ids("a") == ["a"]
    assert ids("a", "b") == ["a", "b"]


def test_one_id_of_several_events_gets_their_numbers() -> None:
    """In the order of the body."""
    assert ids("a", "b", "a") == ["a-1", "b", "a-3"]


def test_a_missing_id_is_derived() -> None:
    """A repeat has the same; another format, body or number has another."""
    found = ids("", "")
    assert found == ids("", "")
    others = [*found, *ids("", body=b"[]"), *ids("", source_format="docker-hub")]
    assert len(set(others)) == len(others) == 4
    assert all(re.fullmatch(r"sha256-[0-9a-f]{32}", one) for one in others)


def test_a_large_body_of_many_events_is_hashed_once() -> None:
    """A thousand events of 8 MiB would be 8 GiB to hash."""
    found = ids(*[""] * 1000, body=bytes(8 * 2**20))
    assert len(set(found)) == 1000
