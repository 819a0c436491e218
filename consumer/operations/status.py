"""`registry-worker status`: each endpoint's lag, its reasons and its dead letters, from Kafka and a worker's answer.

Changes nothing. One `StatusReader` can look again and again: dead letters are read on from where it was.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from consumer.dead_letters.followed_counts import FollowedCounts
from consumer.offsets.backlog import total
from consumer.offsets.cursor import Cursor
from consumer.offsets.unread import unfinished_in
from consumer.operations.log_view import LogView
from consumer.operations.observation import ObservedEndpoint, observe
from consumer.operations.serving import Serving, outside_reasons
from consumer.places import TopicMissingError
from runtime.cli.tables import Column, Look, TableCell, drawn
from runtime.config import Address, EndpointSettings, Settings
from runtime.counts import counted, noun
from runtime.pauses import Pause
from runtime.units import format_duration

UNKNOWN: Final = "?"
_NEVER: Final = "never"
_COLUMNS: Final = (
    Column("ENDPOINT", wraps=True),
    Column("LAG", is_number=True),
    Column("OLDEST", is_number=True),
    Column("RATE", is_number=True),
    Column("CAUGHT UP IN", is_number=True),
    Column("GROUP"),
    Column("BREAKER"),
    Column("DEAD LETTERS", is_number=True),
    Column("WAITS BECAUSE", wraps=True),
)


def rounded(value: float | None) -> float | None:
    """For JSON: to thousandths; null where it is not known."""
    return None if value is None else round(value, 3)


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
    def paused(self) -> Pause | None:
        """The pause in which an operator holds it, by Kafka or by a worker."""
        return self.serving.pause or (self.serving.answer.paused if self.serving.answer else None)

    @property
    def finished_per_s(self) -> float | None:
        """Records that all its workers finish a second; None unless all of them were asked and know it."""
        answer = self.serving.answer
        return answer.finished_per_s if answer is not None and self.serving.is_whole(self.partitions) else None

    @property
    def catch_up_s(self) -> float | None:
        """Seconds until nothing waits, if all goes on as in the last minute; infinity: never; None: not known."""
        answer, finished = self.serving.answer, self.finished_per_s
        if not self.lag:
            return 0.0
        if self.paused is not None:
            return math.inf
        if answer is None or finished is None or answer.arrived_per_s is None:
            return None
        return self.lag / (finished - answer.arrived_per_s) if finished > answer.arrived_per_s else math.inf

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
            "oldest_age_s": rounded(self.oldest_age_s),
            "finished_per_s": rounded(self.finished_per_s),
            "catch_up_s": None if self.catch_up_s == math.inf else rounded(self.catch_up_s),
            "breaker": self.breaker,
            "waits_because": self.waits_because,
            "dead_letters": self.dead_letters,
            **self.serving.as_json(self.partitions),
            "paused": None if self.paused is None else self.paused.as_json(),
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
        view: LogView,
        *,
        workers: Sequence[Address] = (),
        endpoints: Sequence[EndpointSettings] | None = None,
    ) -> None:
        """Does not reach out yet; `workers` and `endpoints` are as `observe` has them."""
        self._settings = settings
        self._view = view
        self._workers: Final = workers
        self._endpoints: Final = endpoints
        self._letters: Final = FollowedCounts(settings.topics.dead_letters, view.log)
        self.unknown: list[str] = []
        """Facts that could not be known at the last look, and why."""

    def look(self) -> list[EndpointStatus]:
        """Every endpoint, in the order of the configuration.

        Raises:
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        found = observe(self._view, self._settings, workers=self._workers, endpoints=self._endpoints)
        self.unknown = list(found.unknown)
        letters = self._read_letters()
        return [self._status(one, letters) for one in found.endpoints]

    def _status(self, observed: ObservedEndpoint, letters: Mapping[str, int] | None) -> EndpointStatus:
        position = observed.position
        unfinished = unfinished_in(self._view, position.topic, position.cursors)
        oldest_ms = total(unfinished.waiting.values()).oldest_ms
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
        try:
            unread = self._letters.look()
        except TopicMissingError as error:
            self.unknown.append(f"dead letters are unknown: {error}")
            return None
        self._letters.take(self._view.read(self._settings.topics.dead_letters, unread))
        return self._letters.by_endpoint()


def text_of(statuses: Sequence[EndpointStatus], look: Look) -> str:
    """A table for a person."""
    return drawn(_COLUMNS, [_row(status) for status in statuses], look)


def _row(status: EndpointStatus) -> list[TableCell]:
    return [
        TableCell(status.endpoint),
        TableCell(str(status.lag)),
        TableCell(_age(status)),
        TableCell(_rate(status)),
        TableCell(_catch_up(status)),
        TableCell(
            status.serving.text(), "yellow" if not (status.serving.membership.members or status.disabled) else ""
        ),
        _breaker(status),
        _letters(status.dead_letters),
        TableCell(
            "; ".join(status.waits_because) or "-", "yellow" if status.waits_because and not status.disabled else "dim"
        ),
    ]


def _age(status: EndpointStatus) -> str:
    if status.oldest_age_s is None:
        return UNKNOWN if status.lag else "-"
    return format_duration(float(round(status.oldest_age_s)))


def _rate(status: EndpointStatus) -> str:
    rate = status.finished_per_s
    if rate is None:
        return "-" if status.disabled else UNKNOWN
    return f"{rate:.0f}/s" if rate >= 10 or not rate else f"{rate:.1f}/s"


def _catch_up(status: EndpointStatus) -> str:
    if not status.lag:
        return "-"
    seconds = status.catch_up_s
    if seconds is None:
        return "-" if status.disabled else UNKNOWN
    return _NEVER if seconds == math.inf else format_duration(float(max(1, round(seconds))))


def _breaker(status: EndpointStatus) -> TableCell:
    if status.disabled and status.breaker is None:
        return TableCell("disabled", "dim")
    if status.paused is not None:
        return TableCell("paused", "yellow")
    match status.breaker:
        case "open":
            return TableCell("open", "red")
        case "closed":
            return TableCell("closed", "green")
    return TableCell(status.breaker or UNKNOWN)


def _letters(count: int | None) -> TableCell:
    return TableCell(UNKNOWN) if count is None else TableCell(str(count), "red" if count else "")
