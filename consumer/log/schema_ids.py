"""Schema ids that a schema registry gave out: it is asked once for each, then the schema is known.

Safe to use from several threads. It knows no event loop: `ask` blocks.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Final, Protocol

from msgspec.structs import replace

from consumer.log.decoding import UnaskedError, foreign_id_of
from consumer.record import Record
from runtime.clock import Clock
from runtime.config import Settings
from runtime.schema_registry import SchemaRegistry, SchemaRegistryUnavailableError
from schemas.avro import UndecodableError
from schemas.catalog import event_fingerprint

_UNKNOWN_FOR_S: Final = 60.0
"""How long "there is no such id" holds: a registry's replica may come to know it."""
_ASK_LIMIT_S: Final = 30.0
"""How long one waits for a question that another has put, which has a limit of its own."""
_UNKNOWN_KEPT: Final = 10_000
"""Whoever writes damaged records cannot fill the memory with ids that there are not."""


class RegisteredSchemas(Protocol):
    """Schemas of a registry, by their id."""

    def schema(self, schema_id: int) -> str | None:
        """The Avro schema with this id, None if there is none. Blocks.

        Raises:
            SchemaRegistryUnavailableError: the registry does not answer.
        """
        ...


class SchemaIds:
    """Ids of one schema registry."""

    def __init__(self, registry: RegisteredSchemas, clock: Clock, *, limit_s: float = _ASK_LIMIT_S) -> None:
        """Knows nothing yet.

        Args:
            registry: asked once for each id.
            clock: for how long it remembers that there is none.
            limit_s: how long one waits for a question that another has put, in seconds.
        """
        self._registry = registry
        self._clock = clock
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._fingerprints: dict[int, str] = {}
        self._unknown: OrderedDict[int, float] = OrderedDict()
        """Ids without a schema of ours, and until when that holds (monotonic)."""
        self._asked: dict[int, Future[None]] = {}

    def ask(self, schema_id: int) -> None:
        """Ask the registry, unless this is known already, or is being asked: then wait for that answer.

        Raises:
            SchemaRegistryUnavailableError: it does not answer.
        """
        with self._lock:
            if self._is_known(schema_id):
                return
            question = self._asked.get(schema_id)
            mine = question is None
            question = question or self._asked.setdefault(schema_id, Future())
        if mine:
            self._put(schema_id, question)
        try:
            question.result(self._limit_s)
        except TimeoutError:
            with self._lock:
                self._asked.pop(schema_id, None)
            late = f"the schema registry did not answer within {self._limit_s:g} s"
            raise SchemaRegistryUnavailableError(late) from None

    def _put(self, schema_id: int, question: Future[None]) -> None:
        """Ask the registry for all threads that wait for this id."""
        try:
            schema = self._registry.schema(schema_id)
            fingerprint = event_fingerprint(schema) if schema is not None else None
        except BaseException as error:  # noqa: BLE001 - raised by `result`, to each who asked
            with self._lock:
                self._asked.pop(schema_id, None)
            question.set_exception(error)
            return
        with self._lock:
            self._note(schema_id, fingerprint)
            self._asked.pop(schema_id, None)
        question.set_result(None)

    def _note(self, schema_id: int, fingerprint: str | None) -> None:
        if fingerprint is not None:
            self._fingerprints[schema_id] = fingerprint
            return
        self._unknown[schema_id] = self._clock.monotonic() + _UNKNOWN_FOR_S
        while len(self._unknown) > _UNKNOWN_KEPT:
            self._unknown.popitem(last=False)

    def resolve_known(self, record: Record, schema_id: int) -> Record:
        """The record with what is known of its schema id; asks nobody.

        Raises:
            UnaskedError: nothing is known.
            UndecodableError: there is no such schema, or it is not that of an event.
        """
        with self._lock:
            if not self._is_known(schema_id):
                raise UnaskedError(schema_id)
        fingerprint = self._fingerprints.get(schema_id)
        if fingerprint is None:
            raise UndecodableError(f"the schema registry has no schema of an event with the id {schema_id}")
        return replace(record, schema_fingerprint=fingerprint)

    def fingerprint(self, schema_id: int) -> str | None:
        """The fingerprint of the schema with this id; None if there is none, or it is not that of an event. Blocks.

        Raises:
            SchemaRegistryUnavailableError: the registry does not answer.
        """
        self.ask(schema_id)
        return self._fingerprints.get(schema_id)

    def resolve_blocking(self, record: Record) -> Record:
        """The record, with the fingerprint of its schema if only the registry knows it. Blocks.

        Raises:
            SchemaRegistryUnavailableError: the registry does not answer.
        """
        schema_id = foreign_id_of(record)
        fingerprint = self.fingerprint(schema_id) if schema_id is not None else None
        return record if fingerprint is None else replace(record, schema_fingerprint=fingerprint)

    def _is_known(self, schema_id: int) -> bool:
        until = self._unknown.get(schema_id)
        if until is not None and until <= self._clock.monotonic():
            del self._unknown[schema_id]
            until = None
        return until is not None or schema_id in self._fingerprints


def schema_ids_of(settings: Settings, clock: Clock, *, program: str) -> SchemaIds | None:
    """The ids of the configured schema registry; None without one. `program` names us in its log.

    Raises:
        ClientSettingsError: its address or certificates cannot be used.
    """
    if settings.schema_registry is None:
        return None
    return SchemaIds(SchemaRegistry(settings.schema_registry, program=program), clock)
