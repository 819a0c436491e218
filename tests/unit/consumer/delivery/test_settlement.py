"""Settlement: what follows from an outcome, for the event, its ledger, the monitor and the gate."""

import asyncio
import itertools

import pytest

from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Answer, Outcome, Result
from consumer.delivery.webhook.formats import UnsendableError
from consumer.lanes.delivery import Delivery
from tests.kit.dispatched import OK, Ledgers
from tests.kit.virtual_time import simulated


@simulated
async def test_a_delivered_event_is_finished_and_told() -> None:
    """A 2xx finishes the event; the next of its repository goes at once."""
    ledgers = Ledgers(lambda _: OK)
    ledgers.add(1, 2)
    await asyncio.sleep(1.0)
    assert [1, 2] == ledgers.finished_ones
    assert [Outcome.DELIVERED] * 2 == [attempt.outcome for attempt in ledgers.attempts]
    assert 2 == ledgers.settlement.deliveries
    assert 0 == ledgers.dispatcher.in_flight.requests


@simulated
async def test_every_failed_attempt_is_told_with_the_wait_that_follows() -> None:
    """Seconds until the next try; none for the last one."""
    ledgers = Ledgers(lambda _: Answer(500), attempts=4)
    ledgers.add(1)
    await asyncio.sleep(60.0)
    assert [1.0, 2.0, 4.0, None] == [attempt.next_try_s for attempt in ledgers.attempts]
    assert [(1, "exhausted")] == ledgers.buried
    assert [1] == ledgers.finished_ones


@simulated
async def test_the_wait_that_is_told_is_no_shorter_than_retry_after() -> None:
    """An endpoint that asks for an hour's rest is not said to be tried again after its backoff of a second."""
    ledgers = Ledgers(lambda _: Answer(503, "1800"))
    ledgers.add(1)
    await asyncio.sleep(60.0)
    assert [pytest.approx(1800.0, rel=0.2)] == [attempt.next_try_s for attempt in ledgers.attempts]


@simulated
async def test_the_wait_that_is_told_is_that_of_an_open_breaker() -> None:
    """Its probes have a backoff of their own, and do not wait for the event's."""
    ledgers = Ledgers(lambda _: Answer(500), threshold=2, attempts=100)
    ledgers.add(1)
    await asyncio.sleep(100.0)
    told = [attempt.next_try_s for attempt in ledgers.attempts]
    starts = [when for when, *_ in ledgers.sent]
    assert [later - sooner for sooner, later in itertools.pairwise(starts)] == pytest.approx(told[:-1], abs=0.05)


@simulated
async def test_halves_of_a_refused_batch_are_said_to_go_at_once() -> None:
    """The endpoint is up: its open breaker holds back only a repository that was refused by itself."""
    ledgers = Ledgers(lambda _: Answer(422), threshold=1, max_events=2)
    ledgers.may = False
    for number in range(2):
        ledgers.add(number, key=b"%d" % number)
    ledgers.may = True
    ledgers.wake()
    await asyncio.sleep(0.5)
    assert [2, 1, 1] == [len(attempt.deliveries) for attempt in ledgers.attempts]
    assert 0.0 == ledgers.attempts[0].next_try_s


@simulated
async def test_the_dead_letter_decides_before_the_breaker() -> None:
    """The try that gives the event up leaves the streak as it is."""
    ledgers = Ledgers(lambda _: Answer(422), threshold=3)
    ledgers.add(1)
    await asyncio.sleep(60.0)
    assert [(1, "rejected")] == ledgers.buried
    assert 2 == ledgers.gate.breaker.streak
    assert [] == ledgers.moves


@simulated
async def test_a_dead_letter_of_a_probe_has_the_next_probe_wait_all_the_same() -> None:
    """Probes that burn out do not follow one another at once."""
    ledgers = Ledgers(lambda _: Answer(422), threshold=1, concurrency=1)
    ledgers.add(*range(20))
    await asyncio.sleep(3600.0)
    assert [BreakerState.REFUSED] == ledgers.moves
    gaps = [later[0] - sooner[0] for sooner, later in itertools.pairwise(ledgers.sent)]
    assert [1, 2, 4, 8, 16, 32, 64, 128, 256, 300] == [round(gap) for gap in gaps[:10]]


@simulated
async def test_tries_are_numbered_through_a_halving() -> None:
    """The tries of a batch are tries of each of its events."""
    ledgers = Ledgers(lambda sent: Answer(200 if len(sent) == 1 else 500), max_events=4)
    ledgers.add(*range(4))
    await asyncio.sleep(60.0)
    assert {(4, 1), (2, 2), (1, 3)} == {(len(one.deliveries), one.number) for one in ledgers.attempts}


@simulated
async def test_tries_are_numbered_up_to_the_delivery_and_the_dead_letter() -> None:
    """From 1, whatever became of them."""
    answers = iter([Answer(500), Answer(503), Answer(200), Answer(422), Answer(422), Answer(422)])
    ledgers = Ledgers(lambda _: next(answers))
    ledgers.add(0, 1)
    await asyncio.sleep(60.0)
    assert [1, 2, 3, 1, 2, 3] == [one.number for one in ledgers.attempts]
    assert [(1, "rejected")] == ledgers.buried


@pytest.mark.parametrize("status", [200, 500])
def test_an_event_that_cannot_be_sent_is_given_up_at_once(status: int) -> None:
    """No request can be built: a dead letter `unsendable`; in a batch, after halving, only that one."""

    def send(deliveries: list[Delivery]) -> Result:
        if any(delivery.record.offset == 5 for delivery in deliveries):
            raise UnsendableError("its Content-Type does not fit into a header")
        return Answer(status)

    @simulated
    async def scenario() -> None:
        ledgers = Ledgers(send, max_events=8, attempts=1)
        ledgers.add(*range(8))
        await asyncio.sleep(60.0)
        assert (5, "unsendable") in ledgers.buried
        assert list(range(8)) == sorted(ledgers.finished_ones)
        assert (1 if status == 200 else 8) == len(ledgers.buried)

    scenario()
