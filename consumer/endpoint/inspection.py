"""Inspects an endpoint at work: what waits, since when, and why. Changes nothing."""

from typing import Final

from consumer.attempts.text import result_of
from consumer.delivery.body_room import BodyRoom
from consumer.delivery.policy.breaker import BreakerState
from consumer.endpoint.endpoint import Endpoint
from consumer.endpoint.live_status import LiveStatus, cursor_json
from consumer.endpoint.reasons import Blocked, Facts, reasons_of
from consumer.offsets.backlog import Waiting, total
from consumer.offsets.partition import Partition
from runtime.clock import Clock

_JUST_NOW_S: Final = 2.0


def live_status_of(endpoint: Endpoint, clock: Clock, unreachable_because: str = "") -> LiveStatus:
    """Look at an endpoint; `unreachable_because` is why Kafka does not answer, empty if it does."""
    gate = endpoint.gate
    return LiveStatus(
        endpoint=endpoint.settings.name,
        url=endpoint.settings.safe_url,
        partitions=sorted(endpoint.partitions),
        lag=None if unreachable_because else lag_of(endpoint),
        oldest_age_s=None if unreachable_because else oldest_age_s(endpoint, clock.wall()),
        in_flight=endpoint.dispatcher.in_flight.requests,
        limit=gate.limit.value,
        breaker="open" if gate.breaker.is_open else "closed",
        waits_because=reasons_of(facts_of(endpoint, clock.monotonic(), unreachable_because)),
        group=endpoint.group,
        paused=None if gate.pause is None else gate.pause.as_json(),
        members=[endpoint.log.member_id] if endpoint.log.member_id else [],
        finished_per_s=endpoint.monitor.pace.finished_per_s,
        arrived_per_s=endpoint.monitor.pace.arrived_per_s,
        cursors=[cursor_json(endpoint.assignment.commits.now(at)) for _, at in sorted(endpoint.partitions.items())],
    )


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
    """Seconds since the oldest event that waits was accepted; None if nothing waits, or that of one is not known.

    `now` since the epoch.
    """
    oldest_ms = total(waiting_in(endpoint, number) for number in endpoint.partitions).oldest_ms
    return None if oldest_ms is None else max(0.0, now - oldest_ms / 1000)


def least_age_s(endpoint: Endpoint, now: float) -> float | None:
    """The same, of the events whose age is known: the oldest that waits is as old as this, or older."""
    known = [partition.oldest_ms for partition in endpoint.partitions.values() if partition.oldest_ms]
    return max(0.0, now - min(known) / 1000) if known else None


def facts_of(endpoint: Endpoint, now: float, unreachable_because: str = "") -> Facts:
    """What its reasons to wait follow from; `now` monotonic, `unreachable_because` why Kafka does not answer."""
    gate, lanes, monitor = endpoint.gate, endpoint.lanes, endpoint.monitor
    in_flight = endpoint.dispatcher.in_flight
    retries = {lane: batch.due for batch in lanes.waiting() if batch.due > now for lane in batch.lanes}
    return Facts(
        lag=lag_of(endpoint),
        unread=unread_of(endpoint) + sum(len(partition.backlog) for partition in endpoint.partitions.values()),
        fault=f"Kafka does not answer: {unreachable_because}" if unreachable_because else endpoint.consumer_fault,
        schema_troubles=tuple(endpoint.schema_troubles),
        paused=str(gate.pause or ""),
        breaker=monitor.breaker_reason if gate.breaker.is_open else "",
        only_refused=gate.breaker.state is BreakerState.REFUSED,
        next_probe=gate.next_try_s(now),
        held=max(0.0, gate.retry_after_until - now),
        is_sink=endpoint.settings.sink is not None,
        blocked=tuple(_blocked(endpoint, at) for _, at in sorted(endpoint.partitions.items()) if at.is_blocked),
        delay=endpoint.settings.delay_s,
        held_back=_held_back(endpoint, now),
        burying=endpoint.courier.burying,
        unwritten_because=endpoint.courier.burial.unwritten_because,
        rate_limit=endpoint.settings.rate_limit if gate.rate.next_at(now) > now else None,
        without_room=_without_room(endpoint.dispatcher.room),
        in_flight=in_flight.requests,
        limit=gate.limit.value,
        answers_take=monitor.latency.mean_s,
        waits_for_commit=not endpoint.assignment.may_attempt(in_flight.events),
        lanes=len(lanes),
        retrying=len(retries),
        next_try=min(retries.values(), default=now) - now,
        last_failure="" if monitor.last_failure is None else result_of(monitor.last_failure),
        ordered=endpoint.settings.ordering == "repository",
        filtering=now - monitor.filtered_at < _JUST_NOW_S,
    )


def _without_room(room: BodyRoom) -> int:
    """Lanes that wait for room; 0 if there is some, and they wait for their turn."""
    return len({lane for batch in room.waiting for lane in batch.lanes}) if room.is_short else 0


def _held_back(endpoint: Endpoint, now: float) -> float | None:
    """How long `delay` still holds back the next event of those that were read; None if it holds none."""
    held = [at.held_until - now for at in endpoint.partitions.values() if at.backlog and at.is_held(now)]
    return min(held, default=None)


def _blocked(endpoint: Endpoint, at: Partition) -> Blocked:
    if at.upgrade_needed or at.awaits is not None:
        return Blocked(at.number, at.upgrade_needed, at.awaits)
    return Blocked(at.number, base=at.ledger.base, repository=endpoint.lanes.repository_of(at.number, at.ledger.base))
