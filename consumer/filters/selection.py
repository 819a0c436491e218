"""The selection of a command line: events by repository, action, registry and id. Pure."""

from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from consumer.filters.globs import Globs
from schemas.event import Event
from schemas.headers import webhook_id

NOT_SELECTED: Final = "selection"
"""The rule against an event that the command line does not mean."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Criteria that must all hold; an empty one holds for every event."""

    repository: str = ""
    """A glob as in an endpoint's `repositories`; `!` in front means all but these."""
    action: str = ""
    registry: str = ""
    """The label given at intake."""
    event_id: str = ""
    """The event's own id, or its webhook-id where that is another."""
    actor: str = ""
    """A glob as in an endpoint's `actors`."""
    useragent: str = ""
    """A glob as in an endpoint's `useragents`."""
    _repositories: Globs = field(init=False, repr=False, compare=False)
    _actors: Globs = field(init=False, repr=False, compare=False)
    _useragents: Globs = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_repositories", Globs([self.repository] if self.repository else []))
        object.__setattr__(self, "_actors", Globs([self.actor] if self.actor else [], paths=False))
        object.__setattr__(self, "_useragents", Globs([self.useragent] if self.useragent else [], paths=False))

    @property
    def is_empty(self) -> bool:
        """Whether it means every event, and every record that is none."""
        return not self.as_json()

    def matches(self, event: Event) -> bool:
        """Whether the event is meant."""
        return (
            self._repositories.match_if_any(event.target.repository)
            and self._actors.match_if_any(event.actor.name)
            and self._useragents.match_if_any(event.request.useragent)
            and (not self.action or event.action == self.action)
            and (not self.registry or event.registry == self.registry)
            and (not self.event_id or self.event_id == event.id or self.event_id == webhook_id(event))
        )

    def as_json(self) -> dict[str, str]:
        """The criteria that are not empty, by name."""
        given = {found.name: getattr(self, found.name) for found in fields(self) if found.init}
        return {name: text for name, text in given.items() if text}

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """The selection that `as_json` wrote.

        Raises:
            ValueError: it is nothing that this version knows.
        """
        known = {found.name for found in fields(cls) if found.init}
        if not isinstance(given, dict) or given.keys() - known or not all(isinstance(v, str) for v in given.values()):
            raise ValueError(f"is no selection: {given!r}")
        return cls(**given)
