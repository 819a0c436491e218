"""The ids that values are framed with: the pinned ones, or those that a schema registry gave to our schemas.

With a schema registry no event is framed before it has our schemas: released in order, under the topic's subject,
which must keep every version readable by every other.
"""

import threading
from collections.abc import Mapping
from typing import Final

import structlog

from runtime.clock import Clock
from runtime.config import SchemaRegistrySettings
from runtime.errors import BridgeError
from runtime.schema_registry import (
    ANSWER_LIMIT_S,
    FULL_TRANSITIVE,
    SchemaRefusedError,
    SchemaRegistry,
    SchemaRegistryUnavailableError,
)
from schemas.catalog import CATALOG, Catalog
from schemas.names import subject_of

_log: Final = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0


class Registration:
    """Finds or registers our schemas once; safe to use from several threads."""

    def __init__(
        self, registry: SchemaRegistry | None, topic: str, clock: Clock, *, catalog: Catalog = CATALOG
    ) -> None:
        """Asks nobody yet.

        Args:
            registry: where to register; None: the pinned ids are used.
            topic: the events topic, of which the subject is named.
            clock: so that a registry that is away is not asked by every caller.
            catalog: the released schemas.
        """
        self._registry = registry
        self._subject = subject_of(topic)
        self._clock = clock
        self._catalog = catalog
        self._lock = threading.Lock()
        self._ids: Mapping[int, int] = {} if registry else {release.version: release.id for release in catalog.releases}
        self._failure: BridgeError | None = None
        self._not_before = 0.0

    @property
    def ids(self) -> Mapping[int, int]:
        """The id of each release, by its version; empty until it is known."""
        return self._ids

    @property
    def latest(self) -> int | None:
        """The id of the schema that events are written with; None until it is known."""
        return self._ids.get(self._catalog.latest.version)

    def complete(self) -> int:
        """The id of the schema that events are written with. Blocks until the registry has answered.

        For a second after an error the same error is raised at once.

        Raises:
            SchemaRegistryUnavailableError: it does not.
            SchemaRefusedError: it will not take a schema.
        """
        with self._lock:
            if self._registry is not None and not self._ids:
                self._ids = self._registered(self._registry)
            return self._ids[self._catalog.latest.version]

    def _registered(self, registry: SchemaRegistry) -> Mapping[int, int]:
        if self._failure is not None and self._clock.monotonic() < self._not_before:
            raise type(self._failure)(str(self._failure))  # not itself: that grows by a traceback with each caller
        try:
            ids = self._register(registry)
        except (SchemaRegistryUnavailableError, SchemaRefusedError) as error:
            self._failure, self._not_before = error, self._clock.monotonic() + _AGAIN_S
            raise
        _log.info("schema.registered", registry=registry.safe_url, subject=self._subject, ids=list(ids.values()))
        return ids

    def _register(self, registry: SchemaRegistry) -> Mapping[int, int]:
        """Look before registering: where all is there, a user who may only read is enough."""
        if registry.compatibility(self._subject) != FULL_TRANSITIVE:
            registry.set_compatibility(self._subject, FULL_TRANSITIVE)
        ids: dict[int, int] = {}
        for release in self._catalog.releases:
            found = registry.find(self._subject, release.text)
            ids[release.version] = registry.register(self._subject, release.text) if found is None else found
        return ids


def registration_of(
    settings: SchemaRegistrySettings | None,
    topic: str,
    clock: Clock,
    *,
    program: str,
    limit_s: float = ANSWER_LIMIT_S,
) -> Registration:
    """The registration with the configured schema registry, if there is one.

    Args:
        settings: of the schema registry.
        topic: the events topic.
        clock: see `Registration`.
        program: what we call ourselves to the registry.
        limit_s: seconds that each of its answers may take.

    Raises:
        ClientSettingsError: its address or certificates cannot be used.
    """
    registry = SchemaRegistry(settings, program=program, limit_s=limit_s) if settings is not None else None
    return Registration(registry, topic, clock)
