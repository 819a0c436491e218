"""The plan of a replay, as text that its group keeps, so that any process can go on. Pure.

The plan lives in a group of its own beside the run's progress: in each partition the offset is the end of the range,
and the metadata says where it begins and which of its events failed; the lowest partition's says the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar, Final

from consumer.filters.selection import Selection
from consumer.offsets.commit_metadata import MAX_CHARACTERS
from consumer.offsets.cursor import Cursor
from runtime.errors import BridgeError
from runtime.kafka.cluster_state import Committed

_VERSION: Final = 1
_WHY_CHARACTERS: Final = 120
_FAILURES_ROOM: Final = 1500
"""Characters that are left for failures whatever the options of the run."""
_UNNAMED_ROOM: Final = 20
"""Characters that the number of unnamed failures may still grow by."""


class PlanError(BridgeError):
    """There is no such run, it cannot be read, or its options do not fit."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """An event of the run that the endpoint would not take."""

    partition: int
    offset: int
    why: str


@dataclass(slots=True)
class ReplayPlan:
    """The plan of one run, and its failures so far."""

    run: str
    endpoint: str
    ranges: Mapping[int, range]
    """By partition; none is empty."""
    selection: Selection = field(default_factory=Selection)
    everything: bool = False
    """Whether the endpoint's own filters are left out."""
    address_mark: str = ""
    """Of another address than the endpoint's own, see `mark_of`; the address itself can hold secrets."""
    failures: list[Failure] = field(default_factory=list)
    unnamed: dict[int, int] = field(default_factory=dict)
    """By partition: failures for whose names there was no room. What is tried again after a kill stays counted."""

    def metadata(self, partition: int) -> str:
        """The text that the plan's group keeps with a partition.

        Raises:
            PlanError: the options of the run are too long to be kept.
        """
        kept: dict[str, Any] = {"v": _VERSION, "from": self.ranges[partition].start}
        if partition == min(self.ranges):
            kept["endpoint"] = self.endpoint
            kept["selection"] = self.selection.as_json()
            kept["all"] = self.everything
            kept["address"] = self.address_mark
        if len(_text(kept)) > MAX_CHARACTERS - _FAILURES_ROOM:
            most = MAX_CHARACTERS - _FAILURES_ROOM
            raise PlanError(f"the options of this run are longer than the {most} characters that a commit can store")
        kept["failed"] = [[failure.offset, failure.why] for failure in self.failures if failure.partition == partition]
        kept["unnamed"] = self.unnamed.get(partition, 0)
        return _text(kept)

    def add_failure(self, failure: Failure) -> None:
        """Keep a failure; where there is no room for its name, that it was one."""
        failure = Failure(failure.partition, failure.offset, _cut(failure.why))
        self.failures.append(failure)
        if len(self.metadata(failure.partition)) > MAX_CHARACTERS - _UNNAMED_ROOM:
            self.failures.pop()
            self.unnamed[failure.partition] = self.unnamed.get(failure.partition, 0) + 1

    def drop_unfinished(self, progress: Mapping[int, Cursor]) -> set[int]:
        """Forget failures that a killed process kept, but did not finish: they are tried again. Their partitions."""
        dropped = [at for at in self.failures if not progress[at.partition].has_finished(at.offset)]
        self.failures = [at for at in self.failures if at not in dropped]
        return {at.partition for at in dropped}

    def commits(self) -> dict[int, Committed]:
        """The whole plan, for its group."""
        return {number: self.commit_of(number) for number in self.ranges}

    def commit_of(self, partition: int) -> Committed:
        """One partition of it."""
        return Committed(self.ranges[partition].stop, self.metadata(partition))


def plan_of(run: str, committed: Mapping[int, Committed]) -> ReplayPlan:
    """The plan that a group keeps.

    Raises:
        PlanError: none is kept, or not by this version.
    """
    if not committed:
        raise PlanError(f"there is no run {run} (or the broker has deleted it)")
    try:
        return _plan(run, committed)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PlanError(f"the stored plan of run {run} cannot be read by this version") from error


def mark_of(run: str, url: str) -> str:
    """By which an address is known again without being kept; empty for none."""
    return sha256(f"{run}\0{url}".encode()).hexdigest()[:16] if url else ""


def _cut(why: str) -> str:
    """A reason, short enough to be kept."""
    return why if len(why) <= _WHY_CHARACTERS else why[: _WHY_CHARACTERS - 1] + "…"


def _plan(run: str, committed: Mapping[int, Committed]) -> ReplayPlan:
    kept = {number: json.loads(at.metadata) for number, at in sorted(committed.items())}
    if any(part["v"] != _VERSION for part in kept.values()):
        raise ValueError("another version")
    head = next(iter(kept.values()))
    return ReplayPlan(
        run=run,
        endpoint=str(head["endpoint"]),
        ranges={number: range(int(part["from"]), committed[number].offset) for number, part in kept.items()},
        selection=Selection.from_json(head["selection"]),
        everything=bool(head["all"]),
        address_mark=str(head["address"]),
        failures=[
            Failure(number, int(offset), str(why)) for number, part in kept.items() for offset, why in part["failed"]
        ],
        unnamed={number: int(part["unnamed"]) for number, part in kept.items() if part["unnamed"]},
    )


def _text(kept: Mapping[str, Any]) -> str:
    return json.dumps(kept, separators=(",", ":"))
