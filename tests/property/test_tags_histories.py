"""Random logs, folded by workers that are killed, fenced and followed by others, against a look at the whole log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from consumer.record import Record
from consumer.tags.fold import TagFold
from consumer.tags.record import records_of, rows_in
from consumer.tags.rows import KeptRow, Position, key_of
from consumer.tags.tag_event import TagEvent
from tests.kit.examples import examples
from tests.kit.tags_model import Model
from tests.kit.tags_mutants import MUTANTS, FoldKind

REACH: Final = 4
TOPIC: Final = "registry.tags"
STEP_US: Final = 20_000_000


_BYTES: Final = 7
_TIMES: Final = (0, 1, 2, 3, 4, 7, 9, 20)


def tag_event(drawn: bytes) -> TagEvent | None:
    """One event; names, times and keys are few, so that events have to do with one another."""
    is_relevant, *draws = [byte >> shift & mask for byte in drawn for shift, mask in ((0, 7), (3, 7), (6, 3))]
    action = ("push", "pull", "pull", "delete")[draws[1] % 4]
    time = _TIMES[draws[2]] * STEP_US
    method = ("", "GET", "GET", "HEAD", "GET")[draws[3] % 5] if action == "pull" else ""
    says_no_method = draws[4] == 1
    return (
        None
        if is_relevant == 1
        else TagEvent(
            offset=0,
            accepted_us=time,
            happened_us=_TIMES[draws[6]] * STEP_US if draws[5] == 1 else time,
            key=str(draws[7]) if draws[0] else "",
            is_unique=draws[8] > 0,
            registry=("", "", "", "eu")[draws[9] % 4],
            source_format=("", "", "harbor")[draws[10] % 3],
            action=action,
            is_index=draws[11] > 1,
            repository=("app", "app", "app", "base")[draws[13] % 4],
            tag=("", "", "", "1", "1", "1", "2", "2")[draws[12]],
            digest=("sha256:a", "sha256:a", "sha256:b", "")[draws[14] % 4],
            media_type=("", "m")[draws[15] % 2],
            size=draws[16] % 2,
            actor=("", "ci", "dev")[draws[17] % 3],
            caller=(("10.0.0.1", ""), ("10.0.0.1", ""), ("10.0.0.2", ""))[draws[18] % 3],
            method="GET" if says_no_method and action == "pull" else method,
            says_no_method=says_no_method,
            children=(frozenset[str](), frozenset({"sha256:a"}), frozenset({"sha256:b"}))[draws[19] % 3],
        )
    )


def tag_events(drawn: bytes) -> list[TagEvent | None]:
    """A log; drawn as one run of bytes, which costs a hundredth of as many draws."""
    found = [tag_event(drawn[at : at + _BYTES]) for at in range(0, len(drawn) - _BYTES + 1, _BYTES)]
    return [event and replace(event, offset=offset) for offset, event in enumerate(found)]


_MOST: Final = 25
LOGS: Final = st.binary(min_size=_MOST * _BYTES, max_size=_MOST * _BYTES).map(tag_events)


@dataclass(frozen=True)
class Turn:
    """A worker takes the partition, reads so many records at a time, and then it is killed."""

    reads: tuple[int, ...]
    """Each is a transaction."""
    is_last_in_doubt: bool
    """It is killed before the last transaction, else after it."""
    comes_back: bool
    """It was not dead: it tries to write when the next one has the partition."""


TURNS: Final = st.lists(
    st.builds(Turn, st.lists(st.integers(0, 6), max_size=4).map(tuple), st.booleans(), st.booleans()), max_size=5
)


class FencedError(Exception):
    """Another one has the partition."""


class FoundError(Exception):
    """The rows are not those of the model."""


@dataclass
class Partition:
    """A partition of the topic of tags: transactions are whole or not there, and only the last owner's."""

    records: list[Record] = field(default_factory=list)
    epoch: int = 0

    def take(self) -> int:
        """Whoever had it cannot write any more."""
        self.epoch += 1
        return self.epoch

    def write(self, epoch: int, fold: TagFold) -> None:
        """One transaction."""
        if epoch != self.epoch:
            raise FencedError
        for out in records_of(fold.take_changes(), TOPIC, 0):
            headers = tuple(out.headers)
            self.records.append(Record(TOPIC, 0, len(self.records), 0, out.key, out.value, headers))

    def compact(self) -> None:
        """Only the last record of each key stays, and no tombstone."""
        last = {record.key: record for record in self.records}
        self.records = [record for record in last.values() if record.value is not None]

    def rows(self) -> dict[str, KeptRow]:
        """What stands there."""
        return {key.decode(): row for key, row in rows_in(self.records).items()}


def taken(
    kind: FoldKind, partition: Partition, log: Sequence[TagEvent | None], reach: int = REACH
) -> tuple[int, TagFold]:
    """A worker that has just got the partition."""
    epoch = partition.take()
    fold = kind(partition.rows().values(), "id", reach=reach)
    for offset in fold.lead:
        if (event := log[offset]) is not None:
            fold.recall(event)
    return epoch, fold


def read(fold: TagFold, log: Sequence[TagEvent | None], count: int) -> None:
    """Read on."""
    for offset in range(fold.next_offset, min(fold.next_offset + count, len(log))):
        fold.read(offset, offset, log[offset])


def history(kind: FoldKind, log: Sequence[TagEvent | None], turns: Sequence[Turn]) -> Partition:
    """The partition when all turns were had, and a last worker has read the log to its end."""
    partition = Partition()
    ghosts: list[tuple[int, TagFold]] = []
    for turn in [*turns, Turn((len(log),), is_last_in_doubt=False, comes_back=False)]:
        epoch, fold = taken(kind, partition, log)
        for ghost in ghosts:
            with pytest.raises(FencedError):
                partition.write(*ghost)
        ghosts = [(epoch, fold)] if turn.comes_back else []
        for number, count in enumerate(turn.reads, 1):
            read(fold, log, count)
            if number < len(turn.reads) or not turn.is_last_in_doubt:
                partition.write(epoch, fold)
        partition.compact()
    return partition


def holds(kind: FoldKind, log: Sequence[TagEvent | None], turns: Sequence[Turn]) -> bool:
    """Whether the rows are those of the model."""
    found = history(kind, log, turns).rows()
    position = found.pop(key_of(Position(offset=0)), None)
    assert position is None or position.offset == len(log) - 1
    return found == Model(log, REACH).rows()


@given(LOGS, TURNS)
@settings(max_examples=examples(5000, suite=200))
def test_whoever_dies_and_whenever_the_rows_are_those_of_one_look_at_the_whole_log(
    log: list[TagEvent | None], turns: list[Turn]
) -> None:
    """A kill before or after a transaction, a worker that comes back too late and compaction change nothing."""
    assert holds(TagFold, log, turns)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_fold_with_a_fault_is_found(mutant: str) -> None:
    """The same histories find each fold that has a fault."""

    @given(LOGS, TURNS)
    @settings(max_examples=1000, phases=[Phase.generate])
    def search(log: list[TagEvent | None], turns: list[Turn]) -> None:
        try:
            is_found = not holds(MUTANTS[mutant], log, turns)
        except (AssertionError, KeyError):
            is_found = True
        if is_found:
            raise FoundError

    with pytest.raises(FoundError):
        search()
