"""The dispatcher by itself: what one outcome leads to, and what is left when an attempt does not end as it should."""

import asyncio
from typing import Final

import pytest
import structlog

from consumer.delivery.owner import Room
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Result, describe
from consumer.lanes.delivery import Delivery
from tests.kit.dispatched import OK, Ledgers
from tests.kit.virtual_time import run, running_loop, simulated

LARGE: Final = 1_300_000
"""Bytes of a record that might need all the room."""


def test_a_fault_of_ours_is_logged_and_the_event_comes_again() -> None:
    """An error that nobody expected stops no lane for good, finishes nothing, and does not spin."""
    until = [1700.0]

    def send(_: list[Delivery]) -> Result:
        if running_loop().time() < until[0]:
            raise ZeroDivisionError
        return OK

    async def scenario() -> None:
        ledgers = Ledgers(send)
        ledgers.add(1, 2)
        await asyncio.sleep(650.0)
        assert [] == ledgers.finished_ones
        assert 3 == len(ledgers.sent)
        assert 0 == ledgers.dispatcher.in_flight.requests
        await asyncio.sleep(700.0)
        assert [1, 2] == ledgers.finished_ones
        assert 0 == ledgers.dispatcher.in_flight.events

    with pytest.raises(AssertionError, match="internal_error"):
        run(scenario())


def test_a_fault_of_ours_in_a_probe_does_not_spin() -> None:
    """With the breaker open the next probe waits as after any other."""
    seen = [0]

    def send(_: list[Delivery]) -> Result:
        seen[0] += 1
        if seen[0] > 1:
            raise ZeroDivisionError
        return Answer(503)

    async def scenario() -> None:
        ledgers = Ledgers(send, threshold=1)
        for number in range(50):
            ledgers.add(number, key=b"%d" % number)
        await asyncio.sleep(600.0)
        assert ledgers.gate.breaker.is_open
        assert seen[0] < 50 + 12

    with pytest.raises(AssertionError, match="internal_error"):
        run(scenario())


@simulated
async def test_an_attempt_broken_off_before_its_first_step_gives_everything_back() -> None:
    """Its place in flight, its lane, and the event, if it is still ours."""
    ledgers = Ledgers(lambda _: OK)
    ledgers.add(1, 2)
    assert 1 == ledgers.dispatcher.in_flight.requests
    ledgers.dispatcher.abandon({0})
    await asyncio.sleep(1.0)
    assert [1, 2] == ledgers.finished_ones
    assert 0 == ledgers.dispatcher.in_flight.requests
    assert 0 == ledgers.dispatcher.in_flight.events
    assert 0 == ledgers.lanes.held


@simulated
async def test_what_is_broken_off_and_gone_is_forgotten() -> None:
    """Another worker has it: the lane is empty, and free for what comes later."""
    ledgers = Ledgers(lambda _: None)
    ledgers.add(1, 2)
    await asyncio.sleep(0.5)
    ledgers.lose(0)
    ledgers.lanes.remove(0)
    ledgers.dispatcher.abandon({0})
    await asyncio.sleep(0.5)
    assert 0 == ledgers.dispatcher.in_flight.requests
    assert 0 == ledgers.lanes.held
    assert 0 == len(ledgers.lanes)
    assert [] == ledgers.finished_ones
    (broken_off,) = ledgers.interrupted_ones
    assert ([1], 1, "broken off") == (
        [delivery.record.offset for delivery in broken_off.deliveries],
        broken_off.number,
        describe(broken_off.result).partition(":")[0],
    )
    assert [] == ledgers.attempts, "it is no failure of the endpoint"


@simulated
async def test_a_drain_breaks_off_what_is_late() -> None:
    """After `limit_s`, and not before."""
    ledgers = Ledgers(lambda deliveries: None if deliveries[0].record.offset == 1 else OK)
    ledgers.add(1)
    ledgers.add(2, key=b"b")
    ledgers.lose(0)
    before = running_loop().time()
    await ledgers.dispatcher.drain({0}, 3.0)
    assert 3.0 == pytest.approx(running_loop().time() - before)
    assert 0 == ledgers.dispatcher.in_flight.requests
    assert [2] == ledgers.finished_ones
    assert 0 == ledgers.lanes.held


