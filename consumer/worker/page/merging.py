"""The facts of several processes of one worker, as those of one. Pure.

A part that a process alone could say, and does not, is not known of all.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from consumer.attempts.event_attempt import EventAttempt
from consumer.worker.page.facts import BreakerFacts, EndpointCard, GroupFacts, MemberFacts, WorkerFacts
from consumer.worker.page.history import Rates
from consumer.worker.page.states import EndpointState

_WORST_BREAKERS: Final = ("open", "refused", "closed")
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class KnownEndpoint:
    """What is known of an endpoint without asking anybody."""

    name: str
    url: str
    group: str

    def unknown(self) -> EndpointCard:
        """Its card while nobody answers."""
        return EndpointCard(
            endpoint=self.name, url=self.url, state=EndpointState.UNKNOWN, group=GroupFacts(name=self.group)
        )


def merged_facts(
    endpoints: Sequence[KnownEndpoint], parts: Mapping[int, WorkerFacts], troubles: Sequence[str]
) -> WorkerFacts:
    """One worker out of its processes.

    Args:
        endpoints: all that it serves, in the order of the configuration.
        parts: by the number of the process.
        troubles: why others do not answer.
    """
    found = list(parts.values())
    knows_most = max(found, key=lambda one: len(_known(one.accepted)), default=WorkerFacts(cards=()))
    cards = {number: {card.endpoint: card for card in one.cards} for number, one in parts.items()}
    named = [f"process {number}: {reason}" for number, one in parts.items() for reason in one.not_ready]
    return WorkerFacts(
        cards=[
            _merged_card(
                endpoint, {number: of[endpoint.name] for number, of in cards.items() if endpoint.name in of}, troubles
            )
            for endpoint in endpoints
        ],
        not_ready=[*troubles, *named],
        accepted=knows_most.accepted,
        accepted_now=knows_most.accepted_now,
        log_end=max((one.log_end for one in found if one.log_end is not None), default=None),
        not_served=found[0].not_served if found else (),
    )


def _merged_card(endpoint: KnownEndpoint, parts: Mapping[int, EndpointCard], troubles: Sequence[str]) -> EndpointCard:
    cards = list(parts.values())
    if not cards:
        return endpoint.unknown()
    worst = min((card.state for card in cards), key=lambda state: state.rank)
    group = _merged_group([card.group for card in cards], is_whole=not troubles)
    return EndpointCard(
        endpoint=endpoint.name,
        url=endpoint.url,
        state=min((worst, EndpointState.UNKNOWN), key=lambda state: state.rank) if troubles else worst,
        reasons=_merged_reasons(parts),
        lag=_lag(cards, group) if not troubles else None,
        lag_here=_total([card.lag_here for card in cards]) if not troubles else None,
        oldest_ms=min((card.oldest_ms for card in cards if card.oldest_ms is not None), default=None),
        rates=_added([card.rates for card in cards]) if not troubles else [],
        rate=_total([card.rate for card in cards]) if not troubles else None,
        answers=tuple(
            tuple(map(sum, zip(*windows, strict=True)))
            for windows in zip(*(card.answers for card in cards), strict=True)
        ),
        in_flight=_total(card.in_flight for card in cards),
        limit=_total(card.limit for card in cards),
        breaker=_worst_breaker(card.breaker for card in cards),
        failure=max((card.failure for card in cards if card.failure), key=_when, default=None),
        letters=None if troubles else dict(sum((Counter(card.letters or {}) for card in cards), Counter[str]())),
        open_letters=next((card.open_letters for card in cards if card.open_letters is not None), None),
        group=group,
    )


def _lag(cards: Sequence[EndpointCard], group: GroupFacts) -> int | None:
    """The sum if they have all partitions together: each knows its own best, and the others' a moment later."""
    if group.every is not None and group.here == group.every:
        return _total([card.lag_here for card in cards])
    return max((card.lag for card in cards if card.lag is not None), default=None)


def _total(amounts: Iterable[_Number | None]) -> _Number | None:
    """None if one of them is not known."""
    total: _Number = 0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _added(rates: Iterable[Rates]) -> Rates:
    """Minute by minute."""
    return [_total(minute) for minute in zip(*rates, strict=True)]


def _known(rates: Rates) -> list[float]:
    return [rate for rate in rates if rate is not None]


def _when(attempt: EventAttempt) -> float:
    return attempt.ended


def _worst_breaker(breakers: Iterable[BreakerFacts | None]) -> BreakerFacts | None:
    """The one by which most waits; of several open ones that which probes first."""
    known = [one for one in breakers if one is not None]
    return min(known, key=lambda one: (_WORST_BREAKERS.index(one.state), one.next_probe_ms or 0), default=None)


def _merged_reasons(parts: Mapping[int, EndpointCard]) -> tuple[str, ...]:
    """Each reason once if all processes have it, else with the name of the process."""
    said = Counter(reason for card in parts.values() for reason in card.reasons)
    shared = [reason for reason, count in said.items() if count == len(parts)]
    return (
        *shared,
        *(
            f"process {number}: {reason}"
            for number, card in parts.items()
            for reason in card.reasons
            if reason not in shared
        ),
    )


def _merged_group(groups: Sequence[GroupFacts], *, is_whole: bool) -> GroupFacts:
    """The members as the process says that knows them; those of all processes are here."""
    here = tuple(sorted(number for group in groups for number in group.here))
    every = next((group.every for group in groups if group.every is not None), None)
    if is_whole and every is not None and here == every:
        return GroupFacts(name=groups[0].name, here=here, every=every, unserved=())
    told = next((group for group in groups if group.members is not None), groups[0])
    ours = {member.id for group in groups for member in group.members or () if member.is_here}
    return GroupFacts(
        name=told.name,
        here=here,
        every=every,
        members=None if told.members is None else tuple(_with_place(member, ours) for member in told.members),
        unserved=None if told.unserved is None else tuple(at for at in told.unserved if at not in here),
        obstacle=told.obstacle,
    )


def _with_place(member: MemberFacts, ours: Container[str]) -> MemberFacts:
    return MemberFacts(member.id, member.host, member.partitions, member.id in ours)
