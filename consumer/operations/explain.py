"""`registry-worker explain`: where an event lies, and what has become of it for each endpoint. Changes nothing."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.dead_letters.history import Entry, LetterHistory
from consumer.dead_letters.letter import Identity, Letter, event_id_of
from consumer.dead_letters.text import time_of
from consumer.log.decoding import event_of
from consumer.log.range_reader import RangeReader
from consumer.operations.endpoint_positions import EndpointStand, stands_of
from consumer.operations.event_state import Stand, Verdict, verdict_by_letter, verdict_on
from consumer.places import Bounds, PlaceError, TopicMissingError, bounds_of
from consumer.record import Record
from runtime.cli.terminal import printable, table
from runtime.clock import Clock
from runtime.config import Settings
from runtime.errors import BridgeError
from runtime.kafka.admin import Admin
from runtime.kafka.groups import Groups
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.event import Event
from schemas.headers import text_header
from schemas.names import CE_ID

_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})", re.ASCII)
_HEAD: Final = ("ENDPOINT", "STATE", "WHY")

Watch = Callable[[Iterable[Record], int, str], Iterable[Record]]
"""Passes records through and shows how many of so many offsets are done, under a label."""


class NotFoundError(BridgeError):
    """Neither the log nor the dead letters have such an event."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One place of the event."""

    place: str
    """TOPIC/PARTITION/OFFSET."""
    record: Record | None
    """None: the log no longer has it."""
    event: Event | None
    """None also where it cannot be decoded."""
    obstacle: str
    """Why there is no event, if there is none."""
    verdicts: list[Verdict] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For a person."""
        told = [self.place, *(f"  {name:<11} {value}" for name, value in self._facts() if value)]
        rows = [(verdict.endpoint, verdict.state.value, verdict.why) for verdict in self.verdicts]
        shown = table(_HEAD, rows).splitlines() if rows else ["no endpoints are configured"]
        return [*map(printable, told), *(f"  {line}" for line in shown)]

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.record is not None:
            yield "accepted", time_of(self.record.timestamp_ms)
        if self.event is None:
            yield "no event", self.obstacle
            return
        target = self.event.target
        yield "id", self.event.id
        yield "action", self.event.action
        yield "repository", target.repository
        yield "tag", target.tag
        yield "digest", target.digest
        yield "registry", self.event.registry


class Explainer:
    """Looks for events and judges them."""

    def __init__(
        self,
        settings: Settings,
        *,
        admin: Admin,
        groups: Groups,
        reader: RangeReader,
        clock: Clock,
        watch: Watch,
        client_id: str,
    ) -> None:
        """Does not reach out yet."""
        self._client_id = client_id
        self._settings = settings
        self._admin = admin
        self._groups = groups
        self._reader = reader
        self._clock = clock
        self._watch = watch
        self.unknown: list[str] = []
        """What could not be known of the event explained last, and why."""

    def explain(self, text: str) -> list[Explanation]:
        """Every place of the event whose id, or PARTITION:OFFSET, this is.

        Raises:
            NotFoundError: there is none.
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        topic = self._settings.topics.events
        bounds = bounds_of(self._admin, topic)
        place = _PLACE.fullmatch(text)
        records = self._at(int(place[1]), int(place[2]), bounds) if place else self._named(text, bounds)
        found = {(record.topic, record.partition, record.offset): record for record in records}
        history = self._history(text, found)
        gone = [at for at in history.places() if at not in found]
        if not found and not gone:
            raise NotFoundError(f"{_missing(place, text, topic, bounds)}, nor is there a dead letter of it")
        # read after the event was found, however long that took: what was delivered meanwhile is finished
        stands = stands_of(self._settings, self._admin, self._groups, self._clock, client_id=self._client_id).endpoints
        entries = history.entries()
        return [
            *(self._explained(found[at], stands, entries) for at in sorted(found)),
            *(_explained_by_letters(at, entries) for at in sorted(gone)),
        ]

    def _at(self, partition: int, offset: int, bounds: Bounds) -> list[Record]:
        topic = self._settings.topics.events
        if partition not in bounds.end:
            last = len(bounds.end) - 1
            raise PlaceError(f"topic {topic} has no partition {partition}; it has partitions 0 to {last}")
        if not bounds.first[partition] <= offset < bounds.end[partition]:
            return []
        return list(self._reader.read(topic, {partition: range(offset, offset + 1)}))

    def _named(self, text: str, bounds: Bounds) -> list[Record]:
        topic = self._settings.topics.events
        every = {number: range(first, bounds.end[number]) for number, first in bounds.first.items()}
        records = self._watch(self._reader.read(topic, every), sum(map(len, every.values())), "searching the log")
        return [record for record in records if is_named(record, text)]

    def _history(self, text: str, found: Mapping[tuple[str, int, int], Record]) -> LetterHistory:
        """The letters of the events found, and of those that the log no longer has."""
        topic = self._settings.topics.events

        def matches(letter: Letter) -> bool:
            return letter.identity[1:] in found or (letter.topic == topic and letter.is_named(text))

        history = LetterHistory(matches)
        letters = self._settings.topics.dead_letters
        try:
            bounds = bounds_of(self._admin, letters)
        except TopicMissingError as error:
            self.unknown = [f"dead letters are unknown: {error}"]
            return history
        every = {number: range(first, bounds.end[number]) for number, first in bounds.first.items()}
        records = self._reader.read(letters, every)
        for record in self._watch(records, sum(map(len, every.values())), "reading dead letters"):
            history.add(record)
        return history

    def _explained(
        self, record: Record, stands: Sequence[EndpointStand], entries: Mapping[Identity, Entry]
    ) -> Explanation:
        event, obstacle = _decoded(record)
        verdicts = [
            verdict_on(
                record.offset,
                event,
                at.endpoint,
                stand=Stand(record.partition, at.cursors[record.partition], at.has_cursor),
                letter=entries.get((at.endpoint.name, record.topic, record.partition, record.offset)),
                serving=at.serving,
            )
            for at in stands
        ]
        at = (record.topic, record.partition, record.offset)
        known = {stand.endpoint.name for stand in stands}
        verdicts += [v for v in _by_letters(at, entries) if v.endpoint not in known]
        return Explanation(record.place, record, event, obstacle, verdicts)


