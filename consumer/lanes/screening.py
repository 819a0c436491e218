"""Screening: the event in a record, and the rule of the endpoint against it. Pure."""

from typing import Final, Protocol

from consumer.log.decoding import event_of
from consumer.record import Record
from runtime.config.settings import UnknownSchema
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError
from schemas.event import Event


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

    def read(self, record: Record) -> tuple[Record, Event]:
        """The event in a record, and the record with all that is known of its schema.

        Raises:
            UnaskedError: only the schema registry can tell, and was not asked yet.
            UnknownSchemaError: a newer release wrote it, and it is to wait.
            UndecodableError: no release can read it.
        """
        try:
            return self._read(record)
        except UnknownSchemaError as error:
            if not self._passes_unknown:
                raise
            raise UndecodableError(f"{error} (worker.unknown_schema is dead-letter)") from error

    def rule_against(self, event: Event) -> str | None:
        """The rule that the event does not pass; None if it is to be delivered."""
        return self._rules.rule_against(event)

    def _read(self, record: Record) -> tuple[Record, Event]:
        try:
            return record, event_of(record)
        except ForeignIdError as error:
            resolved = self._resolved(record, error.schema_id)
            return resolved, event_of(resolved)

    def _resolved(self, record: Record, schema_id: int) -> Record:
        if self.schemas is None:
            raise UndecodableError(
                f"schema id {schema_id} is not one of the bridge's own, and schema_registry.url is not set"
            )
        return self.schemas.resolve_known(record, schema_id)
