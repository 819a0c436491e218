"""One endpoint as all its workers see it that were asked, out of the answer of each. Pure."""

from collections import Counter
from collections.abc import Mapping

from consumer.endpoint.live_status import EndpointAnswer


def merged_answer(answers: Mapping[str, EndpointAnswer]) -> EndpointAnswer | None:
    """One answer out of those of several workers, by their addresses; None if there are none.

    A rate is known if that of each is. Of a partition that two say they have, the later place counts: one of them has
    just given it up.
    """
    found = list(answers.values())
    if len(found) <= 1:
        return found[0] if found else None
    rates = [(one.finished_per_s, one.arrived_per_s) for one in found if one.partitions]
    finished, arrived = zip(*rates, strict=True) if rates else ((None,), (None,))
    return EndpointAnswer(
        breaker=_breaker(answers),
        waits_because=tuple(_reasons(answers)),
        partitions=tuple(sorted({number for one in found for number in one.partitions})),
        group=next((one.group for one in found if one.group), ""),
        cursors=dict(sorted((item for one in found for item in one.cursors.items()), key=lambda item: item[1].offset)),
        in_flight=sum(one.in_flight for one in found),
        limit=sum(one.limit for one in found),
        paused=next((one.paused for one in found if one.paused is not None), None),
        members=tuple(member for one in found for member in one.members),
        finished_per_s=_sum(finished),
        arrived_per_s=_sum(arrived),
    )


def _sum(rates: tuple[float | None, ...]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if len(known) == len(rates) else None


def _breaker(answers: Mapping[str, EndpointAnswer]) -> str | None:
    """Open if it is at any worker that has partitions: events wait there."""
    states = {one.breaker for one in answers.values()} - {None}
    return "open" if "open" in states else next(iter(states), None)


def _reasons(answers: Mapping[str, EndpointAnswer]) -> list[str]:
    """Each reason once if all workers that have reasons have it, else with the address of the worker."""
    with_reasons = {where: one.waits_because for where, one in answers.items() if one.waits_because}
    said = Counter(reason for reasons in with_reasons.values() for reason in reasons)
    shared = [reason for reason, count in said.items() if count == len(with_reasons)]
    return shared + [
        f"worker {where}: {reason}"
        for where, reasons in with_reasons.items()
        for reason in reasons
        if reason not in shared
    ]
