"""A redrive of several endpoints: each has a result of its own."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from consumer.dead_letters.redrive_all import RedriveAll
from consumer.dead_letters.topic import DeadLetterTopic
from consumer.places import Bounds, Place
from consumer.record import Record
from runtime.config import EndpointSettings
from runtime.kafka.records import OutgoingRecord
from runtime.sink_factory import SinkSettingsError
from tests.kit.letters import DEAD, buried, letter_at, record
from tests.kit.python_sinks import KeptSink
from tests.kit.virtual_time import VirtualClock


class Log:
    """A dead-letter topic with one letter; closings come to it."""

    def __init__(self) -> None:
        self.closings: list[OutgoingRecord] = []

    def bounds(self, topic: str) -> Bounds:
        """One letter."""
        return Bounds({0: 0}, {0: 1})

    def ranges(self, topic: str, from_: Place, to: Place, *, bounds: Bounds | None = None) -> dict[int, range]:
        """All of it."""
        return {0: range(1)}

    def read(self, topic: str, ranges: Mapping[int, range]) -> Iterator[Record]:
        """The letter."""
        yield buried(record(0), 0)

    def scan(self, topic: str, ranges: Mapping[int, range], label: str) -> Iterator[Record]:
        """The same."""
        return self.read(topic, ranges)

    async def write_soon(self, records: Sequence[OutgoingRecord]) -> None:
        """Keep them."""
        self.closings += records

    def advance(self, count: int, /) -> None:
        """Nobody is shown how far it is."""


def test_an_endpoint_that_nothing_can_be_sent_to_does_not_end_the_run_of_others() -> None:
    """Its result says why, and its letters stay open; those of the others are delivered and closed."""
    log, sink = Log(), KeptSink()
    redrive = RedriveAll(DeadLetterTopic(log, DEAD), log, VirtualClock(), drain_s=1.0, progress=log)
    endpoints = [
        EndpointSettings(name="gone", sink="no.such.module:make"),
        EndpointSettings(name="ci", sink="tests.kit.python_sinks:make", factory=lambda: sink),
    ]
    letters = {endpoint.name: [letter_at(0, 0)] for endpoint in endpoints}
    gone, well = asyncio.run(redrive.run(letters, endpoints, asyncio.Event(), rate=None))
    assert isinstance(gone.fault, SinkSettingsError)
    assert ["gone: 0 of 1 redriven", f"  1 not sent: {gone.fault}"] == gone.report.lines()
    assert (None, True) == (well.fault, well.report.is_complete)
    assert ["id-0"] == sink.written
    assert log.closings
