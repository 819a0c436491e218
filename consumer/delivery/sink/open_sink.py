"""The sink of one endpoint: made by its factory when the first event comes, and again until that succeeds."""

import asyncio
from typing import Any, Final

from consumer.delivery.policy.outcome import SinkResult
from consumer.delivery.sink.calls import Call
from consumer.delivery.sink.results import SinkResults
from consumer.delivery.sink.threads import SinkThreads
from consumer.record import Record
from runtime.sink_factory import Factory
from runtime.sink_signature import RECORD, fault_of_writing, wants_record
from schemas.event import Event


class UnmadeSinkError(Exception):
    """There is no sink now."""

    def __init__(self, result: SinkResult) -> None:
        super().__init__(result.error)
        self.result: Final = result


class OpenSink:
    """A sink that was made: how it is called."""

    def __init__(self, sink: Any, threads: SinkThreads) -> None:
        """Of an object that has `write` and `close`."""
        self._sink: Final = sink
        self._threads: Final = threads
        self._wants_record: Final = wants_record(sink.write)

    def write(self, event: Event, record: Record) -> Call:
        """Begin to write an event."""
        placed = {RECORD: record} if self._wants_record else {}
        return Call(self._threads, self._sink.write, event, **placed)

    def close(self) -> Call:
        """Begin to close it."""
        return Call(self._threads, self._sink.close)


class SinkOpening:
    """Makes the sink of one endpoint, once."""

    def __init__(self, factory: Factory, options: dict[str, Any], threads: SinkThreads, results: SinkResults) -> None:
        """Nothing is made yet."""
        self._factory: Final = factory
        self._options: Final = options
        self._threads: Final = threads
        self._results: Final = results
        self._making: asyncio.Task[OpenSink] | None = None

    async def opened(self) -> OpenSink:
        """The sink; whoever waits may be cancelled, and it is made nevertheless.

        Raises:
            UnmadeSinkError: it could not be made; the next one who asks has it tried again.
        """
        if self._making is None:
            self._making = asyncio.create_task(self._make())
            self._making.add_done_callback(self._made)
        return await asyncio.shield(self._making)

    async def made(self) -> OpenSink | None:
        """The sink, if it was ever asked for, and could be made."""
        making = self._making
        if making is None:
            return None
        await asyncio.wait((making,))
        return None if making.cancelled() or making.exception() is not None else making.result()

    async def _make(self) -> OpenSink:
        try:
            sink: Any = await Call(self._threads, self._factory, **self._options).ended
        except Exception as error:
            raise UnmadeSinkError(self._results.of_factory(error)) from error
        for name in ("write", "close"):
            if not callable(getattr(sink, name, None)):
                why = f"what its factory returned ({type(sink).__name__}) has no {name}"
                raise UnmadeSinkError(self._results.unmade(why))
        if why := fault_of_writing(sink.write):
            raise UnmadeSinkError(self._results.unmade(why))
        return OpenSink(sink, self._threads)

    def _made(self, making: "asyncio.Task[OpenSink]") -> None:
        if making.cancelled() or making.exception() is not None:
            self._making = None
