"""Rewinding: the live cursor of an endpoint, moved by an operator; what that repeats and skips is counted first.

It never sends anything: the endpoint's workers do, from the new place on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from consumer.cursor import Cursor
from consumer.places import Place, offsets_at
from consumer.positions import LogEnds, cursors_at_start, position_of
from runtime.config import EndpointSettings
from runtime.errors import BridgeError
from runtime.kafka.groups import Committed, GroupIsLiveError, Groups


class SkipsEventsError(BridgeError):
    """The move skips events that were not delivered, and nobody said that it may."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Move:
    """One partition's cursor, and where it goes."""

    partition: int
    cursor: Cursor
    to: int

    @property
    def repeats(self) -> int:
        """Finished events that will be delivered again."""
        finished_up_to = max(self.cursor.start, self.cursor.top + 1)
        holes = sum(hole >= self.to for hole in self.cursor.holes)
        return max(0, finished_up_to - self.to - holes)

    @property
    def skips(self) -> int:
        """Unfinished events that will not be delivered."""
        return self.cursor.before(self.to)

    @property
    def changes(self) -> bool:
        """Whether anything is repeated or skipped by it."""
        return bool(self.repeats or self.skips)


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
    def repeats(self) -> int:
        """Events delivered again."""
        return sum(move.repeats for move in self.moves)

    @property
    def skips(self) -> int:
        """Events not delivered."""
        return sum(move.skips for move in self.moves)

    def lines(self) -> list[str]:
        """For a person: what changes, in sum and partition by partition."""
        told = []
        if not self.has_cursor:
            would = sum(move.cursor.lag for move in self.moves)
            told.append(f"{self.endpoint} has no cursor yet: its start would deliver {would} events")
        told.append(f"{self.endpoint}: {self.repeats} events are delivered again, {self.skips} are skipped")
        told += [_line(move) for move in self.moves if move.changes]
        return told


class Rewind:
    """Moves cursors."""

    def __init__(self, log: LogEnds, groups: Groups) -> None:
        self._log: Final = log
        self._groups: Final = groups

    def plan(self, endpoint: EndpointSettings, group: str, topic: str, to: Place, *, now: float) -> Plan:
        """What a move would do; changes nothing.

        A group without offsets is given one in every partition, by its `start` where `to` does not name it: else they
        would begin at their beginning.

        Raises:
            PlaceError: the topic has no such partition.
            TopicMissingError: there is no such topic.
            KafkaUnavailableError, KafkaRefusedError: no answer.
        """
        position = position_of(self._log, self._groups, topic, group)
        bounds, cursors = position.bounds, position.cursors
        has_cursor = bool(cursors)
        targets: Mapping[int, int] = offsets_at(self._log, topic, to, bounds, now=now)
        if not has_cursor:
            cursors = cursors_at_start(self._log, topic, endpoint, bounds, now=now)
            targets = {number: at.start for number, at in cursors.items()} | dict(targets)
        moves = [Move(number, cursors[number], offset) for number, offset in sorted(targets.items())]
        return Plan(endpoint.name, group, topic, has_cursor, moves)

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
            raise GroupIsLiveError(
                f"endpoint {plan.endpoint} is being served (group {plan.group} is live): stop its workers first; "
                "one that was killed counts until its session ends"
            ) from error


def refuse_skips(plan: Plan, *, skip: bool) -> None:
    """Skipping must be meant.

    Raises:
        SkipsEventsError: events would be skipped, and `skip` does not allow it.
    """
    if plan.skips and not skip:
        raise SkipsEventsError(
            f"endpoint {plan.endpoint}: {plan.skips} events that were not delivered would be skipped; "
            "say --skip if that is meant"
        )


def _line(move: Move) -> str:
    told = f"  partition {move.partition}: from {move.cursor.start} to {move.to}"
    told += f", {move.repeats} again" if move.repeats else ""
    return told + (f", {move.skips} skipped" if move.skips else "")
