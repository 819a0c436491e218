"""The live status of an endpoint that several processes serve, each some of its partitions. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from consumer.endpoint.live_status import LiveStatus


def no_status(endpoint: str, url: str, group: str) -> LiveStatus:
    """The status of an endpoint of which nothing is known."""
    return LiveStatus(endpoint, url, [], None, None, 0, 0, None, [], group, [])


def merged_status(nothing: LiveStatus, parts: Mapping[int, LiveStatus], troubles: Sequence[str]) -> LiveStatus:
    """One status out of those of the processes that answer.

    Args:
        nothing: the status of this endpoint while nobody answers.
        parts: by the number of the process.
        troubles: why others do not answer: then what waits in their partitions is not known.
    """
    found = list(parts.values())
    partitions = [number for one in found for number in one.partitions]
    ages = [one.oldest_age_s for one in found if one.lag]
    lags = [one.lag for one in found if one.lag is not None]
    is_whole = not troubles and len(lags) == len(found) and len(set(partitions)) == len(partitions)
    return replace(
        nothing,
        partitions=sorted(set(partitions)),
        lag=sum(lags) if is_whole else None,
        oldest_age_s=_oldest(ages) if is_whole else None,
        in_flight=sum(one.in_flight for one in found),
        limit=sum(one.limit for one in found),
        breaker=_breaker(found),
        waits_because=[*troubles, *_reasons(parts)],
        paused=next((one.paused for one in found if one.paused), None),
        members=[member for one in found for member in one.members],
        finished_per_s=sum_of([one.finished_per_s for one in found]) if is_whole else None,
        arrived_per_s=sum_of([one.arrived_per_s for one in found]) if is_whole else None,
        cursors=sorted((cursor for one in found for cursor in one.cursors), key=lambda cursor: cursor["partition"]),
    )


def sum_of(rates: Sequence[float | None]) -> float | None:
    """The sum; None if one of them is not known, or there are none."""
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known and len(known) == len(rates) else None


def _oldest(ages: Sequence[float | None]) -> float | None:
    """The highest; None if one of them is not known, as that may be the highest, or there are none."""
    known = [age for age in ages if age is not None]
    return max(known) if known and len(known) == len(ages) else None


def _breaker(found: Sequence[LiveStatus]) -> str | None:
    """Open if it is in any process: events wait there."""
    states = {one.breaker for one in found}
    return "open" if "open" in states else next(iter(states), None)


def _reasons(parts: Mapping[int, LiveStatus]) -> list[str]:
    """Each reason once if all processes have it, else with the name of the process."""
    said = Counter(reason for one in parts.values() for reason in one.waits_because)
    shared = [reason for reason, count in said.items() if count == len(parts)]
    return shared + [
        f"process {number}: {reason}"
        for number, one in parts.items()
        for reason in one.waits_because
        if reason not in shared
    ]
