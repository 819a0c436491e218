"""The threads of a sink."""

import threading
from concurrent.futures import Future

import pytest

from consumer.delivery.sink.threads import SinkThreads


def test_one_thread_makes_all_calls() -> None:
    """And lasts between them, so that what works in its own thread alone can be used."""
    threads = SinkThreads(1, "sink-a")
    found = {threads.submit(threading.current_thread).result(60) for _ in range(20)}
    [thread] = found
    assert thread.name == "sink-a"
    assert thread.daemon
    threads.shutdown()
    thread.join(60)
    assert not thread.is_alive()


def test_calls_run_side_by_side_up_to_a_number() -> None:
    """All of that number at once, and never more."""
    threads, together = SinkThreads(3, "sink-a"), threading.Barrier(3)
    calls: list[Future[int]] = [threads.submit(together.wait, 60) for _ in range(9)]
    assert sorted(call.result(60) for call in calls) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    threads.shutdown()


def test_a_call_that_was_cancelled_before_it_began_is_not_made() -> None:
    """The next one is."""
    threads, free, made = SinkThreads(1, "sink-a"), threading.Event(), threading.Event()
    first = threads.submit(free.wait, 60)
    second = threads.submit(made.set)
    assert second.cancel()
    free.set()
    threads.submit(int).result(60)
    assert first.result(60)
    assert not made.is_set()
    threads.shutdown()


def test_what_a_call_raises_is_for_whoever_asks() -> None:
    """The thread goes on."""
    threads = SinkThreads(1, "sink-a")
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 / 0).result(60)
    assert threads.submit(int).result(60) == 0
    threads.shutdown()
