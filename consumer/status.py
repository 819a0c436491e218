"""`registry-worker status`: how each endpoint stands, from the log, its group, the dead letters and a live worker.

Looking changes nothing. One `StatusReader` can look again and again: dead letters are read on from where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consumer.cursor import Cursor
from consumer.dead_letters.open_letters import OpenCounts
from consumer.live import UNKNOWN, Worker, ask_worker
from consumer.log.range import RangeReader
from consumer.places import TopicMissingError, bounds_of
from consumer.positions import Position, cursors_at_start, positions_of
from consumer.terminal import table
from consumer.unread import heads_of, past_what_is_no_record
from runtime.clock import Clock
from runtime.config import EndpointSettings, Settings
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from runtime.units import format_duration
from schemas.names import group_of

_HEAD: Final = ("ENDPOINT", "LAG", "OLDEST", "BREAKER", "DEAD LETTERS", "WAITS BECAUSE")


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
    """Seconds since the oldest unfinished event was accepted; None if nothing waits."""
    breaker: str
    """`closed`, `open`, or `unknown` where no worker says it."""
    waits_because: list[str] = field(default_factory=list)
    dead_letters: int = 0

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
            "partitions": [
                {"partition": number, "offset": at.start, "holes": len(at.holes), "end": at.end, "lag": at.lag}
                for number, at in self.partitions.items()
            ],
        }


class StatusReader:
    """Looks at all endpoints of a configuration."""

    def __init__(self, settings: Settings, *, admin: Admin, groups: Groups, reader: RangeReader, clock: Clock) -> None:
        """Does not reach out yet."""
        self._settings = settings
        self._admin = admin
        self._groups = groups
        self._reader = reader
        self._clock = clock
        self._letters = OpenCounts()
        self._letters_read: dict[int, int] = {}
        self.silence = ""
        """Why no worker said anything at the last look; empty if one did."""

    def look(self) -> list[EndpointStatus]:
        """Every endpoint, in the order of the configuration.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        prefix = self._settings.worker.group_prefix
        groups = [group_of(prefix, endpoint.name) for endpoint in self._settings.endpoints]
        positions = positions_of(self._admin, self._groups, self._settings.topics.events, groups)
        worker = ask_worker(self._settings.worker.listen)
        self.silence = worker.silence
        self._read_letters()
        letters = self._letters.by_endpoint()
        return [
            self._status(endpoint, positions[group], worker, letters.get(endpoint.name, 0))
            for endpoint, group in zip(self._settings.endpoints, groups, strict=True)
        ]

    def _status(self, endpoint: EndpointSettings, position: Position, worker: Worker, letters: int) -> EndpointStatus:
        live = worker.of(endpoint.name)
        partitions, oldest_age_s = self._looked_at(
            position.cursors
            or cursors_at_start(self._admin, position.topic, endpoint, position.bounds, now=self._clock.wall())
        )
        return EndpointStatus(
            endpoint=endpoint.name,
            disabled=endpoint.disabled,
            group=position.group,
            has_cursor=bool(position.cursors),
            partitions=partitions,
            oldest_age_s=oldest_age_s,
            breaker=live.breaker,
            waits_because=list(live.waits_because),
            dead_letters=letters,
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

    def _read_letters(self) -> None:
        topic = self._settings.topics.dead_letters
        try:
            bounds = bounds_of(self._admin, topic)
        except TopicMissingError:
            return
        unread = {
            number: range(max(first, self._letters_read.get(number, 0)), bounds.end[number])
            for number, first in bounds.first.items()
        }
        for record in self._reader.read(topic, unread):
            self._letters.add(record)
            self._letters_read[record.partition] = record.offset + 1


def text_of(statuses: Sequence[EndpointStatus]) -> str:
    """A table for a person."""
    return table(_HEAD, [_row(status) for status in statuses])


def _row(status: EndpointStatus) -> list[str]:
    age = "-" if status.oldest_age_s is None else format_duration(float(round(status.oldest_age_s)))
    breaker = "disabled" if status.disabled and status.breaker == UNKNOWN else status.breaker
    reasons = list(status.waits_because)
    if not status.has_cursor:
        reasons.insert(0, f"not started yet: its start would deliver {status.lag}")
    if status.lost:
        reasons.append(f"the log has lost {status.lost} that were not delivered")
    return [status.endpoint, str(status.lag), age, breaker, str(status.dead_letters), "; ".join(reasons) or "-"]
