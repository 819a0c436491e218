"""Screening: what is read of a record, and what stands against its event."""

import pytest

from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.record import Record
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.catalog import CATALOG
from tests.simulation.simulation import endpoint_settings, foreign, newer, stored


def _record(value: bytes | None) -> Record:
    return Record("registry.events", 0, 0, 0, None, value)


def test_without_a_registry_there_is_nobody_to_ask() -> None:
    """The record is undecodable, and the reason says what to set."""
    screening = Screening(Filter(endpoint_settings()))
    with pytest.raises(
        UndecodableError, match=r"^schema id 7 is not one of the bridge's own, and schema_registry\.url is not set$"
    ):
        screening.screen(_record(foreign("a", 7).value))


def test_what_is_ours_is_read_as_it_is() -> None:
    """The same record, its event, and the rule against that."""
    screening = Screening(Filter(endpoint_settings(ignore={"actions": ["pull"]})))
    record = _record(stored("a", action="pull").value)
    screened = screening.screen(record)
    assert screened.record is record
    assert (None, "ignore.actions") == (screened.event, screened.rule), "an event that nobody wants is not read"


def test_a_newer_release_waits_unless_it_is_to_be_passed() -> None:
    """By `worker.unknown_schema`: the record is undecodable then, and the reason says by which setting."""
    at = newer("a")
    record = Record("registry.events", 0, 0, 0, at.key, at.value, at.headers)
    with pytest.raises(UnknownSchemaError):
        Screening(Filter(endpoint_settings())).screen(record)
    passing = Screening(Filter(endpoint_settings()), unknown_schema="dead-letter")
    with pytest.raises(UndecodableError, match=r"releases up to \d+ \(worker\.unknown_schema is dead-letter\)$"):
        passing.screen(record)


@pytest.mark.parametrize("text", [b"", b"none", b"0123456789abcde", b"0123456789abcdefg", b"\xff" * 16])
def test_a_fingerprint_that_is_none_says_nothing(text: bytes) -> None:
    """Only 16 hex digits are one: the pinned id tells the release, and a foreign id is undecodable."""
    headers = (("schema-fingerprint", text),)
    screening = Screening(Filter(endpoint_settings()))
    good = stored("a")
    screened = screening.screen(Record("registry.events", 0, 0, 0, good.key, good.value, headers))
    assert screened.event is not None
    assert "a" == screened.event.target.repository
    with pytest.raises(UndecodableError):
        screening.screen(Record("registry.events", 0, 0, 0, good.key, foreign("a", 7).value, headers))


def test_hex_digits_may_be_large() -> None:
    """The fingerprint of a release, however it is written."""
    good = stored("a")
    headers = (("schema-fingerprint", CATALOG.latest.fingerprint.upper().encode()),)
    screened = Screening(Filter(endpoint_settings())).screen(
        Record("registry.events", 0, 0, 0, good.key, foreign("a", 7).value, headers)
    )
    assert screened.event is not None
    assert "a" == screened.event.target.repository
