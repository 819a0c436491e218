"""The making of a sink: once, when it is needed, and again until it succeeds."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from consumer.delivery.policy.outcome import Outcome
from consumer.delivery.sink.open_sink import OpenSink, SinkOpening, UnmadeSinkError
from consumer.delivery.sink.results import SinkResults
from consumer.delivery.sink.threads import SinkThreads
from runtime.sink_factory import Factory
from tests.kit.python_sinks import SECRET, AsyncSink, KeptSink, Misfit, PlacedSink, make_audit
from tests.kit.sendables import DELETE, sendable


def run(factory: Factory, what: Callable[[SinkOpening], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    """Do something with an opening that has this factory."""
    threads = SinkThreads(1, "sink-a")
    try:
        return asyncio.run(what(SinkOpening(factory, options, threads, SinkResults(options))))
    finally:
        threads.shutdown()


async def opened(opening: SinkOpening) -> OpenSink:
    """The sink."""
    return await opening.opened()


def test_it_is_made_once_with_its_options() -> None:
    """However many wait for it."""
    made: list[KeptSink] = []

    def factory(**options: Any) -> KeptSink:
        made.append(KeptSink(**options))
        return made[-1]

    async def asked(opening: SinkOpening) -> None:
        assert await opening.made() is None
        first, second = await asyncio.gather(opening.opened(), opening.opened())
        assert first is second is await opening.made()

    run(factory, asked, path="/x")
    assert [sink.options for sink in made] == [{"path": "/x"}]


def test_a_factory_may_be_a_coroutine_function() -> None:
    """Then it is called on the loop, which some clients want."""

    async def factory() -> AsyncSink:
        asyncio.get_running_loop()
        return AsyncSink()

    assert isinstance(run(factory, opened), OpenSink)


class HalfASink:
    """It cannot be closed."""

    def write(self, _event: object) -> None:
        """Nothing."""


def unable(**_: object) -> None:
    """A factory that fails, and says too much."""
    raise OSError(f"cannot open postgres://app:{SECRET}@db/")


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (unable, "there is no sink: its factory raised OSError: cannot open *** (test_open_sink.py, line "),
        (lambda **_: None, "there is no sink: what its factory returned (NoneType) has no write"),
        (lambda **_: HalfASink(), "there is no sink: what its factory returned (HalfASink) has no close"),
        (lambda **_: Misfit(), "there is no sink: write does not take (event): missing a required argument: 'rec'"),
    ],
)
def test_there_is_no_sink(factory: Factory, said: str) -> None:
    """No event is at fault for that: the endpoint is unavailable, and its secrets stay unseen."""
    with pytest.raises(UnmadeSinkError) as raised:
        run(factory, opened, dsn=f"postgres://app:{SECRET}@db/")
    assert raised.value.result.outcome is Outcome.UNAVAILABLE
    assert raised.value.result.error.startswith(said)


def test_a_wrong_call_names_no_line() -> None:
    """It was raised by the worker's own call, whose line tells the sink's author nothing."""
    with pytest.raises(UnmadeSinkError) as raised:
        run(make_audit, opened)
    assert raised.value.result.error.endswith("missing 1 required positional argument: 'path'")


def test_who_asks_again_has_it_tried_again() -> None:
    """What was away may be back."""
    tries = iter([OSError("away"), None])

    def factory() -> KeptSink:
        if (error := next(tries)) is not None:
            raise error
        return KeptSink()

    async def asked(opening: SinkOpening) -> None:
        with pytest.raises(UnmadeSinkError):
            await opening.opened()
        assert await opening.made() is None
        await opening.opened()

    run(factory, asked)


def test_a_sink_may_ask_for_the_record() -> None:
    """By a parameter of that name; others are given the event alone."""
    sink, (record, event) = PlacedSink(), sendable(DELETE, offset=9)

    async def written(opening: SinkOpening) -> None:
        await (await opening.opened()).write(event, record).ended

    run(lambda: sink, written)
    assert sink.places == [f"{event.id} registry.events/3/9"]
    kept = KeptSink()
    run(lambda: kept, written)
    assert kept.written == [event.id]
