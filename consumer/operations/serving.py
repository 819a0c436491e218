"""The service of an endpoint, seen from outside: its group's members, and the workers that were asked. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from consumer.endpoint.live_status import EndpointAnswer
from consumer.offsets.cursor import Cursor
from runtime.counts import counted, noun
from runtime.kafka.cluster_state import GroupMembers
from runtime.pauses import Pause


@dataclass(frozen=True, slots=True)
class Serving:
    """One endpoint's group, and what the asked workers say of it."""

    membership: GroupMembers = field(default_factory=GroupMembers)
    answer: EndpointAnswer | None = None
    """Of all workers that were asked; None if none answers that serves the endpoint."""
    unreachable_because: str = ""
    """Why no worker answered; empty if one did."""
    unasked: Mapping[str, str] = field(default_factory=dict)
    """Why a member's worker did not answer, or could not be asked, by the member's id."""
    workers: Mapping[str, str] = field(default_factory=dict)
    """Where a member's worker answered, by the member's id."""
    pause: Pause | None = None
    """The pause that Kafka keeps; None if there is none, or it is not known."""

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

    def is_whole(self, partitions: Collection[int]) -> bool:
        """Whether the workers that answered have all of these partitions."""
        return self.answer is not None and set(partitions) <= set(self.answer.partitions)

    def unassigned(self, partitions: Collection[int]) -> list[int] | None:
        """Those of these partitions that no member has; None where that is not known."""
        asked = self.answer.partitions if self.answer else ()
        return self.membership.unowned(set(partitions) - set(asked))

    def as_json(self, partitions: Collection[int]) -> dict[str, Any]:
        """For `--json`; null is what cannot be known."""
        members = [
            {
                "host": one.host,
                "partitions": list(one.partitions),
                "worker": self.workers.get(one.id),
                "not_asked_because": self.unasked.get(one.id),
            }
            for one in self.membership.members
        ]
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
    paused = [] if serving.pause is None else [str(serving.pause)]
    if disabled:
        return ["the endpoint is disabled"] if late else []
    if not late:
        return paused + _without_owner(serving, cursors)
    said = list(serving.answer.waits_because) if serving.answer else []
    reasons = [*(one for one in paused if one not in said), *said]
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
                f"{_numbers(concerned)}: served from {host} by a worker that was not asked{_because(serving, host)}"
            )
    return reasons


def _without_owner(serving: Serving, partitions: Collection[int]) -> list[str]:
    """The partitions that nobody has though the group has members: what comes there waits."""
    unassigned = serving.unassigned(partitions) if serving.membership.members else None
    return [f"no worker has {_numbers(unassigned)}"] if unassigned else []


def _because(serving: Serving, host: str) -> str:
    of_host = (
        serving.unasked[one.id] for one in serving.membership.members if one.host == host and one.id in serving.unasked
    )
    reason = next(of_host, serving.unreachable_because)
    return f" ({reason})" if reason else ""


def _numbers(numbers: list[int]) -> str:
    return f"{noun(len(numbers), 'partition')} {', '.join(map(str, numbers))}"
