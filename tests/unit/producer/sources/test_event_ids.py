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


def test_an_event_that_is_given_an_id_keeps_no_text() -> None:
    """The text has another id or none: a worker would take the record for damaged."""
    texts = [Event(id="", original="{}"), Event(id="a", original='{"id":"a"}'), Event(id="b", original='{"id":"b"}')]
    found = with_ids([*texts, texts[1]], "acr", b"{}")
    assert [event.original for event in found] == ["", "", '{"id":"b"}', ""]
