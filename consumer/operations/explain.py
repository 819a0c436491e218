"""`registry-worker explain`: where an event lies, and its state at each endpoint. Changes nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumer.attempts.event_attempt import EventAttempt
from consumer.attempts.found import FoundAttempts
from consumer.attempts.question import AttemptQuestion
from consumer.dead_letters.folds import Entry, LetterHistory
from consumer.dead_letters.letter import EventPlace, Letter
from consumer.dead_letters.record import event_id_of, is_letter_of
from consumer.log.decoding import event_of
from consumer.operations.attempts import AttemptSource, known_attempts
from consumer.operations.event_state import StateAtEndpoint, state_at, state_by_letter
from consumer.operations.known_attempts import KnownAttempts
from consumer.operations.log_view import LogView
from consumer.operations.observation import ObservedEndpoint, observe
from consumer.places import Bounds, PlaceError, TopicMissingError
from consumer.record import Record
from runtime.cli.terminal import printable, table
from runtime.config import Settings
from runtime.errors import BridgeError
from runtime.rfc3339 import shown_ms
from schemas.avro import UndecodableError, UnknownSchemaError
from schemas.event import Event
from schemas.headers import text_header
from schemas.names import CE_ID

_PLACE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,18})", re.ASCII)
_ATTEMPTS: Final = 1000
"""Of one event, at all endpoints."""
_SKEW_S: Final = 60.0
"""By which the clock of a worker may be behind that of the intake."""
_HEAD: Final = ("ENDPOINT", "STATE", "WHY")


class NotFoundError(BridgeError):
    """Neither the log nor the dead letters have such an event."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One place of an event, and its state at each endpoint."""

    place: str
    """TOPIC/PARTITION/OFFSET."""
    record: Record | None
    """None: the log no longer has it."""
    event: Event | None
    """None also where it cannot be decoded."""
    no_event_because: str
    """Empty if there is one."""
    states: list[StateAtEndpoint] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For a person."""
        facts = [self.place, *(f"  {name:<11} {value}" for name, value in self._facts() if value)]
        rows = [(one.endpoint, one.state.value, one.why) for one in self.states]
        states = table(_HEAD, rows).splitlines() if rows else ["no endpoints are configured"]
        return [*map(printable, facts), *(f"  {line}" for line in states)]

    def _facts(self) -> Iterator[tuple[str, str]]:
        if self.record is not None:
            yield "accepted", shown_ms(self.record.timestamp_ms)
        if self.event is None:
            yield "no event", self.no_event_because
            return
        target = self.event.target
        yield "id", self.event.id
        yield "action", self.event.action
        yield "repository", target.repository
        yield "tag", target.tag
        yield "digest", target.digest
        yield "registry", self.event.registry
        yield "source", self.event.source_format


@dataclass(frozen=True, slots=True)
class _LettersOf:
    """The letters of an event: of its records, and of those by its name that the log no longer has."""

    name: str
    topic: str
    found: Mapping[EventPlace, Record]

    def matches(self, letter: Letter, /) -> bool:
        return _is_of_found(letter, self.found) or (letter.topic == self.topic and letter.is_named(self.name))


@dataclass(frozen=True, slots=True)
class _AttemptsOfRecord:
    """All known attempts of one record."""

    event_at: EventPlace
    attempts: Sequence[EventAttempt]
    """The newest first."""
    asked: FoundAttempts

    def at(self, endpoint: str) -> KnownAttempts:
        """Those at one endpoint."""
        found = [one for one in self.attempts if one.endpoint == endpoint]
        repeats = [one for one in self.asked.repeats if one.endpoint == endpoint and one.event_at == self.event_at]
        return KnownAttempts(found, self.asked.kept_since.get(endpoint), self.asked.unknown_because, repeats)


class Explainer:
    """Finds events, and their state at each endpoint."""

    def __init__(self, settings: Settings, view: LogView) -> None:
        """Does not reach out yet."""
        self._settings = settings
        self._view = view
        self.unknown: list[str] = []
        """Facts about the event explained last that could not be known, and why."""

    def explain(self, text: str) -> list[Explanation]:
        """Every place of the event whose id, or PARTITION:OFFSET, this is.

        Raises:
            NotFoundError: there is none.
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no events topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        topic = self._settings.topics.events
        bounds = self._view.bounds(topic)
        place = _PLACE.fullmatch(text)
        records = self._at(int(place[1]), int(place[2]), bounds) if place else self._named(text, bounds)
        found = {(record.topic, record.partition, record.offset): record for record in records}
        letters = self._history(text, found).entries()
        if not found and not letters:
            raise NotFoundError(f"{_missing(place, text, topic, bounds)}; there is no dead letter of it either")
        # read after the event was found, however long that took: what was delivered meanwhile is finished
        seen = observe(self._view, self._settings)
        attempts = known_attempts(self._settings, self._view, seen.places)
        return [
            *(
                _explained(found[at], seen.endpoints, letters, _attempts_of(found[at], attempts))
                for at in sorted(found)
            ),
            *explained_by_letters(letters, found),
        ]

    def _at(self, partition: int, offset: int, bounds: Bounds) -> list[Record]:
        topic = self._settings.topics.events
        if partition not in bounds.end:
            last = len(bounds.end) - 1
            raise PlaceError(f"topic {topic} has no partition {partition}; it has partitions 0 to {last}")
        if not bounds.first[partition] <= offset < bounds.end[partition]:
            return []
        return list(self._view.read(topic, {partition: range(offset, offset + 1)}))

    def _named(self, text: str, bounds: Bounds) -> list[Record]:
        topic = self._settings.topics.events
        records = self._view.scan(topic, bounds.ranges, "searching the log")
        return [record for record in records if is_named(record, text)]

    def _history(self, text: str, found: Mapping[EventPlace, Record]) -> LetterHistory:
        """The letters of the events found, and of those that the log no longer has."""
        topic = self._settings.topics.events
        history = LetterHistory(_LettersOf(text, topic, found))
        letters = self._settings.topics.dead_letters
        try:
            bounds = self._view.bounds(letters)
        except TopicMissingError as error:
            self.unknown = [f"dead letters are unknown: {error}"]
            return history
        for record in self._view.scan(letters, bounds.ranges, "reading dead letters"):
            history.add(record)
        return history


