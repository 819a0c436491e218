"""Who serves an endpoint, seen from outside: its group's members, and the one worker that was asked. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from consumer.offsets.cursor import Cursor
from consumer.operations.worker_answer import Live
from runtime.counts import counted, noun
from runtime.kafka.cluster_state import GroupMembers


@dataclass(frozen=True, slots=True)
class Serving:
    """One endpoint's group beside what the asked worker says of it."""

    membership: GroupMembers = field(default_factory=GroupMembers)
    live: Live | None = None
    """What the worker at `worker.listen` says; None if it does not answer, or does not serve the endpoint."""
    silence: str = ""
    """Why no worker answered, if none did."""

    @property
    def is_known(self) -> bool:
        """Whether the group's members are."""
        return not self.membership.obstacle

    @property
    def not_asked(self) -> dict[str, list[int]]:
        """Partitions that members have which were not asked, by the members' hosts."""
        asked = set(self.live.partitions) if self.live else set()
        found: dict[str, list[int]] = {}
        for member in self.membership.members:
            if others := set(member.partitions) - asked:
                found.setdefault(member.host, []).extend(others)
        return {host: sorted(numbers) for host, numbers in sorted(found.items())}

    def unassigned(self, partitions: Collection[int]) -> list[int]:
        """Those of these partitions that no member has."""
        held = {number for member in self.membership.members for number in member.partitions}
        return sorted(set(partitions) - held - set(self.live.partitions if self.live else ()))

    def as_json(self, partitions: Collection[int]) -> dict[str, Any]:
        """For `--json`; null is what cannot be known."""
        members = [{"host": one.host, "partitions": list(one.partitions)} for one in self.membership.members]
        return {
            "group_protocol": self.membership.protocol or None,
            "members": members if self.is_known else None,
            "unassigned": self.unassigned(partitions) if self.is_known else None,
            "not_asked": self.not_asked if self.is_known else None,
        }

    def text(self) -> str:
        """For a person: how many members, by which protocol."""
        if not self.is_known:
            return "?"
        protocol = f" ({self.membership.protocol})" if self.membership.protocol else ""
        return f"{counted(len(self.membership.members), 'member')}{protocol}"


def outside_reasons(serving: Serving, cursors: Mapping[int, Cursor], *, disabled: bool) -> list[str]:
    """Why records wait, as far as the asked worker does not say it: at least one reason if it says none."""
    late = [number for number, at in cursors.items() if at.lag]
    if not late:
        return []
    if disabled:
        return ["the endpoint is disabled"]
    told = list(serving.live.waits_because) if serving.live else []
    told += _of_members(serving, late)
    return told or ["being delivered"]


def _of_members(serving: Serving, late: list[int]) -> list[str]:
    if not serving.is_known:
        return [f"who serves it is not known: {serving.membership.obstacle}"]
    if not serving.membership.members and serving.live is None:
        return ["nobody serves it"]
    told = []
    if unassigned := serving.unassigned(late):
        told.append(f"nobody has {_numbers(unassigned)}")
    for host, numbers in serving.not_asked.items():
        if concerned := sorted(set(numbers) & set(late)):
            told.append(f"{_numbers(concerned)}: served from {host} by a worker that was not asked{_because(serving)}")
    return told


def _because(serving: Serving) -> str:
    return f" ({serving.silence})" if serving.silence else ""


def _numbers(numbers: list[int]) -> str:
    return f"{noun(len(numbers), 'partition')} {', '.join(map(str, numbers))}"
