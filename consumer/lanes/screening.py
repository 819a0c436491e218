"""Screening: the event in a record, and the rule of the endpoint against it. Pure."""

from dataclasses import dataclass
from typing import Final, Protocol

from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.config.settings import UnknownSchema
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError
from schemas.event import Event

LARGE: Final = 64 * 1024
"""Bytes of a record: below, to read it and to write its JSON takes some 10 ms at most, whatever is in it."""


class UnscreenedError(Exception):
    """A large record is being screened: ask again when that has ended."""


@dataclass(frozen=True, slots=True)
class Screened:
    """A record that was read."""

    record: Record
    """With all that is known of its schema."""
    event: Event | None
    """None for a large one: it is read again when it is sent."""
    rule: str | None
    """The rule of the endpoint that the event does not pass; None if it is to be delivered."""


class Events(Protocol):
    """Reads records."""

    def read(self, record: Record) -> tuple[Record, Event]:
        """The event in a record, and an equal record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        ...


class _EachByItself:
    """Reads each record anew."""

    def read(self, record: Record) -> tuple[Record, Event]:
        return record, event_of(record)


_EACH: Final = _EachByItself()


class Rules(Protocol):
    """The filters of an endpoint."""

    def rule_against(self, event: Event) -> str | None:
        """The rule that the event does not pass; None if it is to be delivered."""
        ...


class ForeignSchemas(Protocol):
    """The ids that a schema registry gave out."""

    def resolve_known(self, record: Record, schema_id: int) -> Record:
        """The record with the fingerprint of its schema.

        Raises:
            UnaskedError: nothing is known of the id yet.
            UndecodableError: there is no such schema, or it is not that of an event.
        """
        ...

    def ask(self, schema_id: int) -> None:
        """Ask the registry, so that something is known of the id; blocks.

        Raises:
            SchemaRegistryUnavailableError: it does not answer.
        """


class Screening:
    """Reads the records of one endpoint."""

    def __init__(
        self, rules: Rules, schemas: ForeignSchemas | None = None, *, unknown_schema: UnknownSchema = "wait"
    ) -> None:
        """Reads records of our own releases, and with `schemas` those of other writers.

        Args:
            rules: of the endpoint.
            schemas: of the schema registry, if there is one.
            unknown_schema: what becomes of a record that a newer release wrote, see `WorkerSettings`.
        """
        self._rules: Final = rules
        self.schemas: Final = schemas
        self._passes_unknown: Final = unknown_schema == "dead-letter"

    def screen(self, record: Record, events: Events = _EACH) -> Screened:
        """The event in a record, and the rule against it; on whatever thread. `events` reads it.

        Raises:
            UnaskedError: only the schema registry can tell, and was not asked yet.
            UnknownSchemaError: a newer release wrote it, and it is to wait.
            UndecodableError: no release can read it.
        """
        try:
            resolved, event = self._read(record, events)
        except UnknownSchemaError as error:
            if not self._passes_unknown:
                raise
            raise UndecodableError(f"{error} (worker.unknown_schema is dead-letter)") from error
        return Screened(resolved, event, self._rules.rule_against(event))

    def _read(self, record: Record, events: Events) -> tuple[Record, Event]:
        try:
            return events.read(record)
        except ForeignIdError as error:
            return events.read(self._resolved(record, error.schema_id))

    def _resolved(self, record: Record, schema_id: int) -> Record:
        if self.schemas is None:
            raise UndecodableError(
                f"schema id {schema_id} is not one of the bridge's own, and schema_registry.url is not set"
            )
        return self.schemas.resolve_known(record, schema_id)
