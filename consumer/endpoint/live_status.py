"""The live status of an endpoint: the JSON of a worker's `/status`, written here and read here. Pure.

Whoever reads takes it with care: a worker of another release may have answered, or something else that listens there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from consumer.offsets.commits import Commit
from runtime.kafka.cluster_state import Committed
from runtime.pauses import Pause, pause_of


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """One endpoint in this worker, now."""

    endpoint: str
    url: str
    partitions: list[int]
    lag: int | None
    """Records of these partitions that are not finished; None while Kafka does not answer."""
    oldest_age_s: float | None
    """Of the oldest event that waits, in seconds; None if nothing waits, if it is not known of one of these partitions,
    as nothing of it was read yet, or if Kafka is silent."""
    in_flight: int
    limit: int
    breaker: str | None
    """`closed` or `open`; None if it is not known."""
    waits_because: list[str]
    group: str
    """The consumer group as whose member it has these partitions."""
    cursors: list[dict[str, Any]]
    """What a commit of each of them would say now."""
    paused: dict[str, Any] | None = None
    """The pause in which an operator holds it: since when, and why; null if none does."""
    members: list[str] = field(default_factory=list)
    """The ids by which its group knows this worker's consumers; empty while it has none."""
    finished_per_s: float | None = None
    """Records of these partitions that were finished a second, over the last minute; None: not known yet."""
    arrived_per_s: float | None = None
    """Records that came into them a second; None: not known yet."""

    def as_json(self) -> dict[str, Any]:
        """As `/status` answers it."""
        return asdict(self)


def cursor_json(commit: Commit) -> dict[str, Any]:
    """A commit as `cursors` has it."""
    return {"partition": commit.partition, "offset": commit.offset, "metadata": commit.metadata}


@dataclass(frozen=True, slots=True)
class EndpointAnswer:
    """One endpoint as that worker sees it."""

    breaker: str | None = None
    """`closed` or `open`; None if the answer has none."""
    waits_because: tuple[str, ...] = ()
    partitions: tuple[int, ...] = ()
    """Those that this worker has."""
    group: str = ""
    """The consumer group as whose member it has them."""
    cursors: Mapping[int, Committed] = field(default_factory=dict)
    """Its commits as they would be now: they follow up to a second later."""
    in_flight: int = 0
    limit: int = 0
    paused: Pause | None = None
    """The pause in which an operator holds it; None if none does, or the answer has none."""
    members: tuple[str, ...] = ()
    """The ids by which the group knows this worker's consumers."""
    finished_per_s: float | None = None
    arrived_per_s: float | None = None


def endpoint_answer_of(entry: Mapping[str, Any]) -> EndpointAnswer:
    """Read what `/status` says of one endpoint; whatever is not as expected is left out."""
    breaker, reasons, partitions, group = (
        entry.get(key) for key in ("breaker", "waits_because", "partitions", "group")
    )
    return EndpointAnswer(
        breaker=breaker if isinstance(breaker, str) else None,
        waits_because=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        partitions=_whole_numbers(partitions),
        group=group if isinstance(group, str) else "",
        in_flight=_whole_number(entry.get("in_flight")),
        limit=_whole_number(entry.get("limit")),
        paused=pause_of(entry.get("paused")),
        members=tuple(map(str, members)) if isinstance(members := entry.get("members"), list) else (),
        finished_per_s=_number(entry.get("finished_per_s")),
        arrived_per_s=_number(entry.get("arrived_per_s")),
        cursors=_cursors(entry.get("cursors")),
    )


def _whole_number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole_numbers(values: Any) -> tuple[int, ...]:
    return tuple(number for number in values if isinstance(number, int)) if isinstance(values, list) else ()


def _cursors(entries: Any) -> dict[int, Committed]:
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"partition": int(number), "offset": int(offset), "metadata": str(metadata)} if offset >= 0:
                found[number] = Committed(offset, metadata)
    return found
