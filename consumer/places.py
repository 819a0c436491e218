"""Places in a topic, as `--from` and `--to` name them: read from text, and resolved to offsets that stay.

Reading is pure. Resolving asks the log once, at the start of a command: ranges are offsets from then on, so that
consecutive ranges tile whatever comes in meanwhile. Knows nothing of consumers.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol, TypeAlias, assert_never

from runtime.config import Ago, At, Beginning, End, New, parse_rfc3339, parse_start
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import LogPlaces, Topic, first_ms

PLACE_EXAMPLES: Final = (
    "write beginning, end, a time such as 2026-01-31T12:00:00Z, a time ago such as -24h, or PARTITION:OFFSET[,...]"
)
"""The advice behind every refused place."""

_OFFSETS: Final = re.compile(r"[0-9]{1,9}:[0-9]{1,18}(,[0-9]{1,9}:[0-9]{1,18})*", re.ASCII)


_WITHOUT_ZONE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?)?", re.ASCII)


class PlaceError(BridgeError):
    """The place is none of this topic, or `--from` is after `--to`."""

    exit_code: ClassVar[int] = 2


class TopicMissingError(BridgeError):
    """There is no topic of that name."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """One offset in each of these partitions; the others are left out."""

    of: Mapping[int, int]


Place: TypeAlias = Beginning | End | At | Ago | Offsets


@dataclass(frozen=True, slots=True)
class Bounds:
    """The offsets of a topic at one moment, by partition."""

    first: Mapping[int, int]
    """The first offset that is left."""
    end: Mapping[int, int]
    """The offset behind the last record that consumers get: an open transaction's records come later."""

    @property
    def ranges(self) -> dict[int, range]:
        """All offsets."""
        return {partition: range(first, self.end[partition]) for partition, first in self.first.items()}


class LogOffsets(LogPlaces, Protocol):
    """Answers for a cluster's topics and offsets."""

    def topic(self, name: str) -> Topic | None:
        """The topic, or None."""
        ...


def parse_place(text: str) -> Place:
    """Read a place.

    Raises:
        ValueError: it is none; the text says what is one and does not repeat the value.
    """
    if _OFFSETS.fullmatch(text):
        return _offsets(text)
    try:
        start = parse_start(text)
    except ValueError:
        start = New()
    match start:
        case New():
            raise ValueError(_no_place(text))
        case _:
            return start


def _no_place(text: str) -> str:
    """What is wrong with it; a date or a time without a zone is told how it is written in UTC."""
    if found := _WITHOUT_ZONE.fullmatch(text):
        date, minutes, seconds = found.groups()
        in_utc = f"{date}T{minutes or '00:00'}{seconds or ':00'}Z"
        if parse_rfc3339(in_utc) is not None:
            return f"does not say its time zone; write {in_utc} for UTC"
    return f"is not a place in a topic; {PLACE_EXAMPLES}"


def bounds_of(log: LogOffsets, topic: str) -> Bounds:
    """The beginning and the end of every partition, now.

    Raises:
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    first = beginnings_of(log, topic)
    return Bounds(first, log.end(topic, first))


def beginnings_of(log: LogOffsets, topic: str) -> dict[int, int]:
    """The first offset that every partition still has.

    Raises:
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    found = log.topic(topic)
    if found is None:
        raise TopicMissingError(f"topic {topic} does not exist (registry-bridge init creates it)")
    return log.beginning(topic, range(found.partitions))


def offsets_at(log: LogOffsets, topic: str, place: Place, bounds: Bounds, *, now: float) -> dict[int, int]:
    """The place's offset in each partition that it names, within the bounds; `now` in seconds since the epoch.

    A time is, per partition, the first record not earlier, or the end if there is none.

    Raises:
        PlaceError: the topic has no such partition.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    offsets = _unbounded(log, topic, place, bounds, now)
    return {at: min(max(offset, bounds.first[at]), bounds.end[at]) for at, offset in offsets.items()}


def ranges(
    log: LogOffsets, topic: str, from_: Place, to: Place, *, now: float, bounds: Bounds | None = None
) -> dict[int, range]:
    """The offsets from `from_` (included) to `to` (excluded) in each partition that both name.

    Args:
        log: who is asked.
        topic: whose offsets.
        from_: where the range begins.
        to: where it ends.
        now: seconds since the epoch, for times ago.
        bounds: of the topic, if they are known already.

    Raises:
        PlaceError: no such partition, or `from_` is after `to`.
        TopicMissingError: there is no such topic.
        KafkaUnavailableError, KafkaRefusedError: no answer.
    """
    bounds = bounds or bounds_of(log, topic)
    refuse_reversed(from_, to, now=now)
    starts = offsets_at(log, topic, from_, bounds, now=now)
    stops = offsets_at(log, topic, to, bounds, now=now)
    return {at: range(starts[at], max(starts[at], stops[at])) for at in sorted(starts.keys() & stops.keys())}


def _offsets(text: str) -> Offsets:
    found: dict[int, int] = {}
    for pair in text.split(","):
        partition, _, offset = pair.partition(":")
        if int(partition) in found:
            raise ValueError(f"names partition {int(partition)} twice")
        found[int(partition)] = int(offset)
    return Offsets(found)


def _unbounded(log: LogOffsets, topic: str, place: Place, bounds: Bounds, now: float) -> Mapping[int, int]:
    match place:
        case Beginning():
            return bounds.first
        case End():
            return bounds.end
        case At(epoch_s=moment):
            return log.at(topic, bounds.end, first_ms(moment))
        case Ago(seconds=seconds):
            return log.at(topic, bounds.end, first_ms(now - seconds))
        case Offsets(of=offsets):
            for partition in offsets.keys() - bounds.end.keys():
                last = len(bounds.end) - 1
                raise PlaceError(f"topic {topic} has no partition {partition}; it has partitions 0 to {last}")
            return offsets
        case _:
            assert_never(place)


def refuse_reversed(from_: Place, to: Place, *, now: float) -> None:
    """See that a range does not end before it begins, as far as the places alone tell.

    Raises:
        PlaceError: it does.
    """
    if isinstance(from_, Offsets) and isinstance(to, Offsets):
        for partition in sorted(from_.of.keys() & to.of.keys()):
            if from_.of[partition] > to.of[partition]:
                raise PlaceError(
                    f"--from {partition}:{from_.of[partition]} is after --to {partition}:{to.of[partition]}"
                )
    elif not isinstance(from_, Offsets) and not isinstance(to, Offsets) and moment_of(from_, now) > moment_of(to, now):
        raise PlaceError("--from is in the future" if isinstance(to, End) else "--from is after --to")


def moment_of(place: Beginning | End | At | Ago, now: float) -> float:
    """The time of a place, in seconds since the epoch; the end is now."""
    match place:
        case Beginning():
            return -math.inf
        case End():
            return now
        case At(epoch_s=moment):
            return moment
        case Ago(seconds=seconds):
            return now - seconds
        case _:
            assert_never(place)
