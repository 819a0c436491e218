"""Virtual time: an event loop whose clock leaps to the next timer whenever nothing is ready.

Hours pass in milliseconds, and the same test takes the same steps each time. No threads, no sockets: what waits for
something that no timer brings is a deadlock, and is said to be one.
"""

import asyncio
import functools
import inspect
import logging
import selectors
from collections.abc import Callable, Coroutine, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

EPOCH: Final = 1_900_000_000.0
"""Wall time at which virtual time 0 stands, in seconds since the epoch."""
BEGINNING: Final = 1_000.0
"""Virtual monotonic time at which a simulation begins."""


class DeadlockError(Exception):
    """Nothing is scheduled and nothing is ready: the test would wait for ever."""


class _Leap(selectors.SelectSelector):
    """Waits in no time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGINNING
        self.turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Leap over the wait."""
        self.turns += 1
        if timeout is None:
            raise DeadlockError("nothing is scheduled, and the test has not ended")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self) -> None:
        self._leap: Final = _Leap()
        super().__init__(self._leap)
        self.faults: Final[list[str]] = []
        self.at_end: Final[list[Callable[[], None]]] = []
        """Called before what still runs is cancelled."""
        self.set_exception_handler(self._note)

    @property
    def turns(self) -> int:
        """Iterations so far: what spins makes this grow while time hardly moves."""
        return self._leap.turns

    def time(self) -> float:
        """Virtual seconds."""
        return self._leap.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """There are no threads: the call is made here; if it gives a coroutine, that runs as a task."""
        result = func(*args)
        if inspect.iscoroutine(result):
            return self.create_task(result)
        future = self.create_future()
        future.set_result(result)
        return future

    def _note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")


def running_loop() -> VirtualLoop:
    """The loop of the simulation that is running."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


class VirtualClock:
    """The loop's time as a `Clock`."""

    def monotonic(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        """Seconds since the epoch, running with virtual time."""
        return EPOCH + self.monotonic()

    def sleep(self, seconds: float) -> None:
        """Never: a simulation has no threads to block."""
        raise AssertionError(f"blocked the loop for {seconds} s")


LogLines = list[MutableMapping[str, Any]]


@contextmanager
def _log_lines() -> Generator[LogLines]:
    """Everything that is logged meanwhile, instead of its being printed."""
    lines: LogLines = []

    def keep(_logger: Any, level: str, line: MutableMapping[str, Any]) -> str:
        lines.append({**line, "level": level})
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[keep],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    try:
        yield lines
    finally:
        structlog.configure(**before)


def run(scenario: Coroutine[Any, Any, None]) -> LogLines:
    """Run a scenario to its end in virtual time; what it logged.

    Fails on any error that reached the loop, or that the code under test caught as an internal one.
    """
    loop = VirtualLoop()
    with _log_lines() as lines:
        try:
            loop.run_until_complete(scenario)
        finally:
            _end(loop)
    faults = loop.faults + [str(line) for line in lines if line["event"] == "delivery.internal_error"]
    if faults:
        raise AssertionError("; ".join(faults))
    return lines


def simulated(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Decorate an asynchronous test: it runs in virtual time."""

    @functools.wraps(test)
    def in_virtual_time() -> None:
        run(test())

    return in_virtual_time


def _end(loop: VirtualLoop) -> None:
    for ending in loop.at_end:
        ending()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.close()
