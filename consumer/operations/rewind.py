"""Rewinding: the live cursor of an endpoint, moved by an operator; what that repeats and skips is counted first.

It never sends anything: the endpoint's workers do, from the new place on. What they will do is known only by reading
the events that the move passes, because the endpoint's filters decide about each.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from consumer.filters.endpoint_filter import Filter
from consumer.log.decoding import event_of
from consumer.log.positions import LogEnds, cursors_at_start, position_of
from consumer.offsets.cursor import Cursor
from consumer.places import Place, offsets_at
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.counts import counted
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import Committed
from runtime.kafka.groups import GroupIsLiveError, Groups
from schemas.avro import UndecodableError, UnknownSchemaError

Read = Callable[[str, Mapping[int, range]], Iterable[Record]]
"""Reads ranges of a topic."""


class SkipsEventsError(BridgeError):
    """The move skips events that were not delivered, and nobody said that it may."""

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
class Plan:
    """A rewind that is not done yet."""

    endpoint: str
    group: str
    topic: str
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
        told = [] if self.has_cursor else [f"{self.endpoint} has no cursor yet"]
        head = f"{self.endpoint}: {counted(repeats.wanted, 'event')} {will} be delivered again"
        told.append(f"{head}, {counted(skips.wanted, 'event')} {will} be skipped")
        filtered, unreadable = repeats.filtered + skips.filtered, repeats.unreadable + skips.unreadable
        if filtered:
            told[-1] += f"; {filtered} more that the move passes {'is' if filtered == 1 else 'are'} filtered"
        if unreadable:
            told[-1] += f"; {counted(unreadable, 'record')} cannot be read by this version"
        return told + [_line(move) for move in self.moves if move.passes]


class Rewind:
    """Moves cursors."""

    def __init__(self, log: LogEnds, groups: Groups, read: Read) -> None:
        """Does not reach out yet.

        Args:
            log: who knows the topic's offsets.
            groups: who knows the commits of groups, and sets them.
            read: reads what a move passes; may show how far it is.
        """
        self._log: Final = log
        self._groups: Final = groups
        self._read: Final = read

    def plan(self, endpoint: EndpointSettings, group: str, topic: str, to: Place, *, now: float) -> Plan:
        """What a move would do, counted by reading all that it passes; changes nothing.

        A group without offsets is given one in every partition, by its `start` where `to` does not name it: else they
        would begin at their beginning.

        Raises:
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        position = position_of(self._log, self._groups, topic, group)
        bounds, cursors = position.bounds, position.cursors
        targets: Mapping[int, int] = offsets_at(self._log, topic, to, bounds, now=now)
        if not cursors:
            cursors = cursors_at_start(self._log, topic, endpoint, bounds, now=now)
            targets = {number: at.start for number, at in cursors.items()} | dict(targets)
        moves = {number: Move(number, cursors[number], offset) for number, offset in sorted(targets.items())}
        filter_ = Filter(endpoint)
        for record in self._read(topic, {number: move.passes for number, move in moves.items() if move.passes}):
            moves[record.partition].count(record, filter_)
        return Plan(endpoint.name, group, topic, bool(position.cursors), list(moves.values()))

    def refuse_live(self, endpoint: str, group: str, topic: str) -> None:
        """Find out whether the move would be refused, before anything is counted; changes nothing.

        Raises:
            GroupIsLiveError: a worker serves the endpoint.
            KafkaUnavailableError, KafkaRefusedError: no answer, or its offsets are not ours to set.
        """
        found = self._log.topic(topic)
        try:
            self._groups.refuse_live(group, topic, range(found.partitions if found else 0))
        except GroupIsLiveError as error:
            raise _live(endpoint, group) from error

    def carry_out(self, plan: Plan, *, skip: bool) -> None:
        """Move the cursors; the maps of what was finished above them are dropped.

        Raises:
            SkipsEventsError: events would be skipped, and `skip` does not allow it. Nothing was changed.
            GroupIsLiveError: a worker serves the endpoint. Nothing was changed.
            KafkaUnavailableError, KafkaRefusedError: no answer, or it is not ours to set.
        """
        refuse_skips(plan, skip=skip)
        try:
            self._groups.commit(plan.group, plan.topic, {move.partition: Committed(move.to) for move in plan.moves})
        except GroupIsLiveError as error:
            raise _live(plan.endpoint, plan.group) from error


def refuse_skips(plan: Plan, *, skip: bool) -> None:
    """Skipping must be meant.

    Raises:
        SkipsEventsError: events would be skipped, and `skip` does not allow it.
    """
    if plan.skips and not skip:
        raise SkipsEventsError(
            f"endpoint {plan.endpoint}: {counted(plan.skips, 'event')} that were not delivered would be skipped; "
            "say --skip if that is meant"
        )


def _live(endpoint: str, group: str) -> GroupIsLiveError:
    return GroupIsLiveError(
        f"endpoint {endpoint} is being served (group {group} is live): stop its workers first; "
        "one that was killed counts until its session ends"
    )


def _sum(counts: Iterable[Count]) -> Count:
    total = Count()
    for count in counts:
        total.wanted += count.wanted
        total.filtered += count.filtered
        total.unreadable += count.unreadable
    return total


def _line(move: Move) -> str:
    told = f"  partition {move.partition}: from {move.cursor.start} to {move.to}"
    told += f", {move.repeats.wanted} again" if move.repeats.wanted else ""
    return told + (f", {move.skips.wanted} skipped" if move.skips.wanted else "")
