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


def test_an_id_with_a_number_is_no_other_events() -> None:
    """Two events with one id would be told apart by nobody: the second is left out as a repeat."""
    found = ids("a", "a", "a-1")
    assert len(set(found)) == 3
    assert found[1:] == ["a-2", "a-1"]


def test_an_id_as_long_as_the_body_gets_no_numbers() -> None:
    """A thousand of 1 MiB each would be 1 GiB: they are derived."""
    found = ids(*["i" * 2**20] * 1000)
    assert len(set(found)) == 1000
    assert {len(one) for one in found} == {39}
