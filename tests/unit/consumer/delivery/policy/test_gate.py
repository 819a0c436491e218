"""The gate: the breaker, Retry-After, the concurrency limit and probes of one endpoint together."""

import asyncio

from consumer.delivery.policy.breaker import BreakerState
from consumer.delivery.policy.outcome import Answer
from consumer.lanes.delivery import Batch
from tests.kit.dispatched import OK, Ledgers
from tests.kit.virtual_time import running_loop, simulated


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


@simulated
async def test_a_probe_is_not_said_to_come_before_retry_after_is_over() -> None:
    """A breaker that opens while the endpoint asks to be left alone."""
    ledgers = Ledgers(lambda _: Answer(503, "1800"), threshold=1)
    ledgers.add(1)
    await asyncio.sleep(60.0)
    assert ledgers.gate.breaker.is_open
    now = running_loop().time()
    assert ledgers.gate.retry_after_until - now == ledgers.gate.next_try_s(now)
    assert 1 == len(ledgers.sent)


@simulated
async def test_no_wait_is_told_while_a_probe_decides() -> None:
    """A request from before the opening ends beside a probe: only for the probe itself is the next one known."""
    ledgers = Ledgers(lambda _: Answer(500), threshold=1)
    ledgers.add(1)
    await asyncio.sleep(0.5)
    gate, older = ledgers.gate, Batch([])
    gate.probe = Batch([])
    now = gate.breaker.next_probe + 4.0
    assert (None, None, 0.0) == tuple(gate.next_try_s(now, one) for one in (None, older, gate.probe))
