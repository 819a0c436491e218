"""`registry-worker status`: how each endpoint stands, from the log, its group, the dead letters and a live worker.

Looking changes nothing. One `StatusReader` can look again and again: dead letters are read on from where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consumer.dead_letters.open_letters import OpenCounts
from consumer.log.range_reader import RangeReader
from consumer.offsets.cursor import Cursor
from consumer.offsets.unread import heads_of, past_what_is_no_record
from consumer.operations.endpoint_positions import EndpointStand, stands_of
from consumer.operations.serving import Serving, outside_reasons
from consumer.places import TopicMissingError, bounds_of
from runtime.cli.terminal import table
from runtime.clock import Clock
from runtime.config import Settings
from runtime.counts import counted
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
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
        """`closed` or `open`; None where no worker says it."""
        return self.serving.live.breaker if self.serving.live else None

    @property
    def waits_because(self) -> list[str]:
        """At least one reason if anything lags."""
        reasons = outside_reasons(self.serving, self.partitions, disabled=self.disabled)
        if not self.has_cursor:
            reasons.insert(0, f"not started yet: it would begin with {counted(self.lag, 'record')} waiting")
        if self.lost:
            reasons.append(f"the log has lost {self.lost} that were not delivered")
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

    def __init__(
        self,
        settings: Settings,
        *,
        admin: Admin,
        groups: Groups,
        reader: RangeReader,
        clock: Clock,
        client_id: str,
    ) -> None:
        """Does not reach out yet; `client_id` is how the broker's logs name whoever looks."""
        self._settings = settings
        self._client_id = client_id
        self._admin = admin
        self._groups = groups
        self._reader = reader
        self._clock = clock
        self._letters = OpenCounts()
        self._letters_read: dict[int, int] = {}
        self.unknown: list[str] = []
        """What could not be known at the last look, and why."""

    def look(self) -> list[EndpointStatus]:
        """Every endpoint, in the order of the configuration.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        stands = stands_of(self._settings, self._admin, self._groups, self._clock, client_id=self._client_id)
        self.unknown = [f"breakers are unknown: {stands.silence}"] if stands.silence else []
        letters = self._read_letters()
        return [self._status(stand, letters) for stand in stands.endpoints]

    def _status(self, stand: EndpointStand, letters: Mapping[str, int] | None) -> EndpointStatus:
        partitions, oldest_age_s = self._looked_at(stand.cursors)
        return EndpointStatus(
            endpoint=stand.endpoint.name,
            disabled=stand.endpoint.disabled,
            group=stand.group,
            has_cursor=stand.has_cursor,
            partitions=partitions,
            oldest_age_s=oldest_age_s,
            serving=stand.serving,
            dead_letters=None if letters is None else letters.get(stand.endpoint.name, 0),
        )

    def _looked_at(self, cursors: Mapping[int, Cursor]) -> tuple[dict[int, Cursor], float | None]:
        """The cursors past what holds no record, and the age of the oldest event that waits."""
        topic = self._settings.topics.events
        heads = heads_of(self._reader, topic, cursors)
        holes = {number: range(at.holes[0], at.holes[0] + 1) for number, at in cursors.items() if at.holes}
        waiting = [*heads.values(), *self._reader.read(topic, holes)]
        oldest_ms = min((record.timestamp_ms for record in waiting), default=None)
        age = None if oldest_ms is None else max(0.0, self._clock.wall() - oldest_ms / 1000)
        return past_what_is_no_record(cursors, heads), age

    def _read_letters(self) -> Mapping[str, int] | None:
        """How many are open, by endpoint; None if they cannot be known."""
        topic = self._settings.topics.dead_letters
        try:
            bounds = bounds_of(self._admin, topic)
        except TopicMissingError as error:
            self.unknown.append(f"dead letters are unknown: {error}")
            return None
        unread = {
            number: range(max(first, self._letters_read.get(number, 0)), bounds.end[number])
            for number, first in bounds.first.items()
        }
        for record in self._reader.read(topic, unread):
            self._letters.add(record)
            self._letters_read[record.partition] = record.offset + 1
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
