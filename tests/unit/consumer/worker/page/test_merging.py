"""The facts of several processes: sums where each says its own, and unknown where one does not answer."""

from random import Random

from msgspec.structs import replace

from consumer.worker.page.facts import BreakerFacts, EndpointCard, GroupFacts, MemberFacts, WorkerFacts
from consumer.worker.page.merging import KnownEndpoint, merged_facts
from consumer.worker.page.states import EndpointState
from tests.kit.page_facts import Facts, calm_facts

EVERY = (0, 1, 2, 3)
CARD = calm_facts().cards[0]
KNOWN = [KnownEndpoint(CARD.endpoint, CARD.url, "g")]


def part(here: tuple[int, ...], **others: object) -> WorkerFacts:
    """A process that has these partitions."""
    group = GroupFacts(name="g", here=here, every=EVERY, obstacle="not asked yet")
    return WorkerFacts(cards=[replace(CARD, group=group, **others)], accepted=[1.0], accepted_now=1.0, log_end=9)


def merged(*parts: WorkerFacts, troubles: tuple[str, ...] = ()) -> EndpointCard:
    """The card of these processes."""
    facts = merged_facts(KNOWN, dict(enumerate(parts, 1)), troubles)
    return facts.cards[0]


def test_each_says_its_own() -> None:
    """Lag, rates and answers are added up; the worst state, the oldest event and the newest failure count."""
    failure, later = (Facts(Random(1), 10**12).attempt(at, status=500) for at in (9, 2))
    one = part(
        (0, 1), lag=70, lag_here=3, rates=[1.0, None], rate=2.0, oldest_ms=90, answers=((1, 2), (3, 4)), failure=failure
    )
    other = part(
        (2, 3),
        lag=60,
        lag_here=4,
        rates=[2.0, 1.0],
        rate=1.0,
        oldest_ms=80,
        answers=((1, 1), (1, 1)),
        state=EndpointState.FAILING,
        breaker=BreakerFacts("open", "status 503", 5),
        failure=later,
    )
    card = merged(one, other)
    assert (7, [3.0, None], 3.0, 80) == (card.lag, card.rates, card.rate, card.oldest_ms)
    assert ((2, 3), (4, 5)) == card.answers
    assert (EndpointState.FAILING, later, "open") == (card.state, card.failure, card.breaker and card.breaker.state)
    assert (EVERY, ()) == (card.group.here, card.group.unserved)


def test_other_workers_have_some_partitions_too() -> None:
    """Then the lag of all partitions is what a process knows of them."""
    assert 70 == merged(part((0,), lag=70, lag_here=3), part((1,), lag=60, lag_here=4)).lag


def test_one_that_does_not_answer() -> None:
    """Makes unknown what it alone could say, and is named."""
    card = merged(part((0, 1)), troubles=("process 2: it does not answer",))
    assert (EndpointState.UNKNOWN, None, None, [], None) == (card.state, card.lag, card.lag_here, card.rates, card.rate)
    assert card.group.unserved is None
    failing = merged(part((0, 1), state=EndpointState.FAILING), troubles=("process 2: it does not answer",))
    assert EndpointState.FAILING is failing.state
    nobody = merged(troubles=("process 1: it is not started yet",))
    assert (EndpointState.UNKNOWN, None, None) == (nobody.state, nobody.lag, nobody.rate)


def test_reasons_have_the_name_of_their_process() -> None:
    """Unless all say so; and so has what a process is not ready for."""
    one, other = part((0, 1), reasons=("both", "mine")), part((2, 3), reasons=("both",))
    assert ("both", "process 1: mine") == merged(one, other).reasons
    facts = merged_facts(KNOWN, {1: one, 2: replace(other, not_ready=["no topic"])}, ["process 3: gone"])
    assert ["process 3: gone", "process 2: no topic"] == facts.not_ready


def test_members_of_all_processes_are_here() -> None:
    """Whoever of them asked for the group."""
    members = tuple(MemberFacts(name, "h", (at,), is_here=name == "a") for at, name in enumerate("abc"))
    ours = tuple(replace(member, is_here=member.id == "b") for member in members)
    one = replace(
        part((0,)).cards[0], group=GroupFacts(name="g", here=(0,), every=EVERY, members=members, unserved=(1, 3))
    )
    other = replace(one, group=GroupFacts(name="g", here=(1,), every=EVERY, members=ours, unserved=(3,)))
    group = merged(replace(part((0,)), cards=[one]), replace(part((1,)), cards=[other])).group
    assert [True, True, False] == [member.is_here for member in group.members or ()]
    assert (3,) == group.unserved


def test_an_endpoint_that_one_process_does_not_have_yet() -> None:
    """A reload comes to one after the other."""
    assert 5 == merged(part(EVERY, lag_here=5, lag=5), replace(part(()), cards=[])).lag