@simulated
async def test_nothing_is_started_for_what_is_no_longer_held() -> None:
    """A delivery whose partition is being drained is dropped where it would have started, and others go."""
    ledgers = Ledgers(lambda _: OK)
    ledgers.lose(0)
    ledgers.add(1, 2)
    ledgers.add(3, key=b"b", partition=1)
    await asyncio.sleep(1.0)
    assert [[3]] == [offsets for _, offsets in ledgers.sent]


@simulated
async def test_time_alone_is_only_waited_for_where_it_helps() -> None:
    """No wake while answers or commits must come first; the hold, the rate, the probe and the retry have theirs."""
    ledgers = Ledgers(lambda _: None, concurrency=1)
    ledgers.add(1)
    ledgers.add(2, key=b"b")
    assert ledgers.dispatcher.next_wake() is None
    slow = Ledgers(lambda _: OK, rate_limit=0.1)
    slow.add(1, 2)
    await asyncio.sleep(1.0)
    wake = slow.dispatcher.next_wake()
    assert wake is not None
    assert 10.0 == pytest.approx(wake - slow.sent[0][0], abs=0.01)
    held = Ledgers(lambda _: Answer(503, "70"))
    held.add(1)
    await asyncio.sleep(1.0)
    assert held.dispatcher.next_wake() == held.gate.retry_after_until
    away = Ledgers(lambda _: NoAnswer(Fault.DNS, "no such host"), threshold=1)
    away.add(1)
    await asyncio.sleep(0.5)
    assert away.dispatcher.next_wake() == away.gate.breaker.next_probe
    failing = Ledgers(lambda _: Answer(500))
    failing.add(1)
    await asyncio.sleep(0.5)
    wake = failing.dispatcher.next_wake()
    assert wake is not None
    assert 1.01 == pytest.approx(wake - failing.sent[0][0])


def large(ledgers: Ledgers, *offsets: int) -> None:
    """Add events that each take all the room for bodies, of a repository each."""
    for offset in offsets:
        ledgers.add(offset, key=b"%d" % offset, size=LARGE)


@simulated
async def test_what_waits_for_room_is_not_in_flight() -> None:
    """Large requests go one after another, each when it has room; a small one waits for none of them."""
    ledgers = Ledgers(lambda _: OK)
    large(ledgers, 1, 2, 3)
    ledgers.add(4, key=b"small")
    assert (2, 2) == (ledgers.dispatcher.in_flight.requests, len(ledgers.dispatcher.room.waiting))
    await asyncio.sleep(0.5)
    assert [[1], [4], [2], [3]] == [offsets for _, offsets in ledgers.sent]
    assert [0.0, 0.0, 0.01, 0.02] == pytest.approx([when - ledgers.sent[0][0] for when, _ in ledgers.sent])
    assert [0.01] * 4 == pytest.approx([attempt.seconds for attempt in ledgers.attempts])


@simulated
async def test_what_waits_for_room_does_not_start_behind_an_open_breaker() -> None:
    """It waits in its lanes then."""
    status = [503]
    ledgers = Ledgers(lambda _: Answer(status[0]), threshold=1, concurrency=4)
    large(ledgers, *range(6))
    assert (1, 5) == (ledgers.dispatcher.in_flight.requests, len(ledgers.dispatcher.room.waiting))
    await asyncio.sleep(0.5)
    assert [[0]] == [offsets for _, offsets in ledgers.sent]
    assert not ledgers.dispatcher.room.waiting
    status[0] = 200
    await asyncio.sleep(100.0)
    assert list(range(6)) == sorted(ledgers.finished_ones)
    assert 7 == len(ledgers.sent)


