"""Where an endpoint stands: what waits, since when, and why. Pure but for the clock it is given."""

from dataclasses import asdict, dataclass
from typing import Any

from consumer.endpoint import Endpoint
from runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint in this worker, now."""

    endpoint: str
    url: str
    partitions: list[int]
    lag: int
    """Records of these partitions that are not finished."""
    oldest_age_s: float | None
    """Of the oldest event that waits, in seconds; None if nothing waits or it was not read yet."""
    in_flight: int
    limit: int
    breaker: str
    """`closed` or `open`."""
    waits_because: list[str]

    def as_json(self) -> dict[str, Any]:
        """As `/status` answers it."""
        return asdict(self)


def standing_of(endpoint: Endpoint, clock: Clock) -> Standing:
    """Look at an endpoint."""
    dispatcher = endpoint.dispatcher
    return Standing(
        endpoint=endpoint.settings.name,
        url=endpoint.settings.safe_url,
        partitions=sorted(endpoint.partitions),
        lag=lag_of(endpoint),
        oldest_age_s=oldest_age_s(endpoint, clock.wall()),
        in_flight=dispatcher.in_flight,
        limit=dispatcher.ceiling.limit,
        breaker="open" if dispatcher.breaker.is_open else "closed",
        waits_because=_reasons(endpoint, clock.monotonic()),
    )


def lag_of(endpoint: Endpoint) -> int:
    """Unfinished records: admitted ones, and all that the log has beyond what was read."""
    unfinished = 0
    for number, partition in endpoint.partitions.items():
        unread = max(0, endpoint.ends.get(number, 0) - partition.ledger.unknown_from)
        unfinished += partition.ledger.unfinished + unread
    return unfinished


def oldest_age_s(endpoint: Endpoint, now: float) -> float | None:
    """Seconds since the oldest event that waits was accepted; `now` since the epoch."""
    oldest = [partition.oldest_ms for partition in endpoint.partitions.values() if partition.oldest_ms]
    return max(0.0, now - min(oldest) / 1000) if oldest else None


def _reasons(endpoint: Endpoint, now: float) -> list[str]:
    reasons = [endpoint.trouble_text] if endpoint.trouble_text else []
    reasons += endpoint.schemas.troubles
    if endpoint.dispatcher.breaker.is_open:
        wait = max(0.0, endpoint.dispatcher.breaker.next_probe - now)
        reasons.append(f"breaker open ({endpoint.telling.breaker_reason}); next probe in {wait:.0f} s")
    if endpoint.dispatcher.held_until > now:
        reasons.append(f"the endpoint asked to wait {endpoint.dispatcher.held_until - now:.0f} s more (Retry-After)")
    for number, partition in sorted(endpoint.partitions.items()):
        if partition.awaits is not None:
            reasons.append(f"partition {number} waits for the schema registry, asked for id {partition.awaits}")
        elif partition.obstacle:
            reasons.append(f"partition {number} needs a newer worker: {partition.obstacle}")
        elif partition.is_blocked:
            reasons.append(f"partition {number}: {partition.ledger.base} holds up a full window")
    return reasons
