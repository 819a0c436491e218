"""`registry-worker status`: each endpoint's lag, its reasons and its dead letters, from Kafka and a worker's answer.

Changes nothing. One `StatusReader` can look again and again: dead letters are read on from where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consumer.dead_letters.folds import OpenCounts
from consumer.offsets.cursor import Cursor
from consumer.offsets.unread import unfinished_in
from consumer.operations.log_view import LogView
from consumer.operations.observation import ObservedEndpoint, observe
from consumer.operations.serving import Serving, outside_reasons
from consumer.places import TopicMissingError
from runtime.cli.terminal import table
from runtime.config import Settings
from runtime.counts import counted, noun
from runtime.units import format_duration

_HEAD: Final = ("ENDPOINT", "LAG", "OLDEST", "GROUP", "BREAKER", "DEAD LETTERS", "WAITS BECAUSE")
UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint, now."""

    endpoint: str
    disabled: bool
    group: str
    has_cursor: bool
    """False: the group has no offset yet, and `partitions` is what its `start` would deliver."""
    partitions: Mapping[int, Cursor]
    oldest_age_s: float | None
    """Seconds since the oldest unfinished event was accepted; None if nothing waits, or it cannot be known."""
    serving: Serving = field(default_factory=Serving)
    dead_letters: int | None = None
    """Open ones; None if they cannot be known."""

    @property
    def breaker(self) -> str | None:
        """`closed` or `open`; None where no worker answers for it."""
        return self.serving.answer.breaker if self.serving.answer else None

    @property
    def waits_because(self) -> list[str]:
        """At least one reason if anything lags."""
        reasons = outside_reasons(self.serving, self.partitions, disabled=self.disabled)
        if not self.has_cursor:
            reasons.insert(0, f"not started yet: it would begin with {counted(self.lag, 'record')} waiting")
        if self.lost:
            lost = f"{counted(self.lost, 'record')} that {noun(self.lost, 'was', 'were')} not delivered"
            reasons.append(f"the log has lost {lost}")
        return reasons

    @property
    def lag(self) -> int:
        """Unfinished records."""
        return sum(cursor.lag for cursor in self.partitions.values())

    @property
    def lost(self) -> int:
        """Offsets that the log no longer has and that were not finished."""
        return sum(cursor.lost for cursor in self.partitions.values())

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "endpoint": self.endpoint,
            "disabled": self.disabled,
            "group": self.group,
            "has_cursor": self.has_cursor,
            "lag": self.lag,
            "lost": self.lost,
            "oldest_age_s": None if self.oldest_age_s is None else round(self.oldest_age_s, 3),
            "breaker": self.breaker,
            "waits_because": self.waits_because,
            "dead_letters": self.dead_letters,
            **self.serving.as_json(self.partitions),
            "partitions": [
                {"partition": number, "offset": at.start, "holes": len(at.holes), "end": at.end, "lag": at.lag}
                for number, at in self.partitions.items()
            ],
        }


class StatusReader:
    """Looks at all endpoints of a configuration."""

    def __init__(self, settings: Settings, view: LogView) -> None:
        """Does not reach out yet."""
        self._settings = settings
        self._view = view
        self._letters = OpenCounts()
        self._letters_read: dict[int, int] = {}
        self.unknown: list[str] = []
        """Facts that could not be known at the last look, and why."""

    def look(self) -> list[EndpointStatus]:
        """Every endpoint, in the order of the configuration.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        found = observe(self._view, self._settings)
        why = found.unreachable_because
        self.unknown = [f"breakers are unknown: {why}"] if why else []
        letters = self._read_letters()
        return [self._status(one, letters) for one in found.endpoints]

    def _status(self, observed: ObservedEndpoint, letters: Mapping[str, int] | None) -> EndpointStatus:
        position = observed.position
        unfinished = unfinished_in(self._view, position.topic, position.cursors)
        oldest_ms = min(unfinished.oldest_ms.values(), default=None)
        return EndpointStatus(
            endpoint=position.endpoint.name,
            disabled=position.endpoint.disabled,
            group=position.group,
            has_cursor=position.has_cursor,
            partitions=unfinished.cursors,
            oldest_age_s=None if oldest_ms is None else max(0.0, self._view.clock.wall() - oldest_ms / 1000),
            serving=observed.serving,
            dead_letters=None if letters is None else letters.get(position.endpoint.name, 0),
        )

    def _read_letters(self) -> Mapping[str, int] | None:
        """How many are open, by endpoint; None if they cannot be known."""
        topic = self._settings.topics.dead_letters
        try:
            bounds = self._view.bounds(topic)
        except TopicMissingError as error:
            self.unknown.append(f"dead letters are unknown: {error}")
            return None
        unread = {
            number: range(max(first, self._letters_read.get(number, 0)), bounds.end[number])
            for number, first in bounds.first.items()
        }
        for record in self._view.read(topic, unread):
            self._letters.add(record)
            self._letters_read[record.partition] = record.next_offset
        return self._letters.by_endpoint()


def text_of(statuses: Sequence[EndpointStatus]) -> str:
    """A table for a person."""
    return table(_HEAD, [_row(status) for status in statuses])


def _row(status: EndpointStatus) -> list[str]:
    if status.oldest_age_s is None:
        age = UNKNOWN if status.lag else "-"
    else:
        age = format_duration(float(round(status.oldest_age_s)))
    return [
        status.endpoint,
        str(status.lag),
        age,
        status.serving.text(),
        "disabled" if status.disabled and status.breaker is None else status.breaker or UNKNOWN,
        UNKNOWN if status.dead_letters is None else str(status.dead_letters),
        "; ".join(status.waits_because) or "-",
    ]