def is_named(record: Record, text: str) -> bool:
    """Whether the record's event has this id, or goes by it in requests."""
    return bool(text) and (text_header(record.headers, CE_ID) == text or event_id_of(record) == text)


def _missing(place: re.Match[str] | None, text: str, topic: str, bounds: Bounds) -> str:
    if place is None:
        return f"no event in topic {topic} has the id {text}"
    partition, offset = int(place[1]), int(place[2])
    first, end = bounds.first[partition], bounds.end[partition]
    if offset >= end:
        return f"{topic}/{partition}/{offset} is not there yet: the partition ends at {end}"
    if offset < first:
        return f"{topic}/{partition}/{offset} is gone: the partition begins at {first}"
    return f"{topic}/{partition}/{offset} holds no record"


def _decoded(record: Record) -> tuple[Event | None, str]:
    try:
        return event_of(record), ""
    except (UndecodableError, UnknownSchemaError) as error:
        return None, str(error)


def _explained_by_letters(at: tuple[str, int, int], entries: Mapping[Identity, Entry]) -> Explanation:
    place = "/".join(map(str, at))
    return Explanation(place, None, None, "the log no longer has it", _by_letters(at, entries))


def _by_letters(at: tuple[str, int, int], entries: Mapping[Identity, Entry]) -> list[Verdict]:
    return [verdict_by_letter(entry) for identity, entry in sorted(entries.items()) if identity[1:] == at]
