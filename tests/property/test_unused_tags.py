"""Random logs with gaps, unread ends and more partitions: no tag whose image was used is listed as unused."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.filters.globs import Globs
from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.listing import ListedTag, ReadPartition, TagSelection, listed
from consumer.tags.partition_counts import PartitionCountError, require_made_with
from consumer.tags.recent import TagVerdict
from consumer.tags.record import records_of, rows_in
from consumer.tags.rows import KeptRow, PullingSource, key_of
from consumer.tags.tag_event import TagEvent
from tests.kit.examples import examples
from tests.kit.tags_model import Model
from tests.kit.tags_mutants import FoldKind
from tests.property.test_tags_histories import LOGS, REACH, STEP_US

OUTSIDE: Final = (-(2**62), 2**62)
"""Times that no row can hold."""
DURATIONS: Final = (1, 3, 9)
SOURCES: Final = [(registry, source_format) for registry in ("", "eu") for source_format in ("", "harbor")]
Log = Sequence[TagEvent | None]


@dataclass(frozen=True)
class Course:
    """What happens to a log before somebody asks."""

    lost: range
    """Offsets that retention took unread; a worker finds it, writes it, and another one goes on."""
    read_to: int
    """Behind it lies an open transaction."""
    grows: bool
    """Behind the gap the repositories are in another partition."""
    is_busy: bool
    """The sources send pulls of other repositories all the time, in a partition that is read to its end."""


def course(start: int, length: int, read_to: int, *, grows: bool, is_busy: bool) -> Course:
    """The course that these numbers say."""
    begin = min(start, read_to)
    return Course(range(begin, min(begin + length, read_to)), read_to, grows and begin > 0, is_busy)


COURSES: Final = st.builds(
    course,
    *(st.integers(0, 20), st.integers(0, 5), st.integers(10, 25)),
    grows=st.sampled_from((False, False, True)),
    is_busy=st.booleans(),
)


class UsedError(Exception):
    """A tag is listed whose image was used."""


@dataclass(frozen=True)
class Way:
    """How tags are kept and listed: as it is, or with a fault."""

    fold: FoldKind = TagFold
    changed: Callable[[KeptRow], KeptRow] = lambda row: row
    requires_partitions: bool = True
    counts_held_back: bool = True


def in_time(log: Log) -> list[TagEvent | None]:
    """A step from one event to the next; some happened at another time than they were accepted, a few at none."""
    return [event and _in_time(event) for event in log]


def _in_time(event: TagEvent) -> TagEvent:
    accepted = event.offset * STEP_US
    if event.happened_us == event.accepted_us:
        return replace(event, accepted_us=accepted, happened_us=accepted)
    if event.size and event.is_index:
        return replace(event, accepted_us=accepted, happened_us=OUTSIDE[event.actor == ""])
    return replace(event, accepted_us=accepted)


def kept(log: Log, course: Course, way: Way) -> Iterator[list[KeptRow]]:
    """The rows of each partition."""
    rows: dict[str, KeptRow | None] = {}
    fold = way.fold([], "id", partitions=1, reach=REACH)
    for offset in range(course.lost.start):
        fold.read(offset, offset * STEP_US, log[offset])
    if course.lost:
        fold.miss(course.lost.stop * STEP_US)
        fold.read_nothing(course.lost.stop)
    rows |= fold.take_changes()
    there = [row for row in rows.values() if row is not None]
    if course.grows:
        yield read_again(there)
        rows, there = {}, []
    fold = way.fold(there, "id", partitions=1 + course.grows, reach=REACH)
    for offset in range(max(0, course.lost.stop - 3 * REACH), course.lost.stop):
        if (event := log[offset]) is not None and offset not in course.lost and not course.grows:
            fold.recall(event)
    for offset in range(course.lost.stop, course.read_to):
        fold.read(offset, offset * STEP_US, log[offset])
    rows |= fold.take_changes()
    yield read_again(row for row in rows.values() if row is not None)


def read_again(rows: Iterable[KeptRow]) -> list[KeptRow]:
    """Rows as the topic has them."""
    written = records_of({key_of(row): row for row in rows}, "tags", 0)
    records = [Record("tags", 0, at, 0, one.key, one.value, tuple(one.headers)) for at, one in enumerate(written)]
    return list(rows_in(records).values())


def unused(log: Log, course: Course, way: Way, steps: int) -> list[ListedTag]:
    """What is listed when all this has happened."""
    partitions: dict[int, ReadPartition] = {}
    for number, found in enumerate(kept(log, course, way)):
        if way.requires_partitions:
            try:
                require_made_with("tags", found, 1 + course.grows)
            except PartitionCountError:
                return []
        is_gone = course.grows and number == 0
        end = course.lost.stop if is_gone else len(log) if way.counts_held_back else course.read_to
        readable = course.lost.stop if is_gone else course.read_to
        rows = [way.changed(row) for row in found]
        partitions[number] = ReadPartition(rows, "id", range(end), readable, len(log) * STEP_US)
    now_us = len(log) * STEP_US
    if course.is_busy:
        busy = [
            PullingSource(registry=registry, source_format=source_format, last_pulled_us=now_us, offset=0)
            for registry, source_format in SOURCES
        ]
        partitions[9] = ReadPartition(busy, "id", range(0), 0, now_us)
    return listed(partitions, TagSelection(Globs([]), unused_us=steps * STEP_US, everything=True))


def uses_of(tag: ListedTag, model: Model, unseen: Log) -> Iterator[int]:
    """All uses and pushes of the image of a tag that are known, and those that nobody has read."""
    place, digest = tag.row.place, tag.row.digest
    yield from model.uses.get((place, tag.row.tag), ())
    for (at, name), known in model.tags.items():
        if at == place and (name == tag.row.tag or (digest and known.digest == digest)):
            yield from model.uses.get((at, name), ())
            yield from () if known.pushed is None else (known.pushed,)
    for event in unseen:
        is_there = event is not None and event.action == "pull" and (event.registry, event.repository) == place
        if event and is_there and (event.tag == tag.row.tag or (digest and event.digest == digest)):
            yield min(event.happened_us, event.accepted_us)


def known_until(tag: ListedTag, log: Log, course: Course, model: Model) -> int:
    """Up to when uses of a tag can be known."""
    read_us = (course.read_to - 1 if course.read_to < len(log) else len(log)) * STEP_US
    return read_us if course.is_busy else min(read_us, model.sources[tag.row.place.registry, tag.row.source_format][0])


def look(log: Log, course: Course, way: Way) -> None:
    """Compare what is listed with all that happened.

    Raises:
        UsedError: a tag should not be there.
    """
    seen = [None if number in course.lost else event for number, event in enumerate(log[: course.read_to])]
    if course.grows:
        seen = seen[: course.lost.start]
    model = Model(seen, REACH)
    model.rows()
    unseen = [
        *log[course.lost.start : course.lost.stop],
        *(log[course.lost.stop : course.read_to] if course.grows else ()),
    ]
    for steps in DURATIONS:
        for tag in unused(log, course, way, steps):
            until = known_until(tag, log, course, model)
            if any(used > until - steps * STEP_US for used in uses_of(tag, model, unseen)):
                raise UsedError(f"{tag.row.tag}: unused for {steps} steps")


class ForgetsGaps(TagFold):
    """Since when nothing is missing is written with the next record, which another one may read."""

    def miss(self, now_us: int) -> None:
        """Records are gone."""


class CountsOneTag(TagFold):
    """A use is one of the tag that the pull counts for."""

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        if event.action != "pull" or event.tag:
            super()._apply(event, verdict)


class WantsMethod(TagFold):
    """A pull without a method is none."""

    def _apply(self, event: TagEvent, verdict: TagVerdict) -> None:
        if event.action != "pull" or event.method:
            super()._apply(event, verdict)
        elif verdict is not TagVerdict.REPEAT:
            self._show(event)


def _pulls_for_ever(row: KeptRow) -> KeptRow:
    return replace(row, last_pulled_us=25 * STEP_US) if isinstance(row, PullingSource) else row


FAULTS: Final = {
    "one tag": Way(fold=CountsOneTag),
    "gap forgotten": Way(fold=ForgetsGaps),
    "silence": Way(changed=_pulls_for_ever),
    "partitions": Way(requires_partitions=False),
    "held back": Way(counts_held_back=False),
    "method": Way(fold=WantsMethod),
}


@given(LOGS, COURSES)
@settings(max_examples=examples(5000, suite=200))
def test_no_tag_whose_image_was_used_is_listed(log: Log, course: Course) -> None:
    """Whatever was lost, is held back or has moved; and every row can be read again."""
    look(in_time(log), course, Way())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str) -> None:
    """The same logs find each way that lists such a tag."""

    @given(LOGS, COURSES)
    @settings(max_examples=3000, phases=[Phase.generate])
    def search(log: Log, course: Course) -> None:
        look(in_time(log), course, FAULTS[fault])

    with pytest.raises(UsedError):
        search()
