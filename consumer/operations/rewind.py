"""Rewinding: an operator moves the live cursor of an endpoint; what this repeats and skips is counted first.

It never sends anything: the endpoint's workers do, from the new place on. What they will do is known only by reading
the events that the move passes, because the endpoint's filters decide about each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Final

from consumer.filters.endpoint_filter import Filter
from consumer.log.decoding import event_of
from consumer.offsets.cursor import Cursor
from consumer.operations.log_view import LogView
from consumer.places import Place
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import Committed
from runtime.kafka.groups import GroupIsLiveError
from schemas.avro import UndecodableError, UnknownSchemaError


class SkipsEventsError(BridgeError):
    """The move skips events that were not delivered, and --skip is not given."""

    exit_code: ClassVar[int] = 2


@dataclass(slots=True)
class Count:
    """Records that a move passes, by what they are to the endpoint as it is configured now."""

    wanted: int = 0
    """Events that it gets."""
    filtered: int = 0
    unreadable: int = 0
    """Records in which this version can read no event."""

    def add(self, record: Record, filter_: Filter) -> None:
        """Count one."""
        try:
            event = event_of(record)
        except (UndecodableError, UnknownSchemaError):
            self.unreadable += 1
            return
        if filter_.rule_against(event) is None:
            self.wanted += 1
        else:
            self.filtered += 1


@dataclass(slots=True)
class Move:
    """One partition's cursor, and where it goes."""

    partition: int
    cursor: Cursor
    to: int
    repeats: Count = field(default_factory=Count)
    """Finished records at and behind the new place."""
    skips: Count = field(default_factory=Count)
    """Unfinished records before the new place."""

    @property
    def passes(self) -> range:
        """The offsets among which are all that it repeats or skips."""
        return range(min(self.to, self.cursor.start), max(self.to, self.cursor.unread))

    def count(self, record: Record, filter_: Filter) -> None:
        """Take note of a record that it passes."""
        finished = self.cursor.has_finished(record.offset)
        if record.offset >= self.to and finished:
            self.repeats.add(record, filter_)
        elif record.offset < self.to and not finished:
            self.skips.add(record, filter_)


@dataclass(frozen=True, slots=True)
class RewindPlan:
    """A rewind that is not done yet."""

    endpoint: str
    has_cursor: bool
    """False: the group had no offset; the cursors are those that the endpoint's `start` would give now."""
    moves: Sequence[Move]

    @property
    def skips(self) -> int:
        """Events, and records that may be some, that the endpoint will not get."""
        return sum(move.skips.wanted + move.skips.unreadable for move in self.moves)

    def lines(self, *, dry_run: bool = False) -> list[str]:
        """For a person: what changes, in sum and partition by partition."""
        will = "would" if dry_run else "will"
        repeats, skips = _sum(move.repeats for move in self.moves), _sum(move.skips for move in self.moves)
        head = f"{self.endpoint}: {counted(repeats.wanted, 'event')} {will} be delivered again"
        head += f", {counted(skips.wanted, 'event')} {will} be skipped"
        filtered, unreadable = repeats.filtered + skips.filtered, repeats.unreadable + skips.unreadable
        if filtered:
            head += f"; the move also passes {counted(filtered, 'filtered event')}"
        if unreadable:
            head += f"; {counted(unreadable, 'record')} cannot be read by this version"
        lines = [head] if self.has_cursor else [f"{self.endpoint} has no cursor yet", head]
        return lines + [_line(move) for move in self.moves if move.passes]


class Rewind:
    """The move of one endpoint's cursor."""

    def __init__(self, view: LogView, endpoint: EndpointSettings, topic: str) -> None:
        """Does not reach out yet; `topic` is that of events."""
        self._view: Final = view
        self._endpoint: Final = endpoint
        self._topic: Final = topic
        self._group: Final = view.group(endpoint)

    def refuse_live(self) -> None:
        """Find out whether a move would be refused, before anything is counted; changes nothing.

        Raises:
            GroupIsLiveError: a worker serves the endpoint.
            KafkaUnavailableError, KafkaRefusedError: no answer, or its offsets are not ours to set.
        """
        found = self._view.log.topic(self._topic)
        with self._naming_endpoint():
            self._view.groups.refuse_live(self._group, self._topic, range(found.partitions if found else 0))

    def plan(self, to: Place) -> RewindPlan:
        """Plan a move, counted by reading all that it passes; changes nothing.

        A group without offsets is given one in every partition, by its `start` where `to` does not name it: else they
        would begin at their beginning.

        Raises:
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        position = self._view.position(self._endpoint)
        targets: Mapping[int, int] = self._view.offsets_at(self._topic, to, position.bounds)
        if not position.has_cursor:
            targets = {number: at.start for number, at in position.cursors.items()} | dict(targets)
        moves = {number: Move(number, position.cursors[number], offset) for number, offset in sorted(targets.items())}
        passed = {number: move.passes for number, move in moves.items() if move.passes}
        filter_ = Filter(self._endpoint)
        for record in self._view.scan(self._topic, passed, "counting events"):
            moves[record.partition].count(record, filter_)
        return RewindPlan(self._endpoint.name, position.has_cursor, list(moves.values()))

    def carry_out(self, plan: RewindPlan, *, skip: bool) -> None:
        """Move the cursors; the maps of what was finished above them are dropped.

        Raises:
            SkipsEventsError: events would be skipped, and `skip` does not allow it. Nothing was changed.
            GroupIsLiveError: a worker serves the endpoint. Nothing was changed.
            KafkaUnavailableError, KafkaRefusedError: no answer, or it is not ours to set.
        """
        refuse_skips(plan, skip=skip)
        offsets = {move.partition: Committed(move.to) for move in plan.moves}
        with self._naming_endpoint():
            self._view.groups.commit(self._group, self._topic, offsets)

    @contextmanager
    def _naming_endpoint(self) -> Iterator[None]:
        """Say of a live group which endpoint it serves, and what to do."""
        try:
            yield
        except GroupIsLiveError as error:
            raise GroupIsLiveError(
                f"endpoint {self._endpoint.name} is being served (group {self._group} is live): stop its workers "
                "first; a killed worker counts until its session ends"
            ) from error


def refuse_skips(plan: RewindPlan, *, skip: bool) -> None:
    """Skipping must be meant.

    Raises:
        SkipsEventsError: events would be skipped, and `skip` does not allow it.
    """
    if plan.skips and not skip:
        raise SkipsEventsError(
            f"endpoint {plan.endpoint}: {counted(plan.skips, 'event')} that were not delivered would be skipped; "
            "use --skip to allow this"
        )


def _sum(counts: Iterable[Count]) -> Count:
    total = Count()
    for count in counts:
        total.wanted += count.wanted
        total.filtered += count.filtered
        total.unreadable += count.unreadable
    return total


def _line(move: Move) -> str:
    line = f"  partition {move.partition}: from {move.cursor.start} to {move.to}"
    line += f", {move.repeats.wanted} again" if move.repeats.wanted else ""
    return line + (f", {move.skips.wanted} skipped" if move.skips.wanted else "")