@simulated
async def test_small_requests_pass_all_that_wait_for_room() -> None:
    """What waits has no place among the requests under way, however many wait."""
    ledgers = SlowAtFirst(lambda _: OK, concurrency=2)
    large(ledgers, *range(1, 10))
    ledgers.add(*range(20, 25), key=b"small")
    await asyncio.sleep(1.0)
    assert (1, 8) == (ledgers.dispatcher.in_flight.requests, len(ledgers.dispatcher.room.waiting))
    assert list(range(20, 25)) == ledgers.finished_ones
    await asyncio.sleep(60.0)
    assert [*range(1, 10), *range(20, 25)] == sorted(ledgers.finished_ones)


@simulated
async def test_a_large_probe_waits_for_no_room() -> None:
    """All others wait for it; what takes the room may be a request that hangs."""
    status = [500]
    ledgers = SlowAtFirst(lambda _: Answer(status[0]), threshold=3)
    large(ledgers, 1)
    for offset in range(10, 13):
        ledgers.add(offset, key=b"%d" % offset)
    await asyncio.sleep(0.5)
    assert [BreakerState.OPEN] == ledgers.moves
    status[0] = 200
    large(ledgers, 2)
    await asyncio.sleep(9.0)
    assert 2 in ledgers.finished_ones
    assert 1 not in ledgers.finished_ones
    assert BreakerState.CLOSED is ledgers.moves[-1]


class SlowAtFirst(Ledgers):
    """Answers the event at offset 1 after 12 s."""

    async def send(self, deliveries: list[Delivery], room: Room | None = None) -> Result:
        """As the test says."""
        if deliveries[0].record.offset == 1:
            await asyncio.sleep(12.0)
        return await super().send(deliveries, room)


@simulated
async def test_what_waits_for_room_starts_when_the_rate_allows_it() -> None:
    """Though there was room before, and nothing else wakes the endpoint then."""
    ledgers = SlowAtFirst(lambda _: OK, rate_limit=0.1)
    large(ledgers, 1, 2)
    ledgers.add(3, key=b"small")
    began = running_loop().time()
    await asyncio.sleep(11.0)
    assert 1 == len(ledgers.dispatcher.room.waiting)
    await asyncio.sleep(100.0)
    assert [(10.0, [3]), (12.0, [1]), (20.0, [2])] == [(round(at - began, 1), offsets) for at, offsets in ledgers.sent]


@simulated
async def test_what_waits_for_room_does_not_hold_up_a_drain() -> None:
    """It was not sent: nothing is told of it, and it is the next worker's."""
    ledgers = Ledgers(lambda _: None)
    large(ledgers, 1, 2, 3)
    await asyncio.sleep(0.5)
    ledgers.lose(0)
    assert 1 == await ledgers.dispatcher.drain({0}, 3.0)
    assert (1, 1) == (len(ledgers.sent), len(ledgers.interrupted_ones))
    assert 0 == ledgers.lanes.held


@simulated
async def test_what_waits_for_room_is_forgotten_with_its_partition() -> None:
    """At once: another worker has it, and its lane is free for what comes later."""
    ledgers = Ledgers(lambda _: None)
    large(ledgers, 1, 2, 3)
    ledgers.lose(0)
    ledgers.lanes.remove(0)
    ledgers.dispatcher.abandon({0})
    assert 1 == len(ledgers.lanes)
    await asyncio.sleep(0.5)
    assert (0, 0, []) == (ledgers.lanes.held, len(ledgers.lanes), ledgers.attempts)


def test_the_program_logs_nothing_secret_here() -> None:
    """The dispatcher's only log line is that of a fault of ours, with the endpoint's name."""
    with structlog.testing.capture_logs() as lines:

        async def scenario() -> None:
            ledgers = Ledgers(lambda _: Answer(500))
            ledgers.add(1)
            await asyncio.sleep(10.0)

        run(scenario())
    assert [] == lines
