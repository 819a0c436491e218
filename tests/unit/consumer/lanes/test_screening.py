"""Screening: what is read of a record, and what stands against its event."""

import pytest

from consumer.filters.endpoint_filter import Filter
from consumer.lanes.screening import Screening
from consumer.record import Record
from schemas.avro import UndecodableError
from tests.simulation.simulation import endpoint_settings, foreign, stored


def _record(value: bytes | None) -> Record:
    return Record("registry.events", 0, 0, 0, None, value)


def test_without_a_registry_there_is_nobody_to_ask() -> None:
    """The record is undecodable, and the reason says what to set."""
    screening = Screening(Filter(endpoint_settings()))
    with pytest.raises(
        UndecodableError, match=r"^schema id 7 is not one of the bridge's own, and schema_registry\.url is not set$"
    ):
        screening.read(_record(foreign("a", 7).value))


def test_what_is_ours_is_read_as_it_is() -> None:
    """The same record, its event, and the rule against that."""
    screening = Screening(Filter(endpoint_settings(ignore={"actions": ["pull"]})))
    record = _record(stored("a", action="pull").value)
    same, event = screening.read(record)
    assert same is record
    assert "ignore.actions" == screening.rule_against(event)
