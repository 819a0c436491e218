"""Screening: the event in a record, and the rule of the endpoint against it. Pure."""

from typing import Any, Final, Protocol

from msgspec import Struct

from consumer.lanes.outlines import Outlines
from consumer.record import Record
from runtime.config.settings import UnknownSchema
from schemas.avro import ForeignIdError, UndecodableError, UnknownSchemaError
from schemas.event import Event
from schemas.outline import EventOutline

LARGE: Final = 64 * 1024
"""Bytes of a record: below, to read it and to write its JSON takes some 10 ms at most, whatever is in it."""


class UnscreenedError(Exception):
    """A large record is being screened: ask again when that has ended."""


class Screened(Struct, frozen=True, gc=False):
    """A record that was read."""

    record: Record
    """With all that is known of its schema."""
    event: Event | None
    """None where a rule is against it, and for a large one, which is read again when it is sent."""
    rule: str | None
    """The rule of the endpoint that the event does not pass; None if it is to be delivered."""


class Events(Protocol):
    """Reads records."""

    def outline(self, record: Record) -> Event | EventOutline:
        """The outline of the event in a record, or the event itself.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode_outline`.
        """
        ...

    def read(self, record: Record) -> tuple[Record, Event]:
        """The event in a record, and an equal record.

        Raises:
            ForeignIdError, UndecodableError, UnknownSchemaError: see `schemas.avro.decode`.
        """
        ...


class Rules(Protocol):
    """The filters of an endpoint."""

    @property
    def tells_by_outline(self) -> bool:
        """Whether the outline of an event is enough, and is worth being read before the event."""
        ...

    def rule_against(self, event: Any) -> str | None:
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
        self,
        rules: Rules,
        schemas: ForeignSchemas | None = None,
        *,
        unknown_schema: UnknownSchema = "wait",
        outlines: Outlines | None = None,
    ) -> None:
        """Reads records of our own releases, and with `schemas` those of other writers.

        Args:
            rules: of the endpoint.
            schemas: of the schema registry, if there is one.
            unknown_schema: what becomes of a record that a newer release wrote, see `WorkerSettings`.
            outlines: those that the endpoints of a process share.
        """
        self._rules: Final = rules
        self.tells_early: Final = rules.tells_by_outline
        """Whether `early_rule` may tell anything."""
        self.schemas: Final = schemas
        self._passes_unknown: Final = unknown_schema == "dead-letter"
        self._outlines: Final = outlines or Outlines()

    def early_rule(self, record: Record) -> str | None:
        """The rule against the event in a record, where its outline tells it at once; None where only `screen` can."""
        if not self.tells_early:
            return None
        try:
            return self._rules.rule_against(self._outlines.outline(record))
        except (UndecodableError, UnknownSchemaError):
            return None

    def screen(self, record: Record, events: Events | None = None) -> Screened:
        """The event in a record, and the rule against it.

        Args:
            record: as it was read.
            events: reads it, on whatever thread; None: it is read here, on the event loop.

        Raises:
            UnaskedError: only the schema registry can tell, and was not asked yet.
            UnknownSchemaError: a newer release wrote it, and it is to wait.
            UndecodableError: no release can read it.
        """
        reader = events or self._outlines
        try:
            return self._screen(record, reader)
        except ForeignIdError as error:
            return self._screen(self._resolved(record, error.schema_id), reader)
        except UnknownSchemaError as error:
            if not self._passes_unknown:
                raise
            raise UndecodableError(f"{error} (worker.unknown_schema is dead-letter)") from error

    def _screen(self, record: Record, events: Events) -> Screened:
        if not self.tells_early:
            read, event = events.read(record)
            return Screened(read, event, self._rules.rule_against(event))
        rule = self._rules.rule_against(events.outline(record))
        if rule is not None:
            return Screened(record, None, rule)
        return Screened(*events.read(record), None)

    def _resolved(self, record: Record, schema_id: int) -> Record:
        if self.schemas is None:
            raise UndecodableError(
                f"schema id {schema_id} is not one of the bridge's own, and schema_registry.url is not set"
            )
        return self.schemas.resolve_known(record, schema_id)
