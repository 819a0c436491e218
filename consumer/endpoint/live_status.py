"""Where an endpoint stands: what waits, since when, and why. Pure but for the clock it is given."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from consumer.delivery.policy.breaker import BreakerState
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.reasons import Blocked, Facts, reasons_of
from consumer.offsets.backlog import Waiting
from consumer.offsets.commits import Commit
from consumer.offsets.partition import Partition
from runtime.clock import Clock

_JUST_NOW_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint in this worker, now."""

    endpoint: str
    url: str
    partitions: list[int]
    lag: int | None
    """Records of these partitions that are not finished; None while Kafka does not answer."""
    oldest_age_s: float | None
    """Of the oldest event that waits, in seconds; None if nothing waits, it was not read yet, or Kafka is silent."""
    in_flight: int
    limit: int
    breaker: str
    """`closed` or `open`."""
    waits_because: list[str]
    group: str
    """The consumer group as whose member it has these partitions."""
    cursors: list[dict[str, Any]]
    """What a commit of each of them would say now."""

    def as_json(self) -> dict[str, Any]:
        """As `/status` answers it."""
        return asdict(self)


def standing_of(endpoint: Endpoint, clock: Clock, silence: str = "") -> Standing:
    """Look at an endpoint; `silence` is why Kafka does not answer, if it does not."""
    gate = endpoint.gate
    return Standing(
        endpoint=endpoint.settings.name,
        url=endpoint.settings.safe_url,
        partitions=sorted(endpoint.partitions),
        lag=None if silence else lag_of(endpoint),
        oldest_age_s=None if silence else oldest_age_s(endpoint, clock.wall()),
        in_flight=endpoint.dispatcher.in_flight.requests,
        limit=gate.limit.value,
        breaker="open" if gate.breaker.is_open else "closed",
        waits_because=reasons_of(facts_of(endpoint, clock.monotonic(), silence)),
        group=endpoint.group,
        cursors=[_cursor(endpoint.assignment.commits.now(at)) for _, at in sorted(endpoint.partitions.items())],
    )


def _cursor(commit: Commit) -> dict[str, Any]:
    return {"partition": commit.partition, "offset": commit.offset, "metadata": commit.metadata}


def waiting_in(endpoint: Endpoint, number: int) -> Waiting:
    """What waits in a partition, which may be gone meanwhile; may be asked on any thread."""
    at = endpoint.partitions.get(number)
    if at is None:
        return Waiting(0)
    unread = max(0, endpoint.assignment.ends.get(number, 0) - at.ledger.unknown_from)
    return Waiting(at.ledger.unfinished + unread, at.oldest_ms or None)


def lag_of(endpoint: Endpoint) -> int:
    """Unfinished records: admitted ones, and all that the log has beyond what was read."""
    return unread_of(endpoint) + sum(at.ledger.unfinished for at in endpoint.partitions.values())


def unread_of(endpoint: Endpoint) -> int:
    """Offsets that the log has beyond what was read."""
    ends = endpoint.assignment.ends
    return sum(max(0, ends.get(number, 0) - at.ledger.unknown_from) for number, at in endpoint.partitions.items())


def oldest_age_s(endpoint: Endpoint, now: float) -> float | None:
    """Seconds since the oldest event that waits was accepted; `now` since the epoch."""
    oldest = [partition.oldest_ms for partition in endpoint.partitions.values() if partition.oldest_ms]
    return max(0.0, now - min(oldest) / 1000) if oldest else None


def facts_of(endpoint: Endpoint, now: float, silence: str = "") -> Facts:
    """What its reasons to wait follow from; `now` monotonic, `silence` why Kafka does not answer."""
    gate, lanes, monitor = endpoint.gate, endpoint.lanes, endpoint.monitor
    in_flight = endpoint.dispatcher.in_flight
    retries = {lane: batch.due for batch in lanes.waiting() if batch.due > now for lane in batch.lanes}
    return Facts(
        lag=lag_of(endpoint),
        unread=unread_of(endpoint) + sum(len(partition.backlog) for partition in endpoint.partitions.values()),
        trouble=f"Kafka does not answer: {silence}" if silence else endpoint.consumer_fault,
        schema_troubles=tuple(endpoint.schema_troubles),
        breaker=monitor.breaker_reason if gate.breaker.is_open else "",
        only_refused=gate.breaker.state is BreakerState.REFUSED,
        next_probe=None if gate.probe is not None else max(0.0, gate.breaker.next_probe - now),
        held=max(0.0, gate.retry_after_until - now),
        blocked=tuple(_blocked(endpoint, at) for _, at in sorted(endpoint.partitions.items()) if at.is_blocked),
        burying=endpoint.courier.burying,
        burial_trouble=endpoint.courier.burial.trouble,
        rate_limit=endpoint.settings.rate_limit if gate.rate.next_at(now) > now else None,
        in_flight=in_flight.requests,
        limit=gate.limit.value,
        answers_take=monitor.latency.mean_s,
        waits_for_commit=not endpoint.assignment.may_attempt(in_flight.events),
        lanes=len(lanes),
        retrying=len(retries),
        next_try=min(retries.values(), default=now) - now,
        ordered=endpoint.settings.ordering == "repository",
        filtering=now - monitor.filtered_at < _JUST_NOW_S,
    )


def _blocked(endpoint: Endpoint, at: Partition) -> Blocked:
    if at.upgrade_needed or at.awaits is not None:
        return Blocked(at.number, at.upgrade_needed, at.awaits)
    return Blocked(at.number, base=at.ledger.base, repository=endpoint.lanes.repository_of(at.number, at.ledger.base))
