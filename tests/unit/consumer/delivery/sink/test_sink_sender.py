"""From a delivery to a call of a sink: what comes of it, and that no write overtakes another."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from consumer.delivery.policy.outcome import Fault, NoAnswer, Outcome, Result, SinkResult
from consumer.delivery.sink.results import WRITTEN
from consumer.delivery.sink.running_writes import RunningWrites
from consumer.delivery.sink.sink_sender import SinkSender, sink_sender_of
from consumer.delivery.webhook.large_events import LargeEvents
from consumer.lanes.delivery import Delivery, Lane
from consumer.record import Record
from runtime.config import EndpointSettings
from schemas import Event
from schemas.event import Target
from tests.kit.python_sinks import AsyncSink, Gated, KeptSink, be_away, refuse, stumble
from tests.kit.sendables import sendable
from tests.kit.virtual_time import simulated

_T = TypeVar("_T")

LONG_S = 60.0
SHORT_S = 0.3
EARLIER = NoAnswer(Fault.TIMEOUT, "an earlier write for the same repository did not end within 60 s")
TURNS = 20
"""Of the loop, in which a try comes as far as it can without threads."""


class Leaping(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward: then a time is over, however fast or slow the threads are."""

    ahead_s = 0.0

    def time(self) -> float:
        """That of the machine, and what was leapt over."""
        return super().time() + self.ahead_s


def delivery(number: int = 1, repository: str = "library/app", *, decoded: bool = True) -> Delivery:
    """An event on its way."""
    event = Event(id=f"e{number}", action="push", target=Target(repository=repository))
    record, _ = sendable(event, offset=number)
    record = replace(record, key=repository.encode())
    return Delivery(record, event if decoded else None, Lane((3, repository.encode())), 0.0, None)


def run(sink: object, what: Callable[[SinkSender], Coroutine[Any, Any, Any]], **keys: Any) -> Any:
    """Do something with a sender to this sink, and close it."""

    async def running() -> Any:
        settings = EndpointSettings(name="audit", sink="a:b", timeout_s=LONG_S, **{"concurrency": 1, **keys})
        sender = SinkSender(settings, lambda: sink, RunningWrites(), LargeEvents())
        try:
            return await what(sender)
        finally:
            await sender.close()
            sender.large_events.close()

    with asyncio.Runner(loop_factory=Leaping) as runner:
        return runner.run(running())


async def overdue(sender: SinkSender, one: Delivery, has_begun: Callable[[], bool] = lambda: True) -> Result:
    """What comes of a try whose time is over when this is true and it comes no further."""
    sending = asyncio.create_task(sender.send([one]))
    async with asyncio.timeout(LONG_S):
        while not has_begun():  # noqa: ASYNC110 - a plain sink has nothing to wait on
            await asyncio.sleep(0.001)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Leaping)
    loop.ahead_s += LONG_S
    return await sending


async def sent(sender: SinkSender) -> Result:
    """Send one."""
    return await sender.send([delivery()])


def test_an_event_is_written_and_the_sink_closed() -> None:
    """The event as the log has it; all calls of one sink are made by one thread."""
    sink = KeptSink()
    assert run(sink, sent) is WRITTEN
    assert (sink.written, sink.closed) == (["e1"], 1)
    assert len(set(sink.threads[1:])) == 1


def test_a_coroutine_is_awaited_on_the_loop() -> None:
    """And the sink closed there."""
    sink = AsyncSink()
    assert run(sink, sent) is WRITTEN
    assert (sink.written, sink.is_closed) == (["e1"], True)


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [(refuse, Outcome.REJECTED), (be_away, Outcome.UNAVAILABLE), (stumble, Outcome.FAILED)],
)
def test_an_exception_is_the_result(behave: Callable[[Event], None], outcome: Outcome) -> None:
    """It is no fault of the worker's."""
    found = run(KeptSink(behave), sent)
    assert isinstance(found, SinkResult)
    assert found.outcome is outcome