def _attempts_of(record: Record, source: AttemptSource) -> _AttemptsOfRecord:
    event_id = text_header(record.headers, CE_ID) or f"{record.partition}:{record.offset}"
    after = None if record.accepted_ms is None else record.accepted_ms / 1000 - _SKEW_S
    found = source.found(AttemptQuestion(id=event_id, after=after, limit=_ATTEMPTS))
    at = record.topic, record.partition, record.offset
    return _AttemptsOfRecord(at, [one for one in found.attempts if one.event_at == at], found)


def is_named(record: Record, text: str) -> bool:
    """Whether the record's event has this id, or goes by it in requests."""
    return bool(text) and (text_header(record.headers, CE_ID) == text or event_id_of(record) == text)


def _missing(place: re.Match[str] | None, text: str, topic: str, bounds: Bounds) -> str:
    if place is None:
        return f"no event in topic {topic} has the id {text}"
    partition, offset = int(place[1]), int(place[2])
    first, end = bounds.first[partition], bounds.end[partition]
    if offset >= end:
        return f"{topic}/{partition}/{offset} does not exist yet: the partition ends at {end}"
    if offset < first:
        return f"{topic}/{partition}/{offset} is no longer in the log: the partition begins at {first}"
    return f"{topic}/{partition}/{offset} holds no record"


def _decoded(record: Record) -> tuple[Event | None, str]:
    try:
        return event_of(record), ""
    except (UndecodableError, UnknownSchemaError) as error:
        return None, str(error)


def _explained(
    record: Record,
    endpoints: Sequence[ObservedEndpoint],
    letters: Sequence[Entry],
    attempts: _AttemptsOfRecord,
) -> Explanation:
    event, no_event_because = _decoded(record)
    by_endpoint = letters_of(record, letters)
    states = [
        state_at(
            record.offset,
            event,
            one.position.endpoint,
            position=one.position.at(record.partition),
            letter=by_endpoint.get(one.position.endpoint.name),
            serving=one.serving,
            attempts=attempts.at(one.position.endpoint.name),
        )
        for one in endpoints
    ]
    known = {one.position.endpoint.name for one in endpoints}
    states += [state_by_letter(entry) for name, entry in by_endpoint.items() if name not in known]
    return Explanation(record.place, record, event, no_event_because, states)


def letters_of(record: Record, letters: Sequence[Entry]) -> dict[str, Entry]:
    """Those of this record's event, by endpoint."""
    found = {entry.letter.endpoint: entry for entry in letters if is_letter_of(entry.letter, record)}
    return dict(sorted(found.items()))


def explained_by_letters(letters: Sequence[Entry], found: Mapping[EventPlace, Record]) -> list[Explanation]:
    """The events that only letters know: the log no longer has them, though it may have another at the same place."""
    gone: dict[tuple[EventPlace, str], list[Entry]] = {}
    for entry in sorted(letters, key=lambda entry: entry.letter.identity):
        if not _is_of_found(entry.letter, found):
            gone.setdefault((entry.letter.event_at, entry.letter.mark), []).append(entry)
    return [_explanation_of_gone(gone[event]) for event in sorted(gone)]


def _is_of_found(letter: Letter, found: Mapping[EventPlace, Record]) -> bool:
    record = found.get(letter.event_at)
    return record is not None and is_letter_of(letter, record)


def _explanation_of_gone(letters: Sequence[Entry]) -> Explanation:
    letter = letters[0].letter
    gone = "the log no longer has it" + (f"; its id is {letter.event_id}" if letter.event_id else "")
    return Explanation("/".join(map(str, letter.event_at)), None, None, gone, [*map(state_by_letter, letters)])
