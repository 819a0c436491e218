"""What every sink keeps, whatever it writes to.

A sink enters the suite as a fixture that yields a `SinkUnderTest`; its name is added to `SINKS`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from broker import LocalKafka
from producer import KafkaSink, Sink, SinkClosed
from runtime.config.settings import SchemaRegistrySettings
from schemas import Event, Target
from schemas.avro import decode
from schemas.names import SCHEMA_FINGERPRINT
from tests.kit.log import make_topic, read_all
from tests.kit.schema_registry import SchemaRegistry
from tests.kit.sinks import MemorySink

SINKS = ["memory_sink", *(pytest.param(name, marks=pytest.mark.kafka) for name in ("kafka_sink", "registered_sink"))]

PATIENCE_S = 180.0
"""For writes of a busy machine."""


@dataclass(frozen=True)
class SinkUnderTest:
    """A sink, and a way to read what it has committed that does not go through the sink."""

    sink: Sink
    committed: Callable[[], list[Event]]
    """All events committed so far; those of one repository in the order they were written."""


@pytest.fixture
def memory_sink() -> Iterator[SinkUnderTest]:
    """The tests' own sink."""
    sink = MemorySink()
    yield SinkUnderTest(sink, lambda: sink.events)
    sink.close()


@pytest.fixture
def kafka_sink(kafka: LocalKafka, topic: str) -> Iterator[SinkUnderTest]:
    """The sink that registries use, on the real broker."""
    make_topic(kafka.bootstrap, topic, partitions=3)
    sink = KafkaSink({"bootstrap.servers": kafka.bootstrap}, topic, timeout=PATIENCE_S)
    yield SinkUnderTest(sink, lambda: [decode(record.value, None) for record in read_all(kafka.bootstrap, topic)])
    sink.close()


@pytest.fixture
def registered_sink(kafka: LocalKafka, topic: str) -> Iterator[SinkUnderTest]:
    """The same with a schema registry: our readers go by the fingerprint in the header, whatever the id."""
    make_topic(kafka.bootstrap, topic, partitions=3)

    def committed() -> list[Event]:
        records = read_all(kafka.bootstrap, topic)
        return [decode(record.value, record.header(SCHEMA_FINGERPRINT)) for record in records]

    with SchemaRegistry() as registry:
        settings = SchemaRegistrySettings(url=registry.url)
        sink = KafkaSink({"bootstrap.servers": kafka.bootstrap}, topic, schema_registry=settings, timeout=PATIENCE_S)
        yield SinkUnderTest(sink, committed)
        sink.close()


@pytest.fixture(params=SINKS)
def under_test(request: pytest.FixtureRequest) -> SinkUnderTest:
    """Each sink in turn."""
    found: SinkUnderTest = request.getfixturevalue(request.param)
    return found


def event(number: int, repository: str = "library/app") -> Event:
    """An event that can be told from others."""
    return Event(id=f"id-{number}", action="push", target=Target(repository=repository, tag=f"v{number}"))


def test_write_returns_when_committed(under_test: SinkUnderTest) -> None:
    """An event is in the log, equal in every member, by the time write returns."""
    under_test.sink.write(event(1))
    assert [event(1)] == under_test.committed()


def test_one_writer_keeps_its_order(under_test: SinkUnderTest) -> None:
    """Events of a repository that one thread writes stand in the order they were written in."""
    written = [event(number) for number in range(50)]
    for one in written:
        under_test.sink.write(one)
    assert written == under_test.committed()


def test_many_threads_write_at_once(under_test: SinkUnderTest) -> None:
    """A sink serves any number of threads: each one's events are all committed, once, in its order."""

    def write(repository: str) -> None:
        for number in range(20):
            under_test.sink.write(event(number, repository))

    names = [f"team/app{number}" for number in range(8)]
    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    committed = under_test.committed()
    for name in names:
        assert [event(number, name) for number in range(20)] == [e for e in committed if e.target.repository == name]
    assert len(committed) == 8 * 20


def test_close_twice_is_quiet(under_test: SinkUnderTest) -> None:
    """Closing again does nothing, and takes nothing back."""
    under_test.sink.write(event(1))
    under_test.sink.close()
    under_test.sink.close()
    assert [event(1)] == under_test.committed()


def test_write_after_close_is_refused(under_test: SinkUnderTest) -> None:
    """A closed sink says so and commits nothing."""
    under_test.sink.close()
    with pytest.raises(SinkClosed):
        under_test.sink.write(event(1))
    assert under_test.committed() == []
