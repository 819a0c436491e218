"""The plan of an export: offsets from where the last export ended up to a place, asked for once. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from consumer.analytics.files import Covered, NamedFile, OutputError
from consumer.analytics.gaps import Gap
from consumer.places import Bounds, LogOffsets, Offsets, Place, bounds_of, offsets_at
from runtime.config import Beginning
from runtime.counts import counted

_NONE: Final[Mapping[int, NamedFile]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The offsets that an export is to read."""

    ranges: Mapping[int, range]
    gaps: list[Gap]
    """Offsets that the log lost between the last export and this one."""
    filled: list[int]
    """Partitions that go on before `--from`, because the last export ended there."""
    known: int | None
    """How many partitions the topic has; None where `--from` names partitions, and so leaves out any later one."""


def plan_of(
    log: LogOffsets,
    topic: str,
    covered: Mapping[int, Covered],
    from_: Place | None,
    to: Place,
    *,
    now: float,
    awaited: Mapping[int, NamedFile] = _NONE,
) -> ExportPlan:
    """The offsets to read in each partition that both places name.

    Args:
        log: who is asked.
        topic: whose offsets.
        covered: what is exported already.
        from_: where a partition begins that was not exported yet; None is the beginning, for all partitions.
        to: where the export ends, excluded.
        now: seconds since the epoch, for times ago.
        awaited: files that may still appear, behind those that are there; the export writes them whole, whatever `to`.

    Raises:
        OutputError: what is exported and the log or `from_` do not go together.
        PlaceError, TopicMissingError, KafkaUnavailableError, KafkaRefusedError: from asking.
    """
    bounds = bounds_of(log, topic)
    taken = _with_awaited(covered, awaited)
    if lost := sorted(taken.keys() - bounds.end.keys()):
        raise OutputError(
            f"partition {lost[0]} was exported, but the topic has {counted(len(bounds.end), 'partition')}: "
            "the topic was deleted and created again; export it to another place"
        )
    begins = offsets_at(log, topic, from_ or Beginning(), bounds, now=now)
    stops = offsets_at(log, topic, to, bounds, now=now)
    ranges: dict[int, range] = {}
    gaps: list[Gap] = []
    filled: list[int] = []
    for partition in sorted(begins.keys() & stops.keys()):
        start, stop, held = begins[partition], stops[partition], taken.get(partition)
        if held is not None:
            after = _after(partition, held, bounds, begins[partition] if from_ is not None else None)
            if from_ is not None and begins[partition] > after and stop > after:
                filled.append(partition)
            start, stop = _rest(after, stop, covered.get(partition), awaited.get(partition))
        first = bounds.first[partition]
        if start < min(first, stop):
            gaps.append(Gap(partition, start, first - 1))
        start = max(start, first)
        ranges[partition] = range(start, max(start, stop))
    return ExportPlan(ranges, gaps, filled, None if isinstance(from_, Offsets) else len(bounds.end))


def _with_awaited(covered: Mapping[int, Covered], awaited: Mapping[int, NamedFile]) -> dict[int, Covered]:
    """What the files hold once those that are awaited are there."""
    taken = dict(covered)
    for partition, file in awaited.items():
        held = covered.get(partition)
        taken[partition] = Covered(held.first if held else file.first, file.last)
    return taken


def _rest(after: int, stop: int, held: Covered | None, awaited: NamedFile | None) -> tuple[int, int]:
    """The range behind the files, with all of the file that is awaited."""
    if awaited is None:
        return after, stop
    return (held.last + 1 if held else awaited.first), max(stop, awaited.last + 1)


def _after(partition: int, held: Covered, bounds: Bounds, begin: int | None) -> int:
    """The offset behind what is exported."""
    if bounds.end[partition] <= held.last:
        raise OutputError(
            f"the export of partition {partition} reaches to offset {held.last}, but the log ends at "
            f"{bounds.end[partition]}: the topic was deleted and created again; export it to another place"
        )
    if begin is not None and begin < held.first and bounds.first[partition] < held.first:
        raise OutputError(
            f"--from begins at {partition}:{begin}, but the export of partition {partition} begins at offset "
            f"{held.first}, and is only continued at its end; leave out --from, or export to another place"
        )
    return held.last + 1