def test_the_line_of_an_exception_is_one_of_the_sink() -> None:
    """Also where it raised what must not pass through the loop."""

    def leave(_event: Event) -> None:
        raise SystemExit(3)

    found = run(KeptSink(leave), sent)
    assert found.error.startswith("EscapeError: SystemExit was raised (test_sink_sender.py, line ")


def test_a_factory_that_fails_is_no_events_fault() -> None:
    """The endpoint is unavailable; a sink that was never made is not closed."""
    found = run(None, sent)
    assert found == SinkResult(
        Outcome.UNAVAILABLE, "there is no sink: what its factory returned (NoneType) has no write"
    )


@pytest.mark.parametrize("size", [100, 70_000])
def test_an_event_of_which_only_the_bytes_are_kept(size: int) -> None:
    """It is decoded for the call, a large one beside the loop."""
    seen: list[Event] = []
    event = Event(id="e1", action="push", target=Target(annotations={"a": "x" * size}))
    record, _ = sendable(event)
    given = Delivery(record, None, Lane((3, b"a")), 0.0, None)
    assert run(KeptSink(seen.append), lambda sender: sender.send([given])) is WRITTEN
    assert seen == [event]


class Busy(LargeEvents):
    """Has other work for a while."""

    def begin(self, record: Record, work: Callable[[], _T]) -> "asyncio.Future[_T]":
        """Do it later."""
        return asyncio.ensure_future(self._later(work))

    async def _later(self, work: Callable[[], _T]) -> _T:
        await asyncio.sleep(100.0)
        return work()


@simulated
async def test_the_wait_for_our_own_thread_is_none_for_the_sink() -> None:
    """A large event is read before the time of its call begins: the sink cannot help that others are read first."""
    sink = AsyncSink()

    async def made() -> AsyncSink:
        return sink

    settings = EndpointSettings(name="audit", sink="a:b", timeout_s=1.0, concurrency=1)
    sender = SinkSender(settings, made, RunningWrites(), Busy())
    record, _ = sendable(Event(id="e1", action="push", target=Target(annotations={"a": "x" * 70_000})))
    assert await sender.send([Delivery(record, None, Lane((3, b"a")), 0.0, None)]) is WRITTEN
    assert ["e1"] == sink.written


def test_a_write_that_does_not_return_is_not_made_twice() -> None:
    """The next try waits for it, and what comes of it is that try's result."""
    gate = Gated()
    sink = KeptSink(gate)

    async def tried(sender: SinkSender) -> None:
        late = NoAnswer(Fault.TIMEOUT, "write did not return within 60 s")
        assert await overdue(sender, delivery(), gate.began.is_set) == late
        assert await overdue(sender, delivery()) == EARLIER
        gate.go_on.set()
        assert await sender.send([delivery()]) is WRITTEN

    run(sink, tried)
    assert sink.written == ["e1"]


def test_no_write_of_a_repository_overtakes_another() -> None:
    """The next event of the repository waits for a write that was given up; that of another does not."""
    began: list[str] = []
    go_on = threading.Event()

    def behave(event: Event) -> None:
        began.append(event.id)
        if event.id == "e1":
            assert go_on.wait(LONG_S)

    sink = KeptSink(behave)

    async def tried(sender: SinkSender) -> None:
        assert isinstance(await overdue(sender, delivery(1), lambda: began == ["e1"]), NoAnswer)
        assert await overdue(sender, delivery(2)) == EARLIER
        assert await sender.send([delivery(3, "library/other")]) is WRITTEN
        assert began == ["e1", "e3"]
        go_on.set()
        assert await sender.send([delivery(2)]) is WRITTEN

    run(sink, tried, concurrency=2)
    assert sink.written == ["e3", "e1", "e2"]


