"""The filters of an endpoint: the registry's own ignore rules (as 3.1 reads them), and ours. Pure.

A filtered event is finished: the endpoint is owed nothing.
"""

from collections.abc import Iterator
from typing import Final

from consumer.filters.globs import Globs
from runtime.config import EndpointSettings
from schemas.event import Event


class Filter:
    """The rules of one endpoint, compiled once."""

    def __init__(self, endpoint: EndpointSettings) -> None:
        self._media_types: Final = endpoint.ignored_media_types
        self._actions: Final = endpoint.ignored_actions
        self._methods: Final = endpoint.ignored_methods
        self._registries: Final = endpoint.registries
        self._repositories = Globs(endpoint.repositories)
        self._tags = Globs(endpoint.tags)

    def rule_against(self, event: Event) -> str | None:
        """The key of the first rule that keeps the event from the endpoint, or None if it is to be delivered."""
        return next((rule for rule, against in self._verdicts(event) if against), None)

    def _verdicts(self, event: Event) -> Iterator[tuple[str, bool]]:
        yield "ignore.mediatypes", event.target.media_type in self._media_types
        yield "ignore.actions", event.action in self._actions
        yield "ignore.methods", event.request.method in self._methods
        yield "registries", bool(self._registries) and event.registry not in self._registries
        yield "repositories", not self._wants_repository(event.target.repository)
        yield "tags", bool(self._tags) and not (event.target.tag and self._tags.match(event.target.tag))

    def _wants_repository(self, repository: str) -> bool:
        """An event without a repository passes only where no pattern asks for one."""
        return self._repositories.match(repository) if repository else self._repositories.only_negative
