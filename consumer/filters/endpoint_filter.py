"""The filters of an endpoint: the registry's own ignore rules (as 3.1 reads them), and ours. Pure.

A filtered event is finished: the endpoint is owed nothing.
"""

from collections.abc import Callable, Iterator
from typing import Final

from consumer.filters.globs import Globs
from runtime.config import EndpointSettings
from schemas.event import Event
from schemas.outline import EventOutline

_Against = Callable[[Event | EventOutline], bool]


class Filter:
    """The rules of one endpoint, compiled once."""

    def __init__(self, endpoint: EndpointSettings) -> None:
        self._rules: Final = tuple(_rules_of(endpoint))

    @property
    def tells_by_outline(self) -> bool:
        """Whether the outline of an event is enough to hold it against the rules, and there are any."""
        return bool(self._rules)

    def rule_against(self, event: Event | EventOutline) -> str | None:
        """The key of the first rule that keeps the event from the endpoint, or None if it is to be delivered."""
        for key, is_against in self._rules:
            if is_against(event):
                return key
        return None


def _rules_of(endpoint: EndpointSettings) -> Iterator[tuple[str, _Against]]:
    """The keys that the endpoint has, in the order in which they are asked, each with what it says against an event."""
    media_types, actions, methods = endpoint.ignored_media_types, endpoint.ignored_actions, endpoint.ignored_methods
    registries, repositories, tags = endpoint.registries, Globs(endpoint.repositories), Globs(endpoint.tags)
    actors, useragents = Globs(endpoint.actors, paths=False), Globs(endpoint.useragents, paths=False)
    if media_types:
        yield "ignore.mediatypes", lambda event: event.target.media_type in media_types
    if actions:
        yield "ignore.actions", lambda event: event.action in actions
    if methods:
        yield "ignore.methods", lambda event: event.request.method in methods
    if registries:
        yield "registries", lambda event: event.registry not in registries
    if repositories:
        yield "repositories", lambda event: not repositories.match_if_any(event.target.repository)
    if tags:
        yield "tags", lambda event: not (event.target.tag and tags.match(event.target.tag))
    if actors:
        yield "actors", lambda event: not actors.match_if_any(event.actor.name)
    if useragents:
        yield "useragents", lambda event: not useragents.match_if_any(event.request.useragent)