def test_without_an_order_no_event_waits_for_another() -> None:
    """But for itself: no event is written twice at once."""
    gate = Gated()
    sink = KeptSink(lambda event: gate(event) if event.id == "e1" else None)

    async def tried(sender: SinkSender) -> None:
        assert isinstance(await overdue(sender, delivery(1), gate.began.is_set), NoAnswer)
        assert await sender.send([delivery(2)]) is WRITTEN
        gate.go_on.set()
        assert await sender.send([delivery(1)]) is WRITTEN

    run(sink, tried, concurrency=2, ordering="none")
    assert sink.written == ["e2", "e1"]


def test_a_write_for_which_no_thread_is_free_is_not_made_later() -> None:
    """It says so, and is made by its next try alone."""
    gate = Gated()
    sink = KeptSink(lambda event: gate(event) if event.id == "e1" else None)

    async def tried(sender: SinkSender) -> None:
        assert isinstance(await overdue(sender, delivery(1), gate.began.is_set), NoAnswer)
        busy = NoAnswer(Fault.TIMEOUT, "no thread of the sink became free within 60 s")
        assert await overdue(sender, delivery(2, "library/other")) == busy
        gate.go_on.set()
        assert await sender.send([delivery(2, "library/other")]) is WRITTEN

    run(sink, tried)
    assert sink.written == ["e1", "e2"]


def test_a_coroutine_that_is_late_is_broken_off_and_tried_again() -> None:
    """It came to nothing, so the next try writes."""
    sink = AsyncSink()
    sink.go_on.clear()

    async def tried(sender: SinkSender) -> None:
        assert isinstance(await overdue(sender, delivery(), lambda: sink.began == 1), NoAnswer)
        sink.go_on.set()
        assert await sender.send([delivery()]) is WRITTEN

    run(sink, tried)
    assert (sink.began, sink.broken_off, sink.written) == (2, 1, ["e1"])


def test_who_stops_waiting_leaves_the_write_to_its_end() -> None:
    """A drain that is over, for one; the sink is closed when the write has ended."""
    gate, order = Gated(), []

    class Closing(KeptSink):
        """Looks when it is closed."""

        def close(self) -> None:
            """Note when."""
            order.append(f"closed after {self.written}")

    async def tried(sender: SinkSender) -> None:
        sending = asyncio.create_task(sender.send([delivery()]))
        assert await asyncio.to_thread(gate.began.wait, LONG_S)
        sending.cancel()
        await asyncio.wait((sending,))
        assert sending.cancelled()
        threading.Timer(SHORT_S, gate.go_on.set).start()

    run(Closing(gate), tried)
    assert order == ["closed after ['e1']"]


def test_a_close_that_fails_or_hangs_is_logged() -> None:
    """And nothing waits for it longer than it should."""

    class Full(KeptSink):
        """Cannot be closed."""

        def close(self) -> None:
            """Fail."""
            raise OSError("disk full")

    with capture_logs() as lines:
        assert run(Full(), sent) is WRITTEN
    [line] = lines
    assert (line["event"], line["log_level"], line["endpoint"]) == ("sink.not_closed", "warning", "audit")
    assert line["reason"].startswith("OSError: disk full (test_sink_sender.py, line ")

    async def closed() -> None:
        settings = EndpointSettings(name="audit", sink="a:b", concurrency=1)
        gate = Gated()
        sender = SinkSender(settings, lambda: KeptSink(gate), RunningWrites(), LargeEvents())
        sending = asyncio.create_task(sender.send([delivery()]))
        assert await asyncio.to_thread(gate.began.wait, LONG_S)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sender.close(), SHORT_S)
        gate.go_on.set()
        await sending

    with capture_logs() as lines:
        asyncio.run(closed())
    assert [(line["event"], line["reason"]) for line in lines] == [("sink.not_closed", "it did not return in time")]


def test_a_sender_of_settings() -> None:
    """Its factory is imported, and not called: a sink that is not needed is not made."""
    options = EndpointSettings(name="audit", sink="tests.kit.python_sinks:make")
    sender = sink_sender_of(options, RunningWrites())
    assert sender.kind(delivery(1)) != sender.kind(delivery(2))
    asyncio.run(sender.close())
