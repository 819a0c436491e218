"""The service of an endpoint, seen from outside: its group's members, and the one worker that was asked. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from consumer.endpoint.live_status import EndpointAnswer
from consumer.offsets.cursor import Cursor
from runtime.counts import counted, noun
from runtime.kafka.cluster_state import GroupMembers


@dataclass(frozen=True, slots=True)
class Serving:
    """One endpoint's group, and the asked worker's answer about it."""

    membership: GroupMembers = field(default_factory=GroupMembers)
    answer: EndpointAnswer | None = None
    """Of the worker at `worker.listen`; None if it does not answer, or does not serve the endpoint."""
    unreachable_because: str = ""
    """Why no worker answered; empty if one did."""

    @property
    def is_known(self) -> bool:
        """Whether the group's members are."""
        return not self.membership.obstacle

    @property
    def not_asked(self) -> dict[str, list[int]]:
        """Partitions that members have which were not asked, by the members' hosts."""
        asked = set(self.answer.partitions) if self.answer else set()
        found: dict[str, list[int]] = {}
        for member in self.membership.members:
            if others := set(member.partitions) - asked:
                found.setdefault(member.host, []).extend(others)
        return {host: sorted(numbers) for host, numbers in sorted(found.items())}

    def unassigned(self, partitions: Collection[int]) -> list[int] | None:
        """Those of these partitions that no member has; None where that is not known."""
        asked = self.answer.partitions if self.answer else ()
        return self.membership.unowned(set(partitions) - set(asked))

    def as_json(self, partitions: Collection[int]) -> dict[str, Any]:
        """For `--json`; null is what cannot be known."""
        members = [{"host": one.host, "partitions": list(one.partitions)} for one in self.membership.members]
        return {
            "group_protocol": self.membership.protocol or None,
            "members": members if self.is_known else None,
            "unassigned": self.unassigned(partitions),
            "not_asked": self.not_asked if self.is_known else None,
        }

    def text(self) -> str:
        """For a person: how many members, by which protocol."""
        if not self.is_known:
            return "?"
        protocol = f" ({self.membership.protocol})" if self.membership.protocol else ""
        return f"{counted(len(self.membership.members), 'member')}{protocol}"


def outside_reasons(serving: Serving, cursors: Mapping[int, Cursor], *, disabled: bool) -> list[str]:
    """Why records wait: the asked worker's reasons, and those that only the group's members show.

    Empty only if nothing waits, and nothing that comes would wait because no worker has its partition.
    """
    late = [number for number, at in cursors.items() if at.lag]
    if not late:
        return [] if disabled else _without_owner(serving, cursors)
    if disabled:
        return ["the endpoint is disabled"]
    reasons = list(serving.answer.waits_because) if serving.answer else []
    reasons += _of_members(serving, late, cursors)
    return reasons or ["being delivered"]


def _of_members(serving: Serving, late: list[int], partitions: Collection[int]) -> list[str]:
    if not serving.is_known:
        return [f"the members of its group are not known: {serving.membership.obstacle}"]
    if not serving.membership.members and serving.answer is None:
        return ["no worker serves it"]
    reasons = _without_owner(serving, partitions)
    if serving.membership.is_rebalancing:
        reasons.append("its group decides just now which worker gets which partition")
    for host, numbers in serving.not_asked.items():
        if concerned := sorted(set(numbers) & set(late)):
            reasons.append(
                f"{_numbers(concerned)}: served from {host} by a worker that was not asked{_because(serving)}"
            )
    return reasons


def _without_owner(serving: Serving, partitions: Collection[int]) -> list[str]:
    """The partitions that nobody has though the group has members: what comes there waits."""
    unassigned = serving.unassigned(partitions) if serving.membership.members else None
    return [f"no worker has {_numbers(unassigned)}"] if unassigned else []


def _because(serving: Serving) -> str:
    return f" ({serving.unreachable_because})" if serving.unreachable_because else ""


def _numbers(numbers: list[int]) -> str:
    return f"{noun(len(numbers), 'partition')} {', '.join(map(str, numbers))}"
