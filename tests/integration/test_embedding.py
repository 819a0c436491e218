"""`consumer.Worker`: a worker as a part of somebody's own program."""

import asyncio
import threading
from pathlib import Path

import pytest

from broker import LocalKafka
from broker.ports import free_port
from consumer import Worker, WorkerEndedError, WorkerSettingsError
from runtime.config import ConfigurationError
from runtime.errors import BridgeError
from runtime.sink_factory import SinkSettingsError
from schemas import Event
from tests.kit import eventually
from tests.kit.bridge import Installation
from tests.kit.eventually import LIMIT_S
from tests.kit.notifications import envelopes, ids
from tests.kit.python_sinks import AsyncSink, Gated, KeptSink

KAFKA = {"bootstrap.servers": "127.0.0.1:9"}
SINK = {"name": "audit", "sink": "tests.kit.python_sinks:make", "start": "beginning", "timeout": "60s"}


def installed(kafka: LocalKafka, topic: str, folder: Path) -> Installation:
    """Three events for one sink."""
    setup = Installation(
        kafka.bootstrap, topic, folder, partitions=1, endpoints=[SINK], sections={"worker": {"drain": "5m"}}
    )
    setup.publish(*envelopes(1, 3))
    return setup


@pytest.mark.kafka
def test_a_thread_of_the_program_delivers_until_it_is_stopped(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """What was delivered is committed, the sink is closed, and a second worker has nothing to do."""
    setup, sink = installed(kafka, topic, tmp_path), KeptSink()
    worker = Worker(setup.config(), sinks={"audit": lambda: sink})
    thread = threading.Thread(target=worker.run)
    thread.start()
    eventually(lambda: len(sink.written) == 3)
    worker.stop()
    thread.join(LIMIT_S)
    assert not thread.is_alive()
    assert sink.closed == 1
    again = KeptSink()
    assert asyncio.run(Worker(setup.config(), sinks={"audit": lambda: again}).catch_up(timeout=LIMIT_S))
    assert again.written == []
    worker.stop()  # quiet, as often as one likes


@pytest.mark.kafka
def test_a_task_of_the_program_is_cancelled(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """That is a stop: what was delivered is committed before the task ends."""
    setup = installed(kafka, topic, tmp_path)

    async def program() -> list[str]:
        sink = AsyncSink()
        worker = Worker(setup.config(), endpoints=["audit"], sinks={"audit": lambda: sink})
        delivering = asyncio.create_task(worker.deliver())
        async with asyncio.timeout(LIMIT_S):
            while len(sink.written) < 3:  # noqa: ASYNC110 - a sink of a user's
                await asyncio.sleep(0.05)
        delivering.cancel()
        await asyncio.wait((delivering,))
        assert delivering.cancelled()
        assert sink.is_closed
        return sink.written

    assert set(asyncio.run(program())) == ids(envelopes(1, 3))
    again = KeptSink()
    assert asyncio.run(Worker(setup.config(), sinks={"audit": lambda: again}).catch_up(timeout=LIMIT_S))
    assert again.written == []


@pytest.mark.kafka
def test_a_stop_waits_for_a_write_that_blocks(kafka: LocalKafka, topic: str, tmp_path: Path) -> None:
    """Up to `worker.drain`; what ends in that time is not delivered again."""
    setup, gate = installed(kafka, topic, tmp_path), Gated()
    sink = KeptSink(gate)
    setup.endpoints = [SINK]
    worker = Worker(setup.config(), sinks={"audit": lambda: sink})
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert gate.began.wait(LIMIT_S)
    worker.stop()
    gate.go_on.set()
    thread.join(LIMIT_S)
    assert (sink.written, sink.closed) == (["team-app0-0"], 1)
    again = KeptSink()
    assert asyncio.run(Worker(setup.config(), sinks={"audit": lambda: again}).catch_up(timeout=LIMIT_S))
    assert again.written == ["team-app0-1", "team-app0-2"]


def test_a_worker_that_was_stopped_before_it_began() -> None:
    """It delivers nothing, and does not start again, in no way."""
    listen = f"127.0.0.1:{free_port()}"
    worker = Worker({"kafka": KAFKA, "worker": {"listen": listen}, "endpoints": [SINK]})
    worker.stop()
    worker.run()
    for again in (worker.deliver, worker.catch_up):
        with pytest.raises(WorkerEndedError, match="was stopped, and does not start again: make another"):
            asyncio.run(again())


def test_a_worker_that_caught_up_delivers_on_another_event_loop() -> None:
    """Until it is stopped, for example by a cancellation: it was not by the end of the first loop."""
    worker = Worker({"kafka": KAFKA, "endpoints": [SINK]})
    assert not asyncio.run(worker.catch_up(timeout=0.01))

    async def program() -> None:
        async with asyncio.timeout(5.0):  # a worker that stops at once takes 2 s for its last look
            await worker.catch_up()

    with pytest.raises(TimeoutError):
        asyncio.run(program())
    with pytest.raises(WorkerEndedError, match="was stopped"):
        worker.run()


def test_the_address_of_its_pages_is_known_while_it_delivers() -> None:
    """With the port that it took; meanwhile it cannot be started a second time."""

    async def program(worker: Worker) -> None:
        delivering = asyncio.create_task(worker.deliver())
        async with asyncio.timeout(LIMIT_S):
            while worker.pages is None:  # noqa: ASYNC110 - it is a property
                await asyncio.sleep(0.01)
        assert worker.pages.startswith("http://127.0.0.1:")
        assert worker.pages != "http://127.0.0.1:0/"
        with pytest.raises(WorkerEndedError, match="delivers already"):
            await worker.deliver()
        worker.stop()
        await delivering

    worker = Worker({"kafka": KAFKA, "worker": {"listen": "127.0.0.1:0"}, "endpoints": [SINK]})
    asyncio.run(program(worker))
    assert worker.pages is None


def test_what_is_no_configuration_is_named() -> None:
    """As the program gave it; all that a worker refuses is a `BridgeError`."""
    with pytest.raises(WorkerSettingsError, match="config: NoneType is neither the path of a file nor a mapping"):
        Worker(None)  # type: ignore[arg-type]
    with pytest.raises(BridgeError, match=r"^config: the file nofile\.yaml does not exist$"):
        Worker("nofile.yaml")


def test_a_file_is_read(tmp_path: Path) -> None:
    """As the command reads it."""
    file = tmp_path / "bridge.yaml"
    file.write_text("kafka: {bootstrap.servers: '127.0.0.1:9'}\nendpoints: [{name: a, sink: 'builtins:dict'}]\n")
    assert isinstance(Worker(file), Worker)
    assert isinstance(Worker(str(file)), Worker)
    with pytest.raises(ConfigurationError, match="does not exist"):
        Worker(tmp_path / "other.yaml")


def take(event: Event, *, more: int) -> None:
    """No factory of anything."""


@pytest.mark.parametrize(
    ("endpoints", "names", "sinks", "error", "said"),
    [
        ([], (), {}, WorkerSettingsError, "there is no endpoint that is enabled: nothing to deliver to"),
        ([SINK], ("other",), {}, WorkerSettingsError, "no endpoint is named other; endpoints: audit"),
        (
            [SINK, {"name": "ci", "url": "http://x/"}],
            (),
            {"ci": dict},
            WorkerSettingsError,
            "sinks: no endpoint ci has a sink; those that have: audit",
        ),
        ([{"name": "a"}], (), {}, ConfigurationError, "endpoints[0].url: is missing"),
        (
            [SINK],
            (),
            {"audit": take},
            SinkSettingsError,
            "sinks['audit']: its factory does not take these options: event is missing, more is missing",
        ),
    ],
)
def test_what_cannot_be_is_said_before_anything_begins(
    endpoints: list[dict[str, str]],
    names: tuple[str, ...],
    sinks: dict[str, type],
    error: type[BridgeError],
    said: str,
) -> None:
    """In one line, as an exception."""
    with pytest.raises(error) as raised:
        Worker({"kafka": KAFKA, "endpoints": endpoints}, endpoints=names, sinks=sinks)
    assert said in str(raised.value)
