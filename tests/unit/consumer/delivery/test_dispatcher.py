"""The dispatcher by itself: what one outcome leads to, and what is left when an attempt does not end as it should."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from consumer.delivery.dispatcher import Dispatcher
from consumer.delivery.owner import Attempt
from consumer.delivery.policy.attempts import AttemptPolicy, Cause
from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.gate import Gate
from consumer.delivery.policy.outcome import Answer, Fault, NoAnswer, Outcome, Result
from consumer.delivery.settlement import Settlement
from consumer.delivery.webhook.formats import UnsendableError
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.offsets.ledger import Ledger
from consumer.offsets.partition import Partition
from consumer.record import Record
from tests.kit.virtual_time import VirtualClock, run, running_loop, simulated
from tests.simulation.simulation import endpoint_settings

Send = Callable[[list[Delivery]], Result | None]


class Ledgers:
    """An owner that keeps a list of what it is told, and makes passes by itself."""

    def __init__(self, send: Send, *, max_events: int = 1, **keys: Any) -> None:
        self.full = False
        self.may = True
        self.finished_ones: list[int] = []
        self.buried: list[tuple[int, str]] = []
        self.attempts: list[Attempt] = []
        self.moves: list[BreakerState] = []
        self.sent: list[tuple[float, list[int]]] = []
        self.partitions = {number: Partition(number, 1, Ledger(0, end=0)) for number in range(2)}
        self.lanes = Lanes(max_events=max_events)
        self._answer = send
        settings, clock = endpoint_settings(**keys), VirtualClock()
        self.gate = Gate(settings, lambda: 0.0)
        self.settlement = Settlement(
            settings.reject_statuses,
            self.lanes,
            self.gate,
            self,
            AttemptPolicy(settings.attempts),
            monitor=self,
            clock=clock,
        )
        self.dispatcher = Dispatcher(
            "ci", self.lanes, self.gate, self, self.settlement, courier=self, wakeup=self, clock=clock
        )
        running_loop().at_end.append(lambda: setattr(self, "may", False))

    async def send(self, deliveries: list[Delivery]) -> Result:
        """As the test says."""
        self.sent.append((running_loop().time(), [delivery.record.offset for delivery in deliveries]))
        await asyncio.sleep(0.01)
        result = self._answer(deliveries)
        if result is None:
            await asyncio.sleep(1e9)
        assert result is not None
        return result

    async def bury(self, delivery: Delivery, cause: Cause) -> None:
        """Note it."""
        self.buried.append((delivery.record.offset, cause.reason.value))

    def add(self, *offsets: int, key: bytes = b"a", partition: int = 0) -> None:
        """Records of one repository."""
        for offset in offsets:
            record = Record("registry.events", partition, offset, 0, key, b"")
            self.lanes.add(record, None, running_loop().time(), self.partitions[partition])
        self.wake()

    def lose(self, partition: int) -> None:
        """It is another worker's now."""
        self.partitions[partition].close()

    def finished(self, delivery: Delivery) -> None:
        """Note it."""
        self.finished_ones.append(delivery.record.offset)

    def window_full(self, _: Delivery) -> bool:
        """As the test says."""
        return self.full

    def blocks_window(self, delivery: Delivery) -> bool:
        """Offset 0 does."""
        return delivery.record.offset == 0

    def may_attempt(self, _: int) -> bool:
        """As the test says."""
        return self.may

    def attempted(self, attempt: Attempt) -> None:
        """Note it."""
        self.attempts.append(attempt)

    def breaker_moved(self, state: BreakerState, *, reason: str) -> None:
        """Note it."""
        self.moves.append(state)

    def wake(self) -> None:
        """Look at once, and again when the dispatcher says."""
        self.dispatcher.start_due()
        wake = self.dispatcher.next_wake()
        if wake is not None:
            running_loop().call_at(wake, self.wake)


OK = Answer(200)


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


@simulated
async def test_the_hold_of_retry_after_is_for_the_whole_endpoint() -> None:
    """Seconds or a date; a rejected answer with Retry-After is rejected and holds nothing."""
    ledgers = Ledgers(lambda deliveries: Answer(413, "70") if deliveries[0].record.offset == 1 else OK)
    ledgers.add(1)
    await asyncio.sleep(0.5)
    ledgers.add(2, key=b"b")
    await asyncio.sleep(0.5)
    assert [2] == ledgers.finished_ones
    assert ledgers.gate.retry_after_until < running_loop().time()


@simulated
async def test_the_breaker_tells_when_it_moves() -> None:
    """Once when it opens and once when it closes; the ceiling starts over at 1."""
    status = [401]
    ledgers = Ledgers(lambda _: Answer(status[0]), threshold=2, concurrency=16)
    ledgers.add(*range(40))
    await asyncio.sleep(100.0)
    status[0] = 200
    await asyncio.sleep(ledgers.gate.breaker.next_probe - running_loop().time() + 0.011)
    assert 1 == len(ledgers.finished_ones)
    assert [BreakerState.OPEN, BreakerState.CLOSED] == ledgers.moves
    assert 2 == ledgers.gate.limit.value  # 1, and one delivery of as many as it is wide


@simulated
async def test_an_endpoint_that_refused_some_is_not_narrowed_by_that() -> None:
    """It was up all the time: the breaker opens and closes, and the ceiling stays."""
    ledgers = Ledgers(lambda deliveries: Answer(422) if deliveries[0].record.key == b"a" else OK, threshold=2)
    ledgers.add(*range(40))
    await asyncio.sleep(2.0)
    ledgers.add(100, key=b"b")
    await asyncio.sleep(0.02)
    assert [100] == ledgers.finished_ones
    assert [BreakerState.REFUSED, BreakerState.CLOSED] == ledgers.moves
    assert 64 == ledgers.gate.limit.value


@simulated
async def test_a_probe_waits_for_a_place_in_flight() -> None:
    """Probes count: an endpoint of one request at a time gets none beside one that hangs."""
    ledgers = Ledgers(
        lambda deliveries: None if deliveries[0].record.offset == 1 else Answer(503), concurrency=2, threshold=1
    )
    ledgers.add(1, key=b"a")
    ledgers.add(2, key=b"b")
    ledgers.add(3, key=b"c")
    await asyncio.sleep(60.0)
    assert ledgers.gate.breaker.is_open
    assert 1 == ledgers.gate.limit.value
    assert [[1], [2]] == [offsets for _, offsets in ledgers.sent]


def test_the_program_logs_nothing_secret_here() -> None:
    """The dispatcher's only log line is that of a fault of ours, with the endpoint's name."""
    with structlog.testing.capture_logs() as lines:

        async def scenario() -> None:
            ledgers = Ledgers(lambda _: Answer(500))
            ledgers.add(1)
            await asyncio.sleep(10.0)

        run(scenario())
    assert [] == lines
