"""Blocking calls on threads that nobody waits for."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from runtime.side_threads import NotEndedError, SideThreads, beside, beside_within

LIMIT_S = 60.0


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Calls wait for it; it is open at the end, so that no thread is left."""
    made = threading.Event()
    yield made
    made.set()


def test_so_many_calls_run_side_by_side_and_others_wait(gate: threading.Event) -> None:
    """In the order in which they came."""
    threads, began, order = SideThreads(2, "side"), threading.Semaphore(0), list[int]()

    def call(number: int) -> int:
        order.append(number)
        began.release()
        assert gate.wait(LIMIT_S)
        return number * number

    answers = [threads.submit(call, number) for number in range(6)]
    assert began.acquire(timeout=LIMIT_S)
    assert began.acquire(timeout=LIMIT_S)
    assert {0, 1} == set(order)
    gate.set()
    assert [0, 1, 4, 9, 16, 25] == [answer.result(LIMIT_S) for answer in answers]
    assert [2, 3, 4, 5] == sorted(order[2:])


def test_the_threads_keep_no_process(gate: threading.Event) -> None:
    """They are daemons, and there is none when there is nothing to do."""
    threads, here = SideThreads(1, "side"), Future[threading.Thread]()

    def call() -> None:
        here.set_result(threading.current_thread())
        assert gate.wait(LIMIT_S)

    answer = threads.submit(call)
    thread = here.result(LIMIT_S)
    assert (True, "side") == (thread.daemon, thread.name)
    gate.set()
    answer.result(LIMIT_S)
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    assert 5 == threads.submit(lambda: 5).result(LIMIT_S)


def test_what_a_call_raises_is_raised_to_who_asked() -> None:
    """The thread goes on with the next call."""
    threads = SideThreads(1, "side")
    failing, good = threads.submit(int, "x"), threads.submit(int, "7")
    with pytest.raises(ValueError, match="invalid literal"):
        failing.result(LIMIT_S)
    assert 7 == good.result(LIMIT_S)


def test_shutting_down_waits_for_nothing(gate: threading.Event) -> None:
    """What runs goes on; what has not begun is dropped if that is asked."""
    threads, began = SideThreads(1, "side"), threading.Event()

    def call() -> str:
        began.set()
        assert gate.wait(LIMIT_S)
        return "done"

    running, waiting = threads.submit(call), threads.submit(call)
    assert began.wait(LIMIT_S)
    threads.shutdown()
    assert not waiting.cancelled()
    threads.shutdown(cancel_futures=True)
    assert waiting.cancelled()
    gate.set()
    assert "done" == running.result(LIMIT_S)


def test_a_loop_awaits_a_call_or_leaves_it(gate: threading.Event) -> None:
    """Whoever stops waiting for it goes on at once."""

    async def scenario() -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(beside(gate.wait, LIMIT_S), 0.01)
        return await beside(max, 3, 8)

    assert 8 == asyncio.run(scenario())


def test_a_call_that_does_not_end_by_itself_is_left(gate: threading.Event) -> None:
    """With an error that says so; one that ends in time has its result, or its own error."""

    async def scenario() -> int:
        with pytest.raises(NotEndedError, match=r"not ended within 0\.01 s"):
            await beside_within(0.01, gate.wait, LIMIT_S)
        with pytest.raises(ValueError, match="invalid literal"):
            await beside_within(LIMIT_S, int, "x")
        return await beside_within(LIMIT_S, max, 3, 8)

    assert 8 == asyncio.run(scenario())
