"""Endpoints of each kind that do what a test says: a URL, a sink that blocks, and a sink on the event loop."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from consumer import EventRejectedError, SinkUnavailableError
from runtime.sink_factory import Factory
from schemas import Event
from tests.kit.exchange import Answer, Captured
from tests.kit.receiver import Receiver

Behaviour = Literal["take", "reject", "fail", "be away", "ask for time", "be slow"]
Script = Callable[[str, int], Behaviour]
"""What to do at the n-th try of the event with this id."""

SLOW_S = 1.5
_STATUS: Mapping[Behaviour, int] = {
    "take": 200,
    "reject": 400,
    "fail": 500,
    "be away": 502,
    "ask for time": 503,
    "be slow": 200,
}


def always_take(_id: str, _number: int) -> Behaviour:
    """Have no fault."""
    return "take"


@dataclass
class WayOut:
    """One endpoint under test."""

    script: Script = always_take
    tries: list[tuple[float, str]] = field(default_factory=list)
    """When each began, and of which event."""
    taken: list[str] = field(default_factory=list)
    """Ids of events, in the order in which they were taken."""
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begun(self, id_: str) -> Behaviour:
        """A try begins; what to do."""
        with self.lock:
            self.tries.append((time.monotonic(), id_))
            return self.script(id_, self.number_of_tries(id_))

    def number_of_tries(self, id_: str) -> int:
        """So far."""
        return sum(one == id_ for _, one in self.tries)

    def take(self, id_: str) -> None:
        """It is kept now."""
        with self.lock:
            self.taken.append(id_)


class BlockingSink:
    """Does it in a thread."""

    def __init__(self, way: WayOut) -> None:
        self._way = way

    def write(self, event: Event) -> None:
        """As the script says."""
        behaviour = self._way.begun(event.id)
        if behaviour == "be slow":
            time.sleep(SLOW_S)
        raise_for(behaviour)
        self._way.take(event.id)

    def close(self) -> None:
        """Count it."""
        self._way.closed += 1


class LoopSink:
    """Does it on the event loop."""

    def __init__(self, way: WayOut) -> None:
        self._way = way

    async def write(self, event: Event) -> None:
        """As the script says."""
        behaviour = self._way.begun(event.id)
        if behaviour == "be slow":
            await asyncio.sleep(SLOW_S)
        raise_for(behaviour)
        self._way.take(event.id)

    async def close(self) -> None:
        """Count it."""
        self._way.closed += 1


def raise_for(behaviour: Behaviour) -> None:
    """What a sink raises."""
    match behaviour:
        case "reject":
            raise EventRejectedError("no such repository")
        case "fail":
            raise ValueError("no idea")
        case "be away":
            raise SinkUnavailableError("away")
        case "ask for time":
            raise SinkUnavailableError("too much", retry_after=1)


def answering(receiver: Receiver, way: WayOut) -> None:
    """Let a receiver do the same."""

    def answer(request: Captured) -> Answer:
        id_: str = json.loads(request.body)["events"][0]["id"]
        behaviour = way.begun(id_)
        if _STATUS[behaviour] == 200:
            way.take(id_)
        headers = (("Retry-After", "1"),) if behaviour == "ask for time" else ()
        return Answer(_STATUS[behaviour], headers=headers, delay=SLOW_S if behaviour == "be slow" else 0.0)

    receiver.answer_by(answer)


SINKS: Mapping[str, Callable[[WayOut], Any]] = {"blocking sink": BlockingSink, "sink on the loop": LoopSink}


def factory(kind: str, way: WayOut) -> Factory:
    """What makes the sink of this kind."""
    return lambda: SINKS[kind](way)
