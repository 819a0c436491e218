"""Which schema registry the worker asks for ids that are not ours: that of its configuration."""

import pytest

from consumer.log.decoding import event_of
from consumer.log.schema_ids import schema_ids_of
from consumer.record import Record
from runtime.config.load import settings_from
from runtime.schema_registry import SchemaRegistryUnavailableError
from schemas import Event, Target
from schemas.avro import encode, frame
from schemas.catalog import CATALOG
from tests.kit.schema_registry import SchemaRegistry
from tests.kit.still_clock import StillClock

LATEST = CATALOG.latest
EVENT = Event(id="e1", action="push", target=Target(repository="team/app"))


def record(schema_id: int) -> Record:
    """An event framed with this id."""
    return Record("registry.events", 0, 7, 1, b"team/app", frame(schema_id, encode(EVENT)), ())


def test_it_is_that_of_the_configuration() -> None:
    """Without `schema_registry` there is nobody to ask; with it, its URL is asked over HTTP."""
    kafka = {"bootstrap.servers": "127.0.0.1:9092"}
    clock = StillClock()
    assert schema_ids_of(settings_from({"kafka": kafka}), clock, program="test") is None
    with SchemaRegistry() as registry:
        schema_id = registry.register("somebody-value", LATEST.text)
        settings = settings_from({"kafka": kafka, "schema_registry": {"url": registry.url}})
        ids = schema_ids_of(settings, clock, program="test")
        assert ids is not None
        assert EVENT == event_of(ids.resolve_blocking(record(schema_id)))
        assert ids.fingerprint(schema_id + 1) is None
        registry.stop()
        assert EVENT == event_of(ids.resolve_blocking(record(schema_id)))
        with pytest.raises(SchemaRegistryUnavailableError, match=f"{registry.url} cannot be reached: "):
            ids.ask(schema_id + 2)
